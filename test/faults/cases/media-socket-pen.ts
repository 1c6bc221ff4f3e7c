import type { Agent } from '../../../src/agents/agent.ts'
import type { SimulatedCall } from '../../../src/simulator/call.ts'
import type { Person } from '../../../src/simulator/person.ts'
import { type Stage, untilTheEnd } from '../../scenarios/stage.ts'

/** The first of the counts that are written by hand; the carrier's own stay far below. */
const FIRST_SEQUENCE = 1_000
const FRAME_MS = 20
const BYTES_PER_MS = 8
const A_FEW_FRAMES_MS = 100

interface MediaOptions {
  /** Default: the next one. */
  readonly sequence?: number
  /** Default: the timestamp before and as much as its audio was long. */
  readonly timestampMs?: number
}

/** A caller whose stream is written by hand from now on: the carrier's own frames are held back. */
export async function takePen(stage: Stage, number?: string): Promise<Pen> {
  const { caller, call } = await stage.caller(number)
  await stage.clock.advance(A_FEW_FRAMES_MS)
  call.mute()
  const pen = new Pen(stage, caller, call)
  // From here the count goes on without a gap.
  pen.say(pen.mark('by hand'))
  await pen.read()
  pen.begin()
  return pen
}

export class Pen {
  readonly caller: Person
  readonly call: SimulatedCall
  readonly sid: string
  sequence = FIRST_SEQUENCE
  timestampMs: number
  readonly #stage: Stage
  #before: Readonly<Record<string, unknown>> = {}

  constructor(stage: Stage, caller: Person, call: SimulatedCall) {
    const last = call.stream?.log.of('media', 'carrier').at(-1)?.message as { media: { timestamp: string } } | undefined
    if (call.stream === undefined || last === undefined) throw new Error('expected a stream with audio, got none')
    this.#stage = stage
    this.caller = caller
    this.call = call
    this.sid = call.stream.sid
    this.timestampMs = Number(last.media.timestamp) + FRAME_MS
  }

  /** Figures are counted from here. */
  begin(): void {
    this.#before = this.stats
  }

  get stats(): Readonly<Record<string, unknown>> {
    return this.#stage.view(this.call.sid).stats
  }

  /** By how much figures of the call have grown. */
  grown(...names: readonly string[]): Record<string, number> {
    const { stats } = this
    return Object.fromEntries(names.map((name) => [name, Number(stats[name]) - Number(this.#before[name])]))
  }

  say(message: object | string): void {
    this.call.sendRaw(typeof message === 'string' ? message : JSON.stringify(message))
  }

  /** Resolves when the server has read all that was written; no time passes. */
  read(): Promise<void> {
    return this.#stage.carrier.settled()
  }

  /** A media message of audio, or of a payload as it is. */
  media(audio: Uint8Array | string, { sequence, timestampMs = this.timestampMs }: MediaOptions = {}): object {
    const payload = typeof audio === 'string' ? audio : Buffer.from(audio).toString('base64')
    const media = { track: 'inbound', chunk: '1', timestamp: String(Math.floor(timestampMs)), payload }
    this.timestampMs = timestampMs + (typeof audio === 'string' ? 0 : audio.length / BYTES_PER_MS)
    return { event: 'media', sequenceNumber: this.#next(sequence), media, streamSid: this.sid }
  }

  digit(digit: string): object {
    const dtmf = { track: 'inbound_track', digit }
    return { event: 'dtmf', streamSid: this.sid, sequenceNumber: this.#next(), dtmf }
  }

  mark(name: string): object {
    return { event: 'mark', sequenceNumber: this.#next(), streamSid: this.sid, mark: { name } }
  }

  #next(sequence = this.sequence + 1): string {
    this.sequence = sequence
    return String(sequence)
  }
}

/** An agent that listens, and what each caller's has heard, sample by sample. */
export function createEar() {
  const heard = new Map<string, number[]>()
  const agent: Agent = (call) => {
    const samples: number[] = []
    heard.set(call.from, samples)
    call.onAudio((pcm) => samples.push(...pcm), { chunkMs: 1 })
    return untilTheEnd(call)
  }
  return {
    agent,
    samplesOf: (number: string): readonly number[] => heard.get(number) ?? [],
    /** 16 kHz. */
    heardMs: (number: string): number => (heard.get(number)?.length ?? 0) / 16,
  }
}
