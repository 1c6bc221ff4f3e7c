import { dtmfTones } from '../audio/tones.ts'
import type {
  Call,
  CallEdge,
  CallEnding,
  CarrierRecordingControl,
  HoldOptions,
  TransferOptions,
  TransferResult,
} from '../agents/agent.ts'
import type { AudioListener } from '../media/inbound-pipe.ts'
import type { MediaStats } from '../media/media-plane.ts'
import type { AudioSource, Playback } from '../media/playback.ts'
import type { CallSession } from './call-session.ts'

const FRAME_MS = 20
/** What an agent is not told while the far end is on hold. */
const OF_FAR_END: ReadonlySet<CallEdge['type']> = new Set(['speech.started', 'speech.ended', 'digit.received'])

/** The call as its agent, or whoever dialled it, holds it. Thin: every verb is the session's. */
export class CallHandle implements Call {
  readonly signal: AbortSignal
  readonly #session: CallSession
  readonly #hangUp: (now: boolean) => void

  constructor(session: CallSession, options: { signal: AbortSignal; hangUp: (now: boolean) => void }) {
    this.#session = session
    this.signal = options.signal
    this.#hangUp = options.hangUp
  }

  get id(): string {
    return this.#session.facts.id
  }

  get callSid(): string | undefined {
    return this.#session.facts.callSid
  }

  get direction(): 'inbound' | 'outbound' {
    return this.#session.facts.direction
  }

  get from(): string {
    return this.#session.facts.from
  }

  get to(): string {
    return this.#session.facts.to
  }

  get parameters(): Readonly<Record<string, string>> {
    return this.#session.facts.parameters
  }

  get stats(): MediaStats {
    return this.#session.plane.stats()
  }

  get adopted(): { readonly lostMs: number } | undefined {
    return this.#session.adopted
  }

  get answeredBy(): string | undefined {
    return this.#session.account.told.answeredBy
  }

  get recording(): CarrierRecordingControl {
    const session = this.#session
    return {
      start: () => session.record('start'),
      pause: () => session.record('pause'),
      resume: () => session.record('resume'),
      stop: () => session.record('stop'),
    }
  }

  get ended(): Promise<CallEnding> {
    return this.#session.ended
  }

  on<Type extends CallEdge['type']>(
    type: Type,
    listener: (edge: Extract<CallEdge, { type: Type }>) => void,
  ): () => void {
    return this.#session.onEdge((edge) => {
      const isUnheard = this.#session.plane.isHeld && OF_FAR_END.has(type)
      if (edge.type === type && !isUnheard) listener(edge as Extract<CallEdge, { type: Type }>)
    })
  }

  onAudio(listener: AudioListener, options: { readonly chunkMs?: number } = {}): () => void {
    return this.#session.plane.inbound.onAudio(listener, options.chunkMs ?? FRAME_MS)
  }

  audio(options: { readonly chunkMs?: number } = {}): AsyncIterable<Int16Array> {
    return this.#session.plane.inbound.audio(options.chunkMs ?? FRAME_MS)
  }

  play(source: AudioSource, options: { readonly rate?: number } = {}): Playback {
    return this.#session.plane.outbound.play(source, options.rate)
  }

  clear(): { readonly heardMs: number } {
    return this.#session.plane.outbound.clear()
  }

  digits(): AsyncIterable<string> {
    return this.#session.plane.digits
  }

  sendDigits(digits: string): Playback {
    return this.play(dtmfTones(digits, { rate: 8000 }), { rate: 8000 })
  }

  hold(options: HoldOptions = {}): void {
    this.#session.hold(options)
  }

  resume(): void {
    this.#session.resume()
  }

  async transfer(to: string, options: TransferOptions = {}): Promise<TransferResult> {
    return this.#session.transfer(to, options)
  }

  sleep(ms: number): Promise<'slept' | 'over'> {
    return this.#session.sleep(ms, this.signal)
  }

  hangUp(options: { readonly now?: boolean } = {}): void {
    this.#hangUp(options.now ?? false)
  }
}
