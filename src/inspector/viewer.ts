import type { Clock, Timer } from '../clock.ts'
import type { Header, Line } from '../recording/schema.ts'
import type { Journal } from './journal.ts'
import type { CallRow, InspectorMessage, NodeView, Pulse } from './wire.ts'

/** The socket of somebody who looks. */
export interface ViewerPort {
  send(text: string): void
  /** Sent and not yet taken. */
  bufferedBytes(): number
  close(code: number, reason: string): void
}

/** What a viewer looks at. */
export interface Sight {
  readonly watched: string
  readonly call?: Header | undefined
  readonly journal: Journal
  /** Absent where nothing goes on any more. */
  readonly pulse?: (() => Pulse) | undefined
}

/** Lines are gathered for so long: a picture that changes more often is not seen. */
const BATCH_MS = 50
/** A viewer that has left so much unread has left. */
const MOST_BUFFERED_BYTES = 1024 * 1024
const TRY_AGAIN_LATER = 1013

/** One page that looks at one thing. What it does not take in time is not kept for it: it is let go, and may come again. */
export class Viewer {
  readonly #port: ViewerPort
  readonly #clock: Clock
  /** As they were told last, in JSON. */
  readonly #rows = new Map<string, string>()
  #node = ''
  #sight: Sight | undefined
  #stopListening: (() => void) | undefined
  #lines: Line[] = []
  #timer: Timer
  #isGone = false
  #turns = 0

  constructor(port: ViewerPort, clock: Clock) {
    this.#port = port
    this.#clock = clock
  }

  send(message: InspectorMessage): void {
    if (this.#isGone) return
    if (this.#port.bufferedBytes() > MOST_BUFFERED_BYTES) {
      this.leave()
      return this.#port.close(TRY_AGAIN_LATER, 'too slow: what happened since was not kept')
    }
    this.#port.send(JSON.stringify(message))
  }

  /** How often it has turned: whoever fetches something for it can see whether it still waits for that. */
  get turns(): number {
    return this.#turns
  }

  /** Turns to something else, or away. */
  turnTo(sight: Sight | undefined): void {
    this.#turns += 1
    this.#stopListening?.()
    this.#clock.clearTimeout(this.#timer)
    this.#timer = undefined
    this.#lines = []
    this.#sight = sight
    this.#stopListening = sight?.journal.listen((line) => this.#gather(line))
    if (sight === undefined) return
    const { watched, call, journal } = sight
    this.send({ type: 'film', watched, call, lines: journal.lines, isOver: journal.isOver })
    this.tellPulse()
  }

  tellRows(rows: ReadonlyMap<string, { readonly row: CallRow; readonly text: string }>): void {
    const calls = [...rows.values()].filter(({ row, text }) => this.#rows.get(row.id) !== text)
    const gone = [...this.#rows.keys()].filter((id) => !rows.has(id))
    if (calls.length + gone.length === 0) return
    for (const { row, text } of calls) this.#rows.set(row.id, text)
    for (const id of gone) this.#rows.delete(id)
    this.send({ type: 'calls', calls: calls.map(({ row }) => row), gone })
  }

  tellNode(node: NodeView): void {
    const text = JSON.stringify(node)
    if (text === this.#node) return
    this.#node = text
    this.send({ type: 'node', node })
  }

  tellPulse(): void {
    const { watched, journal, pulse } = this.#sight ?? {}
    if (watched === undefined || pulse === undefined || journal?.isOver === true) return
    this.send({ type: 'pulse', watched, pulse: pulse() })
  }

  leave(): void {
    this.#isGone = true
    this.turnTo(undefined)
  }

  #gather(line: Line): void {
    this.#lines.push(line)
    this.#timer ??= this.#clock.setTimeout(() => this.#flush(), BATCH_MS)
  }

  #flush(): void {
    this.#timer = undefined
    const { watched } = this.#sight ?? {}
    if (watched === undefined || this.#lines.length === 0) return
    this.send({ type: 'lines', watched, lines: this.#lines })
    this.#lines = []
    this.tellPulse()
  }
}
