import type { Socket } from 'node:net'
import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import type { Clock, Timer } from '../../src/clock.ts'
import type { Random } from '../../src/simulator/random.ts'

/**
 * One way of a connection: what `from` says is told to `to`, in order, as late and as slowly as its conditions are.
 *
 * Invariants
 * - Y1 As long as nothing is the matter, bytes go on in the turn in which they come.
 * - Y2 Bytes that wait here are bounded: past that `from` is not read, and its sender notices as with any network.
 * - Y3 Nothing that is set to happen does after `release`.
 */

export interface Conditions {
  /** How long every byte is under way; default 0. */
  readonly latencyMs?: number
  /** How far a piece's latency strays, evenly to either side; the order stays, as TCP keeps it. Default 0. */
  readonly jitterMs?: number
  /** Default: as many as come. */
  readonly bytesPerSecond?: number
}

/** What becomes of the connection where it is cut. */
export type Ending = 'reset' | 'close' | 'silence'

/**
 * `stalled`: nothing is read and nothing told, until it goes on. `silent`: all that comes is taken and thrown away, the
 * end of it too, and nobody is told; from there is no way back, since a stream with a hole in it is none.
 */
type Mood = 'flowing' | 'stalled' | 'silent' | 'released'

type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** The sender has said all there is to say. */
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }

export interface WayOptions {
  readonly from: Socket
  readonly to: Socket
  readonly clock: Clock
  readonly random: Random
  /** Something has come or gone. */
  readonly onSign: () => void
  /** Ends both ways. */
  readonly onEnding: (ending: Exclude<Ending, 'silence'>) => void
}

/** What a path through the network holds, roughly. */
const MOST_WAITING_BYTES = 64 * 1024
/** A slow line hands on what it has got this often. */
const GRAIN_MS = 20
const TURNS_TO_READ = 3

export class Way {
  readonly #options: WayOptions
  #conditions: Required<Conditions> = { latencyMs: 0, jitterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY }
  #mood: Mood = 'flowing'
  /** Before the slow line, and what of it is on the line; then under way, each until its moment has come. */
  #queue: Piece[] = []
  #line: Timer
  #underWay: { readonly piece: Piece; readonly dueAt: number }[] = []
  #arrival: Timer
  #resumption: Timer
  #isBlocked = false
  #waitingBytes = 0
  #cut: { bytesLeft: number; readonly ending: Ending } | undefined
  #carried = 0

  constructor(options: WayOptions) {
    this.#options = options
    const { from, to, onSign } = options
    from.on('data', (bytes: Buffer) => {
      onSign()
      this.#take({ kind: 'bytes', bytes })
    })
    from.on('end', () => this.#take({ kind: 'end' }))
    from.on('error', () => this.#take({ kind: 'reset' }))
    to.on('drain', () => {
      onSign()
      this.#isBlocked = false
      this.#deliver()
    })
  }

  /** Bytes that were told to the other side. */
  get carriedBytes(): number {
    return this.#carried
  }

  /** From the next piece on; what is under way already comes when it comes. What is not named stays. */
  set(conditions: Conditions): void {
    this.#conditions = { ...this.#conditions, ...conditions }
    this.#options.clock.clearTimeout(this.#line)
    this.#line = undefined
    this.#transmit()
  }

  /** Nothing gets on, and nothing is lost: for so long, or until `resume`. */
  stall(forMs = Number.POSITIVE_INFINITY): void {
    if (this.#mood !== 'flowing' && this.#mood !== 'stalled') return
    const { clock } = this.#options
    this.#mood = 'stalled'
    this.#regulate()
    clock.clearTimeout(this.#resumption)
    if (forMs < Number.POSITIVE_INFINITY) this.#resumption = clock.setTimeout(() => this.resume(), forMs)
  }

  resume(): void {
    if (this.#mood !== 'stalled') return
    this.#options.clock.clearTimeout(this.#resumption)
    this.#mood = 'flowing'
    this.#deliver()
    this.#transmit()
  }

  /** All that is under way and all that comes is lost, and nobody is told. */
  swallow(): void {
    if (this.#mood === 'released') return
    this.#forget()
    this.#mood = 'silent'
    this.#regulate()
  }

  /** After so many bytes more, in the middle of a message if need be, it is over. */
  cutAfter(bytes: number, ending: Ending): void {
    this.#cut = { bytesLeft: bytes, ending }
    if (bytes === 0) this.#endHere(ending)
  }

  release(): void {
    this.#forget()
    this.#mood = 'released'
  }

  #forget(): void {
    const { clock } = this.#options
    for (const timer of [this.#line, this.#arrival, this.#resumption]) clock.clearTimeout(timer)
    this.#queue = []
    this.#underWay = []
    this.#waitingBytes = 0
  }

  #take(piece: Piece): void {
    if (this.#mood === 'silent' || this.#mood === 'released') return
    this.#queue.push(piece)
    if (piece.kind === 'bytes') this.#waitingBytes += piece.bytes.length
    this.#transmit()
    this.#regulate()
  }

  /** Puts on its way what the line has room for. */
  #transmit(): void {
    const { clock } = this.#options
    const { bytesPerSecond } = this.#conditions
    while (this.#mood === 'flowing' && this.#line === undefined) {
      const [piece] = this.#queue
      if (piece === undefined) return
      const length = this.#lengthOnLine(piece)
      if (length === 0 || bytesPerSecond === Number.POSITIVE_INFINITY) {
        this.#queue.shift()
        this.#launch(piece)
        continue
      }
      this.#line = clock.setTimeout(() => this.#leaveLine(length), (length * 1_000) / bytesPerSecond)
    }
  }

  #lengthOnLine(piece: Piece): number {
    if (piece.kind !== 'bytes') return 0
    return Math.min(piece.bytes.length, Math.max(1, Math.floor((this.#conditions.bytesPerSecond * GRAIN_MS) / 1_000)))
  }

  #leaveLine(length: number): void {
    this.#line = undefined
    const piece = this.#queue.shift()
    if (piece?.kind !== 'bytes') return
    const { bytes } = piece
    if (bytes.length > length) this.#queue.unshift({ kind: 'bytes', bytes: bytes.subarray(length) })
    this.#launch({ kind: 'bytes', bytes: bytes.subarray(0, length) })
    this.#transmit()
  }

  #launch(piece: Piece): void {
    const { clock, random } = this.#options
    const { latencyMs, jitterMs } = this.#conditions
    const strayMs = jitterMs === 0 ? 0 : (2 * random.next() - 1) * jitterMs
    const earliest = this.#underWay.at(-1)?.dueAt ?? 0
    this.#underWay.push({ piece, dueAt: Math.max(earliest, clock.now() + Math.max(0, latencyMs + strayMs)) })
    this.#deliver()
  }

  /** Hands over what is due. */
  #deliver(): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#arrival)
    while (this.#mood === 'flowing' && !this.#isBlocked) {
      const [first] = this.#underWay
      if (first === undefined) break
      const leftMs = first.dueAt - clock.now()
      if (leftMs > 0) {
        this.#arrival = clock.setTimeout(() => this.#deliver(), leftMs)
        break
      }
      this.#underWay.shift()
      this.#tell(first.piece)
    }
    this.#regulate()
  }

  #tell(piece: Piece): void {
    const { to, onEnding, onSign } = this.#options
    onSign()
    if (piece.kind === 'reset') return onEnding('reset')
    if (piece.kind === 'end') return void to.end()
    const { bytes } = piece
    this.#waitingBytes -= bytes.length
    if (!to.writable) return
    const cut = this.#cut
    const told = cut === undefined ? bytes : bytes.subarray(0, cut.bytesLeft)
    this.#carried += told.length
    this.#isBlocked = !to.write(told)
    if (cut === undefined) return
    cut.bytesLeft -= told.length
    if (cut.bytesLeft === 0) this.#endHere(cut.ending)
  }

  /** What comes afterwards is lost, whatever the ending. */
  #endHere(ending: Ending): void {
    this.swallow()
    if (ending === 'close') this.#options.onEnding('close')
    else if (ending === 'reset') void this.#resetOnceRead()
  }

  /** A reader that finds the last bytes and the reset at one look takes it for an orderly end. */
  async #resetOnceRead(): Promise<void> {
    for (let turn = 0; turn < TURNS_TO_READ; turn += 1) await eventLoopTurn()
    this.#options.onEnding('reset')
  }

  /** Reads on, or does not. */
  #regulate(): void {
    const { from } = this.#options
    const isFull = this.#isBlocked || this.#waitingBytes >= MOST_WAITING_BYTES
    const isShut = this.#mood === 'stalled' || (this.#mood === 'flowing' && isFull)
    if (isShut) from.pause()
    else from.resume()
  }
}
