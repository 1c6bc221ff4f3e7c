import { FRAME_MS } from '../../audio/index.ts'

/**
 * One timer for all streams. Callers dial when they like, so their frames are spread over the 20 ms in slots of five;
 * deadlines are absolute, and a beat that this process is late for is made up for, not left out.
 */

const SLOT_MS = 5
const SLOTS = FRAME_MS / SLOT_MS
/** For how long lateness of ours excuses a gap at a caller. */
const LATELY_MS = 250

interface Beating {
  beat(now: number): void
}

export interface OwnFigures {
  /** How late slots were sent, in milliseconds. */
  readonly latenessMs: number[]
  /** Share of one core. */
  readonly cpu: number
}

export interface Beginning {
  readonly at: number
  readonly cpu: NodeJS.CpuUsage
}

export class Beat {
  readonly #slots: readonly Set<Beating>[] = Array.from({ length: SLOTS }, () => new Set<Beating>())
  #next = 0
  #deadline = performance.now()
  #timer: NodeJS.Timeout
  #latenessMs: number[] = []
  #worst = { at: Number.NEGATIVE_INFINITY, ms: 0 }

  constructor() {
    this.#timer = setTimeout(() => this.#fire(), SLOT_MS)
  }

  /** To the slot with the fewest. */
  add(beating: Beating): void {
    this.#slots.toSorted((a, b) => a.size - b.size)[0]?.add(beating)
  }

  remove(beating: Beating): void {
    for (const slot of this.#slots) slot.delete(beating)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  begin(): Beginning {
    this.#latenessMs = []
    return { at: performance.now(), cpu: process.cpuUsage() }
  }

  end({ at, cpu }: Beginning): OwnFigures {
    const { user, system } = process.cpuUsage(cpu)
    return { latenessMs: this.#latenessMs, cpu: (user + system) / 1_000 / (performance.now() - at) }
  }

  /** The worst of the last quarter of a second, or what it is late right now. */
  lateLatelyMs(): number {
    const now = performance.now()
    const past = now - this.#worst.at < LATELY_MS ? this.#worst.ms : 0
    return Math.max(past, now - this.#deadline)
  }

  #fire(): void {
    for (let now = performance.now(); now >= this.#deadline; now = performance.now()) {
      this.#noteLateness(now)
      for (const beating of this.#slots[this.#next] ?? []) beating.beat(now)
      this.#next = (this.#next + 1) % SLOTS
      this.#deadline += SLOT_MS
    }
    this.#timer = setTimeout(() => this.#fire(), Math.max(0, this.#deadline - performance.now()))
  }

  #noteLateness(now: number): void {
    const ms = now - this.#deadline
    this.#latenessMs.push(ms)
    if (ms >= this.#worst.ms || now - this.#worst.at >= LATELY_MS) this.#worst = { at: now, ms }
  }
}
