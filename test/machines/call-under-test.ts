import { type Actor, createActor, fromCallback, fromPromise, type InspectionEvent, type StateValue } from 'xstate'
import type { CallEvent, InboundFact, OutboundFact } from '../../machines/call-events.ts'
import { callMachine } from '../../machines/call.ts'
import type { ChildInput } from '../../machines/call-setup.ts'
import { type CallTiming, DEFAULT_CALL_TIMING } from '../../machines/call-timing.ts'
import { carrierCommandMachine, type CommandInput, type CommandName } from '../../machines/carrier-command.ts'
import type { CallOutput } from '../../machines/index.ts'
import { type Direction, REASONS } from '../../machines/reasons.ts'
import { CountingClock } from './counting-clock.ts'

export const CALL_SID = 'CA1'
export const TIMING: CallTiming = DEFAULT_CALL_TIMING

type ChildName = 'inbound' | 'outbound' | 'agent' | 'release' | 'carrier' | 'send'

export interface CallOptions {
  readonly direction?: Direction
  /** `null`: nobody knows the leg yet. */
  readonly callSid?: string | null
  readonly inspect?: (event: InspectionEvent) => void
  /** Children that throw as soon as they are started. */
  readonly broken?: readonly ChildName[]
}

/** Something a child was asked for, which it has not answered yet. */
export interface Request {
  readonly command: CommandName | 'agent' | 'release'
  readonly callSid: string | undefined
  resolve(value?: string): void
  reject(error: unknown): void
}

/** Lets the promises of fake children reach the chart. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function pathsOf(value: StateValue): string[] {
  if (typeof value === 'string') return [value]
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner ?? {}).map((path) => `${key}.${path}`))
}

/** A real chart, fake children, a clock in the hand. */
export class CallUnderTest {
  readonly clock = new CountingClock()
  readonly actor: Actor<typeof callMachine>
  readonly outputs: CallOutput[] = []
  readonly errors: unknown[] = []
  /** Every command that reached the carrier, in order, e.g. `hangUp CA1`. */
  readonly sent: string[] = []
  /** Everything that promise children were asked for, in order. */
  readonly begun: Request['command'][] = []
  detached = 0
  /** Names of children that were started and not yet stopped. */
  readonly running: string[] = []
  readonly #pending: Request[] = []
  readonly #reports = new Map<string, (fact: InboundFact | OutboundFact) => void>()
  readonly #broken: readonly ChildName[]

  constructor(options: CallOptions = {}) {
    const { direction = 'inbound', inspect } = options
    const callSid = options.callSid === undefined && direction === 'inbound' ? CALL_SID : (options.callSid ?? undefined)
    this.#broken = options.broken ?? []
    this.actor = createActor(this.#machine(), {
      id: 'call',
      input: { id: 'call_test', direction, callSid, timing: TIMING },
      clock: this.clock,
      ...(inspect && { inspect }),
    })
    this.actor.subscribe({
      error: (error) => this.errors.push(error),
      complete: () => {
        const { output } = this.actor.getSnapshot()
        if (output) this.outputs.push(output)
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

  tell(...events: CallEvent[]): this {
    for (const event of events) this.actor.send(event)
    return this
  }

  /** What a callback child says on its own; nothing if it is not running. */
  report(child: 'inbound' | 'outbound', fact: InboundFact | OutboundFact): this {
    this.#reports.get(child)?.(fact)
    return this
  }

  /** The oldest unanswered request of this kind. */
  request(command: Request['command']): Request {
    const found = this.#pending.find((request) => request.command === command)
    if (!found) throw new Error(`nobody asked for ${command} at ${this.where}; asked: ${this.asked.join(', ')}`)
    return found
  }

  /** What has been asked for and not been answered. */
  get asked(): string[] {
    return this.#pending.map((request) => request.command)
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
      const next = this.#pending[0]
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

  #machine() {
    const send = fromPromise<string | undefined, CommandInput>(({ input, signal }) => {
      this.sent.push([input.command, ...(input.callSid === undefined ? [] : [input.callSid])].join(' '))
      return this.#ask('send', input.command, input.callSid, signal)
    })
    const carrier = carrierCommandMachine.provide({ actors: { send } })
    const brokenCarrier = carrier.provide({ delays: { sendTimeout: () => this.#break('carrier') } })
    return callMachine.provide({
      actors: {
        carrier: this.#broken.includes('carrier') ? brokenCarrier : carrier,
        inbound: fromCallback<CallEvent, ChildInput, InboundFact>(({ sendBack }) => this.#listen('inbound', sendBack)),
        outbound: fromCallback<CallEvent, ChildInput, OutboundFact>(({ sendBack }) =>
          this.#listen('outbound', sendBack),
        ),
        agent: fromPromise<void, ChildInput>(({ signal }) =>
          this.#ask('agent', 'agent', undefined, signal).then(() => undefined),
        ),
        release: fromPromise<void, ChildInput>(({ signal }) =>
          this.#ask('release', 'release', undefined, signal).then(() => undefined),
        ),
      },
      actions: { detachStream: () => (this.detached += 1) },
    })
  }

  #break(child: ChildName): never {
    throw new Error(`${child} is broken`)
  }

  #listen(child: 'inbound' | 'outbound', report: (fact: InboundFact | OutboundFact) => void): () => void {
    if (this.#broken.includes(child)) this.#break(child)
    this.running.push(child)
    this.#reports.set(child, report)
    return () => {
      this.running.splice(this.running.indexOf(child), 1)
      if (this.#reports.get(child) === report) this.#reports.delete(child)
    }
  }

  #ask(child: ChildName, command: Request['command'], callSid: string | undefined, signal: AbortSignal) {
    if (this.#broken.includes(child)) this.#break(child)
    this.begun.push(command)
    return new Promise<string | undefined>((resolve, reject) => {
      const done = () => {
        const index = this.#pending.indexOf(request)
        if (index !== -1) this.#pending.splice(index, 1)
      }
      const request: Request = {
        command,
        callSid,
        resolve: (value) => (done(), resolve(value)),
        reject: (error) => (done(), reject(error)),
      }
      this.#pending.push(request)
      signal.addEventListener('abort', done)
    })
  }
}
