import type { AudioSource } from '../media/playback.ts'
import type { Call } from './agent.ts'
import { GreetingEar } from './greeting-ear.ts'

export interface MessageOptions {
  /** Of the message, in Hz (16000). */
  readonly rate?: number
  /** How long the carrier may take to say who answered, 30,000; then it is judged by ear. */
  readonly detectionMs?: number
  /** So much silence after speech is the end of a greeting, where nobody says better: 2,000. */
  readonly quietMs?: number
  /** How much longer than that a greeting may go on, 60,000; then nothing is left. */
  readonly greetingMs?: number
}

/** What the greeting ended with, or why there was none to wait for. */
export type GreetingEnd = 'beep' | 'silence' | 'human' | 'fax' | 'timeout' | 'hang-up'

export interface LeftMessage {
  /** True when the message was heard to its end. */
  readonly left: boolean
  /** What the carrier's machine detection has said; undefined if nothing. */
  readonly answeredBy: string | undefined
  readonly by: GreetingEnd
}

const FRAME_MS = 20

type AnsweredCall = Pick<Call, 'answeredBy' | 'on' | 'onAudio' | 'play' | 'sleep'>

/**
 * Waits until an answering machine has greeted, and plays `message` to its end. The carrier's machine detection is
 * believed: `machine_end_...` is the end of the greeting, and to a human nothing is played, so that the agent can talk.
 * After `machine_start`, `unknown`, or no verdict in time, the greeting is over with its beep, or when silence follows it.
 *
 * Rejects with what the message's source threw.
 */
export async function leaveMessageAfterBeep(
  call: AnsweredCall,
  message: AudioSource,
  options: MessageOptions = {},
): Promise<LeftMessage> {
  const by = await endOfGreeting(call, options)
  const isOver = by === 'beep' || by === 'silence'
  const left = isOver && (await isHeard(call, message, options.rate))
  return { left, answeredBy: call.answeredBy, by }
}

async function isHeard(call: AnsweredCall, message: AudioSource, rate: number | undefined): Promise<boolean> {
  const { interrupted } = await call.play(message, rate === undefined ? {} : { rate }).finished
  return !interrupted
}

function endOfGreeting(call: AnsweredCall, options: MessageOptions): Promise<GreetingEnd> {
  const { detectionMs = 30_000, quietMs = 2_000, greetingMs = 60_000 } = options
  const ear = new GreetingEar(quietMs)
  let isOverdue = false
  return new Promise((resolve) => {
    const judge = () => {
      const isOurs = isOverdue || call.answeredBy === 'machine_start' || call.answeredBy === 'unknown'
      const end = toldEnd(call.answeredBy) ?? (isOurs ? ear.end : undefined)
      if (end !== undefined) settle(end)
    }
    const hear = (pcm: Int16Array) => {
      ear.push(pcm)
      judge()
    }
    const stops = [call.on('answered.by', judge), call.onAudio(hear, { chunkMs: FRAME_MS })]
    const settle = (end: GreetingEnd) => {
      for (const stop of stops) stop()
      resolve(end)
    }
    const wait = async () => {
      if ((await call.sleep(detectionMs)) === 'over') return settle('hang-up')
      isOverdue = true
      judge()
      settle((await call.sleep(greetingMs)) === 'over' ? 'hang-up' : 'timeout')
    }
    judge()
    void wait()
  })
}

/** What the carrier says of the greeting; undefined while it is left to us, or it says nothing. */
function toldEnd(answeredBy: string | undefined): GreetingEnd | undefined {
  switch (answeredBy) {
    case 'machine_end_beep':
      return 'beep'
    case 'machine_end_silence':
    case 'machine_end_other':
      return 'silence'
    case 'human':
    case 'fax':
      return answeredBy
    default:
      return undefined
  }
}
