import type { FaultArea } from '../fault.ts'
import { AUDIO } from './media-socket-audio.ts'
import { BARRAGE } from './media-socket-barrage.ts'
import { FRAMES } from './media-socket-frames.ts'
import { MESSAGES } from './media-socket-messages.ts'
import { STRANGERS } from './media-socket-strangers.ts'

export const MEDIA_SOCKET: FaultArea = {
  title: 'Media socket',
  faults: [...STRANGERS, ...MESSAGES, ...AUDIO, ...FRAMES, ...BARRAGE],
}
