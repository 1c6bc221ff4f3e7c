/**
 * A person with a telephone, in the words of a story: dials, answers, says, presses, hears, hangs up. Every wait is on
 * the carrier's clock, which a virtual clock moves forward meanwhile, and every wait has a limit.
 */

import { alignSpeech } from '../audio/align.ts'
import type { Clock } from '../clock.ts'
import type { CallFaults, SimulatedCall } from './call.ts'
import { Doing } from './doing.ts'
import { SAMPLES_PER_MS } from './playout-buffer.ts'
import { loadSpeech, toMulaw } from './recorded-speech.ts'
import { VirtualClock } from './virtual-clock.ts'
import { sleep, until } from './waiting.ts'

export interface DialOptions extends CallFaults {
  /** Default: what the number's voice URL is set to. */
  readonly voiceUrl?: string
}

export interface HearOptions {
  /** Default 10,000. */
  readonly withinMs?: number
  /** How like the expected speech it has to be; default 0.9. */
  readonly minCorrelation?: number
}

/** Where the expected speech was found. */
export interface HeardSpeech {
  /** Where it begins in `call.heard()`, in milliseconds. */
  readonly atMs: number
  readonly correlation: number
}

/** What the carrier does for a person. */
export interface Line {
  readonly clock: Clock
  /** Places a call and returns it at once. */
  connect(from: string, to: string, options: DialOptions): SimulatedCall
  /** Holds a virtual clock while real work is under way. */
  during<T>(work: Promise<T>): Promise<T>
}

const DIGIT_SPACING_MS = 100
/** Looking for speech costs more than a look at a status. */
const LISTEN_EVERY_MS = 200
const PATIENCE_MS = 30_000
const LONGEST_SPEECH_MS = 600_000
const STREAM_LOOK_MS = 10

export class Person {
  /** E.164, or a SIP address. */
  readonly number: string
  /** The latest call. */
  call: SimulatedCall | undefined
  readonly #line: Line
  /** Keeps what is said in the order in which it was asked for. */
  #lastTurn: Promise<unknown> = Promise.resolve()
  /** Up to where expected speech has been found, in samples. */
  #foundUntil = 0

  constructor(number: string, line: Line) {
    this.number = number
    this.#line = line
  }

  /** Calls a number; resolves when the server's instructions have come, or the call is over for want of them. */
  async dials(to: string, options: DialOptions = {}): Promise<SimulatedCall> {
    const call = this.#line.connect(this.number, to, options)
    this.joins(call)
    await this.#until(() => call.isRouted || call.isOver, `${to} to be answered or refused`)
    return call
  }

  /** Lifts the receiver, waiting for the telephone to ring if need be; resolves when the call is up. */
  async answers({ withinMs = PATIENCE_MS }: { readonly withinMs?: number } = {}): Promise<SimulatedCall> {
    await this.#until(() => this.call !== undefined && !this.call.isOver, `a call to ${this.number}`, withinMs)
    const call = this.#calling()
    await this.#until(() => call.status !== 'queued' && call.status !== 'initiated', 'the telephone to ring', withinMs)
    call.pickUp()
    await this.#until(() => call.answeredAt !== undefined || call.isOver, 'the call to be up', withinMs)
    return call
  }

  /** The call that this person is on from now on. */
  joins(call: SimulatedCall): void {
    this.call = call
    this.#foundUntil = 0
  }

  /**
   * Says 8 kHz samples or a WAV file, after what is still being said; awaiting it waits until it has been said.
   * Rejects when the call ends before.
   */
  says(speech: Int16Array | string): Doing<void> {
    const call = this.#calling()
    const turn = this.#lastTurn.then(async () => toMulaw(await loadSpeech(speech)))
    const queued = this.#line.during(turn.then((audio) => ({ said: call.speech.say(audio) })))
    this.#lastTurn = queued.catch(() => undefined)
    const work = async (): Promise<void> => {
      const isSaid = await (await queued).said
      if (!isSaid) throw new Error(`the call ended (${call.status}) before ${this.number} had spoken`)
    }
    return this.#do(work(), 'the person to have spoken', LONGEST_SPEECH_MS)
  }

  /** Presses keys, waiting for a media stream first; awaiting it waits until the last one has been sent. */
  presses(digits: string, { spacingMs = DIGIT_SPACING_MS }: { readonly spacingMs?: number } = {}): Doing<void> {
    const call = this.#calling()
    const { clock } = this.#line
    const work = async (): Promise<void> => {
      while (!call.isStreaming && !call.isOver) await sleep(clock, STREAM_LOOK_MS, call.over)
      for (const [index, digit] of digits.split('').entries()) {
        if (index > 0) await sleep(clock, spacingMs, call.over)
        if (call.isOver) throw new Error(`the call ended (${call.status}) before ${this.number} had pressed ${digit}`)
        call.stream?.press(digit)
      }
    }
    return this.#do(work(), 'keys to be pressed', PATIENCE_MS + digits.length * spacingMs)
  }

  /** Puts the receiver down; resolves when the server has had its chance to notice. */
  async hangsUp(): Promise<void> {
    const call = this.#calling()
    const by = call.direction === 'inbound' ? 'caller' : 'callee'
    const unanswered = by === 'caller' ? 'canceled' : 'busy'
    call.finish({ status: call.answeredAt === undefined ? unanswered : 'completed', by })
    const { clock } = this.#line
    if (clock instanceof VirtualClock) await clock.advance(0)
  }

  /**
   * Waits until speech is heard, or until what has been heard so far satisfies a predicate (it gets `call.heard()`).
   * Speech is looked for behind what was found last. Rejects when it is not heard in time.
   */
  hears(speech: Int16Array, options?: HearOptions): Promise<HeardSpeech>
  hears(predicate: (heard: Int16Array) => boolean, options?: HearOptions): Promise<undefined>
  async hears(
    expected: Int16Array | ((heard: Int16Array) => boolean),
    { withinMs = 10_000, minCorrelation = 0.9 }: HearOptions = {},
  ): Promise<HeardSpeech | undefined> {
    const call = this.#calling()
    if (typeof expected === 'function') {
      await this.#listen(() => expected(call.heard()), withinMs, 'what should be heard')
      return undefined
    }
    let best: HeardSpeech | undefined
    const isHeard = (): boolean => {
      const found = findSpeech(expected, call.heard(), this.#foundUntil)
      if (found && found.correlation > (best?.correlation ?? 0)) best = found
      return (best?.correlation ?? 0) >= minCorrelation
    }
    await this.#listen(isHeard, withinMs, () => {
      return `${expected.length / SAMPLES_PER_MS} ms of speech, best correlation ${best?.correlation.toFixed(2) ?? 'none'}`
    })
    if (best) this.#foundUntil = Math.round(best.atMs * SAMPLES_PER_MS) + expected.length
    return best
  }

  /** Waits until the other side ends the call. */
  async isHungUpOn({ withinMs = 10_000 }: { readonly withinMs?: number } = {}): Promise<SimulatedCall> {
    const call = this.#calling()
    await this.#until(() => call.isOver, `${this.number} to be hung up on`, withinMs)
    const self = call.direction === 'inbound' ? 'caller' : 'callee'
    if (call.endedBy === self) throw new Error(`expected ${this.number} to be hung up on, but the ${self} hung up`)
    return call
  }

  #calling(): SimulatedCall {
    if (this.call) return this.call
    throw new Error(`${this.number} is not on a call`)
  }

  #until(predicate: () => boolean, what: string, timeoutMs = PATIENCE_MS): Promise<void> {
    return until(this.#line.clock, predicate, { what, timeoutMs })
  }

  #do<T>(work: Promise<T>, what: string, timeoutMs: number): Doing<T> {
    return new Doing(work, (isDone) => this.#until(isDone, what, timeoutMs))
  }

  /** Looks seldom, since looking at audio costs more than looking at a status. */
  async #listen(isHeard: () => boolean, timeoutMs: number, what: string | (() => string)): Promise<void> {
    const { clock } = this.#line
    let nextLook = clock.now()
    let last = false
    const look = (): boolean => {
      if (clock.now() < nextLook) return false
      nextLook = clock.now() + LISTEN_EVERY_MS
      return (last = isHeard())
    }
    try {
      await until(clock, look, { timeoutMs })
    } catch {
      if (last || isHeard()) return
      const detail = typeof what === 'string' ? what : what()
      throw new Error(`${this.number} waited ${timeoutMs} ms for ${detail}`)
    }
  }
}

/** The place where all of the speech lies in what was heard, as like it as it gets. */
function findSpeech(speech: Int16Array, heard: Int16Array, from: number): HeardSpeech | undefined {
  const candidate = heard.subarray(from)
  const room = candidate.length - speech.length
  if (room < 0) return undefined
  const { lagSamples, correlation } = alignSpeech(speech, candidate, { maxLag: room })
  // Negative: only its end was heard.
  if (lagSamples < 0) return undefined
  return { atMs: (from + lagSamples) / SAMPLES_PER_MS, correlation }
}
