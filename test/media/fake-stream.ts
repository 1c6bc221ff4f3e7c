import type { Clock, Timer } from '../../src/clock.ts'
import type { StreamPort } from '../../src/media/stream-port.ts'

interface Piece {
  /** When its first byte is heard. */
  readonly at: number
  readonly bytes: Uint8Array
}

interface WaitingMark {
  readonly name: string
  readonly timer: Timer
}

export interface FakeStreamOptions {
  readonly onMark: (name: string) => void
  /** One way, each way. */
  readonly latencyMs?: number
  /** False for a carrier that forgets every mark. */
  readonly echoes?: boolean
}

/**
 * A carrier's end of a media stream: plays what it gets in real time by the same clock, echoes a mark when what came
 * before it has been played, and on `clear` echoes all that wait at once.
 */
export class FakeStream implements StreamPort {
  readonly streamSid = 'MZ00000000000000000000000000000000'
  /** Set by a test: what `bufferedBytes` says. */
  buffered = 0
  readonly sent: { readonly at: number; readonly bytes: Uint8Array }[] = []
  readonly marks: string[] = []
  readonly clears: number[] = []
  closes = 0
  readonly #clock: Clock
  readonly #options: FakeStreamOptions
  #pieces: Piece[] = []
  #waiting: WaitingMark[] = []

  constructor(clock: Clock, options: FakeStreamOptions) {
    this.#clock = clock
    this.#options = options
  }

  bufferedBytes(): number {
    return this.buffered
  }

  sendMedia(mulaw: Uint8Array): void {
    const bytes = mulaw.slice()
    this.sent.push({ at: this.#clock.now(), bytes })
    this.#afterLatency(() => {
      // What was under way when the stream went is not played.
      if (this.closes === 0) this.#pieces.push({ at: Math.max(this.#clock.now(), this.#dryAt), bytes })
    })
  }

  sendMark(name: string): void {
    this.marks.push(name)
    if (this.#options.echoes !== false) this.#afterLatency(() => this.#await(name))
  }

  sendClear(): void {
    this.clears.push(this.#clock.now())
    this.#afterLatency(() => this.#clear())
  }

  close(): void {
    this.closes += 1
    for (const { timer } of this.#waiting) this.#clock.clearTimeout(timer)
    this.#waiting = []
    this.#cut()
  }

  /** Milliseconds the carrier still has to play. */
  get leadMs(): number {
    return Math.max(0, this.#dryAt - this.#clock.now())
  }

  get heardMs(): number {
    return this.heard().length / 8
  }

  /** What is heard, and when. */
  get pieces(): readonly Piece[] {
    return this.#pieces
  }

  /** All that has been heard by now, without the silence between. */
  heard(): Uint8Array {
    const now = this.#clock.now()
    return Buffer.concat(this.#pieces.map(({ at, bytes }) => bytes.subarray(0, samplesIn(now - at))))
  }

  /** The dry spells between two pieces of audio. */
  get gaps(): readonly { readonly at: number; readonly ms: number }[] {
    return this.#pieces.slice(1).flatMap((piece, i) => {
      const end = endOf(this.#pieces[i])
      return piece.at - end > 1e-6 ? [{ at: end, ms: piece.at - end }] : []
    })
  }

  get #dryAt(): number {
    return endOf(this.#pieces.at(-1))
  }

  #await(name: string): void {
    const mark: WaitingMark = {
      name,
      timer: this.#clock.setTimeout(
        () => {
          this.#waiting = this.#waiting.filter((other) => other !== mark)
          this.#echo(name)
        },
        Math.max(0, this.#dryAt - this.#clock.now()),
      ),
    }
    this.#waiting.push(mark)
  }

  #echo(name: string): void {
    this.#afterLatency(() => this.#options.onMark(name))
  }

  #clear(): void {
    this.#cut()
    const cleared = this.#waiting
    this.#waiting = []
    for (const { name, timer } of cleared) {
      this.#clock.clearTimeout(timer)
      this.#echo(name)
    }
  }

  #cut(): void {
    const now = this.#clock.now()
    this.#pieces = this.#pieces
      .filter(({ at }) => at < now)
      .map(({ at, bytes }) => ({ at, bytes: bytes.subarray(0, samplesIn(now - at)) }))
  }

  #afterLatency(act: () => void): void {
    const { latencyMs = 0 } = this.#options
    if (latencyMs === 0) act()
    else this.#clock.setTimeout(act, latencyMs)
  }
}

function endOf(piece: Piece | undefined): number {
  return piece === undefined ? Number.NEGATIVE_INFINITY : piece.at + piece.bytes.length / 8
}

function samplesIn(ms: number): number {
  return Math.max(0, Math.round(ms * 8))
}
