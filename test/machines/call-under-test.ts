import { type Actor, createActor, type InspectionEvent, type StateValue } from 'xstate'
import type { CallEvent } from '../../machines/call-events.ts'
import { callMachine } from '../../machines/call.ts'
import { type CallTiming, DEFAULT_CALL_TIMING } from '../../machines/call-timing.ts'
import type { CallOutput } from '../../machines/index.ts'
import { type Direction, REASONS } from '../../machines/reasons.ts'
import { CountingClock } from './counting-clock.ts'
import { type Charts, CHARTS, type ChildName, FakeChildren, type Request, withFakeChildren } from './fake-children.ts'

export const CALL_SID = 'CA1'
export const TIMING: CallTiming = DEFAULT_CALL_TIMING

export interface CallOptions {
  readonly direction?: Direction
  /** `null`: nobody knows the leg yet. */
  readonly callSid?: string | null
  readonly inspect?: (event: InspectionEvent) => void
  /** Where it differs from {@link TIMING}. */
  readonly timing?: Partial<CallTiming>
  /** Children that throw as soon as they are started; a transfer once the carrier dials, a recording once it has news. */
  readonly broken?: readonly ChildName[]
  /** Others than the real ones. */
  readonly charts?: Charts
}

/** Lets the promises of fake children reach the chart. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function pathsOf(value: StateValue): string[] {
  if (typeof value === 'string') return [value]
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner ?? {}).map((path) => `${key}.${path}`))
}

/** A real chart, fake children, a clock in the hand. */
export class CallUnderTest extends FakeChildren {
  readonly clock = new CountingClock()
  readonly actor: Actor<typeof callMachine>
  readonly outputs: CallOutput[] = []
  readonly errors: unknown[] = []

  constructor(options: CallOptions = {}) {
    super(options.broken)
    const { direction = 'inbound', inspect, charts = CHARTS } = options
    const callSid = options.callSid === undefined && direction === 'inbound' ? CALL_SID : (options.callSid ?? undefined)
    this.actor = createActor(withFakeChildren(charts), {
      id: 'call',
      input: { id: this.id, direction, callSid, timing: { ...TIMING, ...options.timing } },
      clock: this.clock,
      ...(inspect && { inspect }),
    })
    this.actor.subscribe({
      error: (error) => {
        this.errors.push(error)
        this.forget()
      },
      complete: () => {
        const { output } = this.actor.getSnapshot()
        if (output) this.outputs.push(output)
        this.forget()
      },
    })
    this.actor.start()
  }

  get isOver(): boolean {
    return this.actor.getSnapshot().status !== 'active'
  }

  get reason(): string | undefined {
    return this.actor.getSnapshot().context.reason
  }

  get context() {
    return this.actor.getSnapshot().context
  }

  /** Whether the chart is in the state with this path, e.g. `active.stream.lost`. */
  is(path: string): boolean {
    return this.where.split(' ').some((state) => `${state}.`.startsWith(`${path}.`))
  }

  /** The paths of the innermost states, one for each region. */
  get where(): string {
    return pathsOf(this.actor.getSnapshot().value).join(' ')
  }

  /** Where a child stands that is a chart itself, e.g. `unanswered.ringing`. */
  whereIs(child: 'transfer' | 'recording'): string | undefined {
    const snapshot: object = this.actor.getSnapshot().children[child]?.getSnapshot() ?? {}
    return 'value' in snapshot ? pathsOf(snapshot.value as StateValue).join(' ') : undefined
  }

  tell(...events: CallEvent[]): this {
    for (const event of events) this.actor.send(event)
    return this
  }

  /** The oldest unanswered request of this kind. */
  request(command: Request['command']): Request {
    const found = this.pending.find((request) => request.command === command)
    if (!found) throw new Error(`nobody asked for ${command} at ${this.where}; asked: ${this.asked.join(', ')}`)
    return found
  }

  /** What has been asked for and not been answered. */
  get asked(): string[] {
    return this.pending.map((request) => request.command)
  }

  async answer(command: Request['command'], value?: string): Promise<this> {
    this.request(command).resolve(value)
    await settle()
    return this
  }

  async fail(command: Request['command'], error: unknown): Promise<this> {
    this.request(command).reject(error)
    await settle()
    return this
  }

  async wait(ms: number): Promise<this> {
    this.clock.advance(ms)
    await settle()
    return this
  }

  /** Hangs up and answers whatever is asked until the call is over. */
  async end(): Promise<CallOutput> {
    if (!this.isOver) this.tell({ type: 'call.hangUp', reason: 'hung up by API' })
    for (let turn = 0; !this.isOver && turn < 20; turn += 1) {
      const next = this.pending[0]
      if (next) await this.answer(next.command, next.command === 'placeCall' ? CALL_SID : undefined)
      else await this.wait(1_000)
    }
    await settle()
    return this.output
  }

  /** How the call ended. @throws unless it ended exactly once, with a reason of the closed list, and left nothing behind. */
  get output(): CallOutput {
    const [output, ...more] = this.outputs
    const problems = [
      ...this.errors.map((error) => `the chart died: ${String(error)}`),
      ...more.map(() => 'it ended twice'),
      ...this.running.map((child) => `${child} is still running`),
      ...Object.keys(this.actor.getSnapshot().children).map((child) => `${child} is still a child`),
      ...this.asked.map((command) => `${command} was not let go`),
      ...(this.clock.pending > 0 ? [`${this.clock.pending} timers are still set`] : []),
      ...(output && REASONS[output.reason] !== output.state ? [`${output.reason} ended in ${output.state}`] : []),
    ]
    if (problems.length > 0 || !output) {
      throw new Error(`expected an ended call at ${this.where}: ${problems.join('; ') || 'it goes on'}`)
    }
    return output
  }
}
