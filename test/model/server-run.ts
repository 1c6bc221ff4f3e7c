import { deepEqual } from 'node:assert/strict'
import type { Agent } from '../../src/agents/agent.ts'
import type { CallView } from '../../src/call-view.ts'
import type { Person } from '../../src/simulator/person.ts'
import type { PreparedAnswer } from '../../src/simulator/rest-faults.ts'
import { openStage, OUR_NUMBER, PUBLIC_URL, type Stage } from '../scenarios/stage.ts'
import type { PhoneCallEvent } from './phone-call-events.ts'
import { isFault, type PhoneCallContext } from './phone-call-model.ts'
import type { PhoneCallPath, PhoneCallSnapshot } from './phone-call-paths.ts'
import { VIEWS } from './phone-call-run.ts'

/** One way through the model, gone by a whole server and a simulated carrier over real sockets. */

type Type = PhoneCallEvent['type']
type Answer = Omit<PreparedAnswer, 'operation'>

const CALLEE = '+15552220001'
/** Two seconds of something to say. */
const LAST_WORDS = new Int16Array(32_000).fill(4_000)
/** What the carrier and the server do at once: the state before it is over before anybody could look. */
const PROMPT: ReadonlySet<Type | undefined> = new Set<Type>([
  'server.connects',
  'server.letsGo',
  'turn.comes',
  'carrier.accepts',
  'carrier.refuses',
  'carrier.fails',
  'carrier.isBusy',
  'carrier.findsNothing',
  'carrier.cannotLook',
  'carrier.hangsUp',
  'stream.opens',
  'phone.rings',
])
/** A dial that is to be given up is not answered before it is; its telephone rings after half a second. */
const HELD_MS = 300

/** What the carrier will say to a dial, which it has to know beforehand. */
function answersToDials(events: readonly PhoneCallEvent[]): Answer[] {
  const held = events[2]?.type === 'api.hangsUp' ? { delayMs: HELD_MS } : {}
  const takesEffect = events.some(({ type }) => type === 'phone.rings')
  return events.flatMap((event): Answer[] => {
    if (event.type === 'carrier.isBusy') return [{ status: 429 }]
    if (event.type === 'carrier.refuses') return [{ status: event.code === 'CARRIER_REFUSED' ? 400 : 401, ...held }]
    if (event.type === 'carrier.fails') return [{ status: 500, takesEffect, ...held }]
    if (event.type === 'time.answer') return [{ hang: true }]
    return event.type === 'carrier.accepts' ? [held] : []
  })
}

export class ServerRun {
  readonly #stage: Stage
  readonly #events: readonly PhoneCallEvent[]
  readonly #person: Person
  /** The carrier looks at it whenever it is about to open a stream. */
  readonly #faults: { streamNeverComes: boolean; voiceUrl: string }
  readonly #letAgent: (fate: 'return' | 'throw') => void

  private constructor(stage: Stage, path: PhoneCallPath, letAgent: (fate: 'return' | 'throw') => void) {
    const { carrier } = stage
    this.#stage = stage
    this.#letAgent = letAgent
    this.#events = path.steps.slice(1).map(({ event }) => event)
    this.#faults = { streamNeverComes: !this.#comes('stream.opens'), voiceUrl: `${PUBLIC_URL}/twiml` }
    const ending = this.#events.find((event) => event.type === 'leg.ends')?.outcome
    const outcome = ending === undefined || ending === 'completed' ? 'answers' : ending
    const answersAfterMs = outcome === 'answers' ? Infinity : 1_000
    const plan = Object.assign(this.#faults, { outcome, answersAfterMs } as const)
    this.#person =
      path.state.context.direction === 'inbound' ? carrier.caller('+15551110001') : carrier.callee(CALLEE, plan)
    carrier.number(OUR_NUMBER, { statusCallback: `${PUBLIC_URL}/status` })
    for (const answer of answersToDials(this.#events)) carrier.rest.answerNext({ operation: 'create', ...answer })
    if (this.#comes('carrier.cannotLook')) carrier.rest.answerNext({ operation: 'list', status: 400 })
  }

  /** Goes the whole way, looks at the call in every state of it, and closes the stage. */
  static async go(path: PhoneCallPath): Promise<void> {
    let letAgent: (fate: 'return' | 'throw') => void = () => undefined
    const fate = new Promise<'return' | 'throw'>((resolve) => (letAgent = resolve))
    const agent: Agent = async (call) => {
      if ((await fate) === 'throw') throw new Error('boom')
      void call.play(LAST_WORDS)
    }
    const isLimited = path.steps.some(({ event }) => event.type === 'time.limit')
    await using stage = await openStage({
      agent: 'model',
      agents: { model: agent },
      ...(isLimited ? { timing: { limitMs: 5_000 } } : {}),
    })
    const run = new ServerRun(stage, path, letAgent)
    try {
      for (const [index, { event, state }] of path.steps.entries()) {
        await run.#does[event.type]?.()
        if (!PROMPT.has(path.steps[index + 1]?.event.type)) await run.#look(state)
      }
    } finally {
      letAgent('return')
    }
  }

  readonly #does: { readonly [T in Type]?: () => unknown } = {
    'server.connects': () => this.#connect(),
    'carrier.isBusy': () => this.#until(() => this.#stage.carrier.rest.requests[0]?.status === 429, 'a refusal'),
    'time.backoff': () => this.#until(() => this.#stage.carrier.rest.requests.length > 1, 'a second try'),
    'carrier.accepts': () => this.#until(() => this.#view?.callSid !== null, 'the leg to be known'),
    'phone.isAnswered': () => this.#person.answers(),
    'leg.ends': () => this.#hangUp(),
    'stream.opens': () => this.#until(() => this.#carrierCall?.isStreaming === true && this.#isStreamKnown, 'a stream'),
    'stream.dies': () => {
      this.#faults.streamNeverComes = this.#comes('time.grace')
      this.#carrierCall?.loseStream()
    },
    'stream.stops': () => this.#hangUp(),
    'stream.goesQuiet': () => this.#carrierCall?.mute(),
    'stream.isHeard': () => this.#carrierCall?.unmute(),
    'agent.returns': () => this.#letAgent('return'),
    'agent.throws': () => this.#letAgent('throw'),
    // The answer comes when the call is over, which is waited for below.
    'api.hangsUp': () => void this.#stage.api('DELETE', `/calls/${this.#view?.id}`),
    'time.silence': () => {
      this.#faults.streamNeverComes = this.#comes('time.grace')
      return this.#until(() => this.#carrierCall?.stream?.end !== undefined, 'the socket to be dropped')
    },
  }

  async #connect(): Promise<void> {
    if (this.#person.number === CALLEE) {
      this.#stage.switchboard.dial({ to: CALLEE, ringTimeoutSeconds: 5 }).catch(() => undefined)
      await this.#until(() => this.#stage.carrier.rest.requests.length > 0, 'the carrier to be asked')
    } else await this.#person.dials(OUR_NUMBER, this.#faults)
  }

  /** Where the carrier ends a leg by itself, nothing needs to be done. */
  async #hangUp(): Promise<void> {
    const call = this.#carrierCall
    if (call?.answeredAt !== undefined) await this.#person.hangsUp()
  }

  async #look(snapshot: PhoneCallSnapshot): Promise<void> {
    const { status, value, context } = snapshot
    if (status === 'done') return this.#isOver(context)
    const [, view] = Object.entries(VIEWS).find(([key]) => snapshot.matches(key as never)) ?? []
    if (view === undefined) throw new Error(`expected a check for ${JSON.stringify(value)}, got none`)
    await this.#until(
      () => this.#view?.state === view.state,
      `the call to be ${view.state} at ${JSON.stringify(value)}`,
    )
  }

  async #isOver({ reason, isBlamed, direction }: PhoneCallContext): Promise<void> {
    await this.#until(() => this.#view?.endedAt !== null, 'the call to be over')
    await this.#until(() => this.#stage.carrier.calls.every((call) => call.isOver), 'the leg to be over')
    const view = this.#view
    const seen = {
      state: view?.state,
      reason: view?.reason,
      isBlamed: view?.cause !== null,
      direction: view?.direction,
    }
    deepEqual(seen, { state: isFault(reason) ? 'error' : 'ended', reason, isBlamed, direction })
  }

  get #view(): CallView | undefined {
    return this.#stage.views()[0]
  }

  get #carrierCall() {
    return this.#stage.carrier.calls[0]
  }

  get #isStreamKnown(): boolean {
    return this.#view?.streamSid === this.#carrierCall?.stream?.sid
  }

  #comes(type: Type): boolean {
    return this.#events.some((event) => event.type === type)
  }

  #until(predicate: () => boolean, what: string): Promise<void> {
    return this.#stage.carrier.until(predicate, { what, timeoutMs: 60_000 })
  }
}
