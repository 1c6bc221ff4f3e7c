/**
 * Frames of a WebSocket server, which are never masked. Made for one purpose and little else: short whole messages that
 * mostly arrive one a read, handed on where they lie.
 */

const TEXT = 0x1
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa
const FINAL = 0x80

export interface FrameEvents {
  /** The text lies in `bytes` from `start` up to `end`, and only during the call. */
  text(bytes: Buffer, start: number, end: number): void
  ping(payload: Buffer): void
  pong(): void
  closed(): void
}

export class FrameReader {
  readonly #events: FrameEvents
  /** The beginning of a frame whose rest has not come yet. */
  #rest: Buffer | undefined

  constructor(events: FrameEvents) {
    this.#events = events
  }

  /** What was read: the first `length` bytes of a buffer that is reused. Throws on what `ws` or Python never send. */
  push(buffer: Buffer, length: number): void {
    const bytes = this.#rest === undefined ? buffer : Buffer.concat([this.#rest, buffer.subarray(0, length)])
    const total = this.#rest === undefined ? length : bytes.length
    this.#rest = undefined
    let at = 0
    while (at < total) {
      const next = this.#readOne(bytes, at, total)
      if (next === undefined) {
        this.#rest = Buffer.from(bytes.subarray(at, total))
        return
      }
      at = next
    }
  }

  /** Returns where the frame ends; undefined when it is not all there. */
  #readOne(bytes: Buffer, at: number, total: number): number | undefined {
    const short = bytes[at + 1] ?? 0
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
    if (start > total) return undefined
    const length = lengthOf(bytes, at, short)
    const end = start + length
    if (end > total) return undefined
    this.#hand(bytes[at] ?? 0, bytes, start, end)
    return end
  }

  #hand(first: number, bytes: Buffer, start: number, end: number): void {
    const opcode = first & 0x0f
    if (opcode === TEXT && first >= FINAL) return this.#events.text(bytes, start, end)
    if (opcode === PING) return this.#events.ping(Buffer.from(bytes.subarray(start, end)))
    if (opcode === CLOSE) return this.#events.closed()
    if (opcode === PONG) return this.#events.pong()
    throw new Error(`expected a whole text message, got a frame that begins with ${first}`)
  }
}

function lengthOf(bytes: Buffer, at: number, short: number): number {
  if (short < 126) return short
  return short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
}
