import type { Clock, Timer } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { readRecording } from '../recording/recording.ts'
import { Journal } from './journal.ts'
import type { InspectedCall, InspectedCalls } from './subjects.ts'
import { type Sight, Viewer, type ViewerPort } from './viewer.ts'
import { NODE, parseViewerRequest } from './wire.ts'

/**
 * Shows the running charts to whoever looks.
 *
 * Invariants
 * - N1 While nobody looks, no chart is observed and no timer runs.
 * - N2 While somebody does, calls that begin are written down from their first moment; one that is watched later, from
 *      then on, and what a recorder kept of it comes before that.
 * - N3 Nobody is waited for: a viewer that does not read is let go.
 * - N4 What goes wrong in here is told to `onFault`, and is nobody's end but a viewer's.
 */

export interface InspectorOptions {
  readonly clock: Clock
  readonly calls: InspectedCalls
  readonly onFault: (error: unknown) => void
}

const BEAT_MS = 500
/** Calls that are over and can still be looked at without a recording. */
const KEPT_CALLS = 200
const KEPT_LINES = 50_000
const POLICY_VIOLATION = 1008

export class Inspector {
  readonly #options: InspectorOptions
  readonly #viewers = new Set<Viewer>()
  /** By call id, oldest first. */
  readonly #journals = new Map<string, Journal>()
  /** Whoever comes meanwhile waits too. */
  readonly #joining = new Map<string, Promise<Journal>>()
  /** Takes us off the calls that are observed, by their ids. */
  readonly #observed = new Map<string, () => void>()
  /** Takes us off the node, and off what calls there will be. */
  #leaveNode: (() => void) | undefined
  #nodeJournal = new Journal()
  #timer: Timer

  constructor(options: InspectorOptions) {
    this.#options = options
  }

  /** Somebody looks, until `closed` is called. */
  open(port: ViewerPort): { receive(text: string): void; closed(): void } {
    const { clock, calls } = this.#options
    const viewer = new Viewer(port, clock)
    if (this.#viewers.size === 0) this.#begin()
    this.#viewers.add(viewer)
    viewer.send({ type: 'welcome', agents: calls.agents, agent: calls.agent })
    this.#tell([viewer])
    return {
      receive: (text) => {
        const request = parseViewerRequest(text)
        if (request === undefined) {
          return port.close(POLICY_VIOLATION, 'expected {"type":"watch","watched":a call id, "node" or null}')
        }
        void this.#watch(viewer, request.watched)
      },
      closed: () => this.#leave(viewer),
    }
  }

  /** What is known of a call, as the lines of a recording without media; undefined when there is nothing. */
  async recording(id: string): Promise<string | undefined> {
    const { calls } = this.#options
    const journal = this.#journals.get(id)
    const header = calls.header(id)
    if (journal?.isWhole !== true) {
      const recorded = await calls.recorded(id)
      if (recorded !== undefined) return recorded
    }
    return journal === undefined || header === undefined ? undefined : journal.toText(header)
  }

  #begin(): void {
    const { calls } = this.#options
    this.#nodeJournal = new Journal()
    const stops = [calls.node.listen(this.#nodeJournal), calls.onCall((call) => this.#follow(call))]
    this.#leaveNode = () => stops.forEach((stop) => stop())
    this.#arm()
  }

  #end(): void {
    this.#options.clock.clearTimeout(this.#timer)
    this.#leaveNode?.()
    for (const stop of this.#observed.values()) stop()
    this.#observed.clear()
    // Who comes next must not be given a journal in which nothing is written any more.
    this.#joining.clear()
    // What goes on unseen would leave a hole.
    for (const [id, journal] of this.#journals) if (!journal.isOver) this.#journals.delete(id)
  }

  #leave(viewer: Viewer): void {
    viewer.leave()
    if (this.#viewers.delete(viewer) && this.#viewers.size === 0) this.#end()
  }

  #arm(): void {
    this.#timer = this.#options.clock.setTimeout(() => {
      this.#arm()
      this.#tell([...this.#viewers])
      for (const viewer of this.#viewers) this.#guard(() => viewer.tellPulse())
    }, BEAT_MS)
  }

  #tell(viewers: readonly Viewer[]): void {
    this.#guard(() => {
      const { calls } = this.#options
      const rows = new Map(calls.rows().map((row) => [row.id, { row, text: JSON.stringify(row) }]))
      const node = calls.node.view()
      for (const viewer of viewers) {
        viewer.tellRows(rows)
        viewer.tellNode(node)
      }
    })
  }

  async #watch(viewer: Viewer, watched: string | null): Promise<void> {
    viewer.turnTo(undefined)
    if (watched === null) return
    const { turns } = viewer
    try {
      const sight = await this.#sight(watched)
      if (viewer.turns !== turns) return
      if (sight !== undefined) return viewer.turnTo(sight)
      const detail =
        'expected a call that somebody watched, or a recorder, while it lived; nothing is known of this one'
      viewer.send({ type: 'unknown', watched, detail })
    } catch (error) {
      this.#options.onFault(error)
      viewer.send({ type: 'unknown', watched, detail: `the recording cannot be read: ${messageOf(error)}` })
    }
  }

  async #sight(watched: string): Promise<Sight | undefined> {
    const { calls } = this.#options
    if (watched === NODE) return { watched, journal: this.#nodeJournal, pulse: () => calls.node.pulse() }
    const live = calls.find(watched)
    if (live !== undefined) {
      const journal = await (this.#joining.get(watched) ?? this.#journals.get(watched) ?? this.#join(live))
      return { watched, call: calls.header(watched), journal, pulse: () => live.pulse() }
    }
    const journal = this.#journals.get(watched)
    if (journal?.isWhole === true) return { watched, call: calls.header(watched), journal }
    const recorded = await this.#recorded(watched)
    if (recorded !== undefined) return { watched, call: recorded.call, journal: new Journal(recorded.lines, true) }
    return journal && { watched, call: calls.header(watched), journal }
  }

  #follow(call: InspectedCall): Journal {
    const journal = new Journal()
    this.#journals.set(call.id, journal)
    const stop = call.listen({
      note: (at, happening) => journal.note(at, happening),
      close: () => {
        journal.close()
        this.#observed.delete(call.id)
        this.#forgetOldest()
      },
    })
    this.#observed.set(call.id, stop)
    return journal
  }

  #join(call: InspectedCall): Promise<Journal> {
    const joining = this.#comeLate(call).finally(() => this.#joining.delete(call.id))
    this.#joining.set(call.id, joining)
    return joining
  }

  async #comeLate(call: InspectedCall): Promise<Journal> {
    const { state, children } = call.pulse()
    const { at } = call
    const journal = this.#follow(call)
    journal.note(at, { what: 'joined', state })
    for (const { id, src } of children) journal.note(at, { what: 'child', id, src, status: 'started' })
    const recorded = await this.#recorded(call.id)
    if (recorded !== undefined) journal.precede(recorded.lines)
    return journal
  }

  async #recorded(id: string) {
    const text = await this.#options.calls.recorded(id)
    return text === undefined ? undefined : readRecording(text)
  }

  #forgetOldest(): void {
    const over = [...this.#journals].filter(([, journal]) => journal.isOver)
    let lines = over.reduce((sum, [, journal]) => sum + journal.size, 0)
    let calls = over.length
    for (const [id, journal] of over) {
      if (calls <= KEPT_CALLS && lines <= KEPT_LINES) return
      this.#journals.delete(id)
      calls -= 1
      lines -= journal.size
    }
  }

  #guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#options.onFault(error)
    }
  }
}
