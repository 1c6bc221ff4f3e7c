import { createActor } from 'xstate'
import type { CallTiming } from '../../machines/index.ts'
import { CallAccount } from '../actors/call-account.ts'
import { provideCallMachine } from '../actors/call-actors.ts'
import { type CallPolicy, CallSession, type DialTerms } from '../actors/call-session.ts'
import { createCarrierActor } from '../actors/carrier.ts'
import type { Agent, CallEnding } from '../agents/agent.ts'
import { createCallId } from '../call-id.ts'
import type { Carrier } from '../carrier.ts'
import { type Clock, datedFrom } from '../clock.ts'
import type { DialPacer } from '../dial-pacer.ts'
import type { CallDirectory, CallFacts } from '../directory.ts'
import type { Endpoints } from '../endpoints.ts'
import { ConfigurationError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { InboundScratch } from '../media/inbound-pipe.ts'
import { Ticker } from '../media/ticker.ts'
import type { OverflowPolicy } from '../overflow-policy.ts'
import type { CallRecorder } from '../recorder.ts'
import type { CallAudioRecorder } from '../recording/call-audio.ts'
import type { CallTimers } from '../http/desks.ts'
import type { CallRecord, RecordSink } from '../records.ts'
import { MAX_MESSAGE_BYTES } from '../sockets/media-endpoint.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { CallStory } from './call-story.ts'
import { callTiming, DEFAULT_TERMS } from './call-timing.ts'
import type { DialPolicy } from './dial-policy.ts'
import { endedByOf } from './ended-by.ts'
import { KeptAudio } from './kept-audio.ts'
import { type CallActor, type CallMachine, LiveCall } from './live-call.ts'
import { NodeState } from './node-state.ts'
import { StrayLegs } from './stray-legs.ts'

/**
 * The live calls of this node.
 *
 * Invariants
 * - E1 A call is in the map from admission until its chart is over and its record is closed where it survives us, or is
 *      known not to be.
 * - E2 A chart that dies hangs nothing up itself: its session is released and its leg hung up from here.
 * - E3 A record sink, a listener or an agent that fails changes nothing for any other call.
 */

export interface ExchangeOptions {
  readonly agents: Readonly<Record<string, Agent>>
  readonly carrier: Carrier
  readonly clock: Clock
  readonly directory: CallDirectory
  readonly endpoints: Endpoints
  readonly logger: Logger
  readonly records: RecordSink
  /** Keeps what is said in calls that want it. */
  readonly callAudio?: CallAudioRecorder | undefined
  /** Whether every call wants it. */
  readonly keepsAudio?: boolean
  /** Keeps what happens in each call; without one, nothing is looked at. */
  readonly recorder?: CallRecorder | undefined
  readonly maxCalls: number
  readonly drainMs: number
  /** Whose turn it is to be dialled. */
  readonly pacer: DialPacer
  /** Whom calls may be handed over to. */
  readonly policy: DialPolicy
  /** How long calls wait for things, unless one says otherwise. */
  readonly timers?: CallTimers
  /** The chart's own waits, where the defaults do not fit. */
  readonly timing?: Partial<CallTiming>
  /** What becomes of more speech while too much waits, unless a call says otherwise. */
  readonly overflow?: OverflowPolicy
  /** Epoch milliseconds, for records. */
  readonly epochNow: () => number
  readonly random: () => number
  /** Counts and traces the calls; without one, nobody does. */
  readonly telemetry?: Pick<Telemetry, 'callAdmitted' | 'callEnded' | 'traceCall'> | undefined
}

export interface NewCall {
  readonly direction: 'inbound' | 'outbound'
  readonly callSid?: string
  readonly from: string
  readonly to: string
  readonly agent: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly terms?: Partial<DialTerms>
  readonly timers?: CallTimers | undefined
  /** Whether what is said is to be written to a file; as the node does it otherwise. */
  readonly keepsAudio?: boolean | undefined
  /** What becomes of more speech while too much waits; as the node does it otherwise. */
  readonly overflow?: OverflowPolicy | undefined
}

interface SpawnOptions extends Pick<NewCall, 'terms' | 'timers' | 'keepsAudio' | 'overflow'> {
  /** What a process that died knew of it, and how much of it nobody has heard. */
  readonly adopted?: { readonly record: CallRecord; readonly lostMs: number }
}

const UNTOLD: ReadonlySet<string> = new Set(['idle', 'ended', 'error'])

export class Exchange {
  readonly node: NodeState
  readonly directory: CallDirectory
  readonly records: RecordSink
  readonly ticker: Ticker
  readonly #options: ExchangeOptions
  readonly #live = new Map<string, LiveCall>()
  /** Of those that are live; of one CallSid, the first call stands. */
  readonly #idOfSid = new Map<string, string>()
  /** By CallSid. */
  readonly #admissions = new Map<string, Promise<LiveCall | undefined>>()
  readonly #onCall = new Set<(call: LiveCall) => void>()
  readonly #machine: CallMachine
  readonly #strays: StrayLegs
  readonly #policy: CallPolicy
  readonly #scratch = new InboundScratch(MAX_MESSAGE_BYTES)

  constructor(options: ExchangeOptions) {
    this.#options = options
    this.directory = options.directory
    this.records = options.records
    this.ticker = new Ticker(options.clock)
    this.node = new NodeState({
      clock: options.clock,
      maxCalls: options.maxCalls,
      drainMs: options.drainMs,
      hangUpAll: () => this.hangUpAll(),
    })
    const carrierOptions = {
      ...options,
      findSession: (callId: string) => this.#live.get(callId)?.session,
      isKnown: (callSid: string) => this.find(callSid) !== undefined || this.records.find(callSid) !== undefined,
    }
    this.#machine = provideCallMachine(carrierOptions)
    const { clock, logger } = options
    this.#policy = {
      requireTarget: (to) => options.policy.requireTarget(to),
      requireAgent: (name) => this.requireAgent(name),
    }
    this.#strays = new StrayLegs({ clock, logger, command: createCarrierActor(carrierOptions) })
  }

  /**
   * Admits a call and starts its chart; or finds the one that the CallSid already has.
   * Throws AdmissionError, or ConfigurationError `AGENT_UNKNOWN`.
   */
  admit(wanted: NewCall): Promise<LiveCall | undefined> {
    const { callSid } = wanted
    if (callSid === undefined) return this.#admit(wanted)
    // A webhook that is repeated while the first one is being admitted is told what the first one is told.
    const underWay = this.#admissions.get(callSid)
    if (underWay !== undefined) return underWay
    const admission = this.#admit(wanted).finally(() => this.#admissions.delete(callSid))
    this.#admissions.set(callSid, admission)
    return admission
  }

  async #admit(wanted: NewCall): Promise<LiveCall | undefined> {
    const agent = this.requireAgent(wanted.agent)
    const facts: CallFacts = {
      id: createCallId(),
      direction: wanted.direction,
      callSid: wanted.callSid,
      from: wanted.from,
      to: wanted.to,
      agent: wanted.agent,
      parameters: wanted.parameters ?? {},
      startedAt: this.#options.epochNow(),
    }
    const entered = await this.#claim(facts)
    if (entered.id !== facts.id) return this.#live.get(entered.id)
    return this.#enter(facts, agent, wanted)
  }

  /** A directory may fail after it has entered the call: it is to forget it again. */
  async #claim(facts: CallFacts): Promise<CallFacts> {
    try {
      return await this.directory.claim(facts)
    } catch (error) {
      await this.#forget(facts.id)
      throw error
    }
  }

  /**
   * Goes on with a call whose process died: it waits for a fresh stream, and its agent begins anew.
   * Throws AdmissionError, or ConfigurationError `AGENT_UNKNOWN`.
   */
  async adopt(record: CallRecord, lostMs: number): Promise<LiveCall | undefined> {
    const agent = this.requireAgent(record.agent)
    const { id, direction, callSid, from, to, parameters, startedAt } = record
    const facts: CallFacts = { id, direction, callSid, from, to, agent: record.agent, parameters, startedAt }
    const entered = await this.#claim(facts)
    if (entered.id !== id) return this.#live.get(entered.id)
    return this.#enter(facts, agent, { adopted: { record, lostMs } })
  }

  /** Spawns a call that is in the directory; if there is no room, it is there no more. */
  async #enter(facts: CallFacts, agent: Agent, wanted: SpawnOptions): Promise<LiveCall> {
    try {
      this.node.requireRoom(wanted.adopted === undefined ? 'new' : 'adopted')
      return this.#spawn(facts, agent, wanted)
    } catch (error) {
      const halfMade = this.#live.get(facts.id)
      if (halfMade !== undefined) this.#unmake(halfMade, error)
      await this.#forget(facts.id)
      throw error
    }
  }

  /** It has a place and an open row already: it ends like any other. */
  #unmake(call: LiveCall, error: unknown): void {
    call.actor.stop()
    this.#end(call, { state: 'error', reason: 'internal error', cause: messageOf(error) })
  }

  async #forget(id: string): Promise<void> {
    try {
      await this.directory.remove(id)
    } catch (error) {
      this.#options.logger.error({ err: error, callId: id }, 'the directory would not forget a call')
    }
  }

  requireAgent(name: string): Agent {
    const { agents } = this.#options
    const agent = Object.hasOwn(agents, name) ? agents[name] : undefined
    if (agent !== undefined) return agent
    const known = Object.keys(agents).join(', ')
    throw new ConfigurationError('AGENT_UNKNOWN', `expected one of the agents ${known}; got ${JSON.stringify(name)}`)
  }

  /** A live call by our id or by CallSid. */
  find(key: string): LiveCall | undefined {
    return this.#live.get(this.#idOfSid.get(key) ?? key)
  }

  /** In the order in which they were admitted. */
  live(): readonly LiveCall[] {
    return [...this.#live.values()]
  }

  /** Live calls, newest first, then those that are over. */
  list(): readonly CallRecord[] {
    const live = this.live()
      .map((call) => call.record())
      .toReversed()
    return [...live, ...this.records.recent()]
  }

  /** Learns an outbound call's CallSid from wherever it shows first. */
  async learnSid(call: LiveCall, callSid: string, parameters?: Readonly<Record<string, string>>): Promise<void> {
    const isNew = call.session.facts.callSid === undefined
    call.session.learn({ callSid, ...(parameters === undefined ? {} : { parameters }) })
    this.#index(call)
    if (!isNew) return
    // By it alone, another process could find the leg.
    this.#tellRecords('updated', call)
    await this.directory.bind(call.session.facts.id, callSid)
  }

  /** Tells `listener` of each call before its chart starts, until the returned function is called. */
  onCall(listener: (call: LiveCall) => void): () => void {
    this.#onCall.add(listener)
    return () => this.#onCall.delete(listener)
  }

  /** Asks what the carrier is to do with a call. If that fails it is told to hang up, which is the call's end. */
  async orEnd<T>(callSid: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      this.find(callSid)?.send({ type: 'call.hangUp', reason: 'internal error', cause: messageOf(error) })
      throw error
    }
  }

  hangUpAll(): void {
    for (const call of this.#live.values()) call.send({ type: 'call.hangUp', reason: 'draining' })
  }

  /** Hangs a leg up from outside any chart: for a chart that died, and for a leg that turned up after its call. */
  hangUpLeg(callId: string, callSid: string): void {
    this.#strays.hangUp(callId, callSid)
  }

  #spawn(facts: CallFacts, agent: Agent, wanted: SpawnOptions): LiveCall {
    const { clock, epochNow, telemetry } = this.#options
    const { timers, keepsAudio, adopted, overflow = this.#options.overflow } = wanted
    const terms = { ...DEFAULT_TERMS, ...wanted.terms }
    const actor: CallActor = createActor(this.#machine, {
      id: facts.id,
      clock,
      input: {
        id: facts.id,
        direction: facts.direction,
        callSid: facts.callSid,
        timing: callTiming({ terms, timers, node: this.#options }),
      },
    })
    const tell = (error: unknown) => this.#log(call).error({ err: error }, 'watching a call failed')
    const story = new CallStory({ clock, actor, onFault: tell })
    const trace = telemetry?.traceCall(facts)
    const session = new CallSession({
      facts,
      agent,
      terms,
      account: new CallAccount(datedFrom(clock, adopted ? epochNow() : facts.startedAt), adopted?.record),
      adopted: adopted && { lostMs: adopted.lostMs },
      policy: this.#policy,
      isActive: () => this.#live.get(facts.id)?.isActive === true,
      media: { clock, ticker: this.ticker, scratch: this.#scratch, overflow },
      send: (event) => call.send(event),
      story,
      within: trace?.within,
    })
    const { callAudio } = this.#options
    const isKept = keepsAudio ?? this.#options.keepsAudio ?? false
    const audio = isKept && callAudio !== undefined ? new KeptAudio(callAudio, session, clock) : undefined
    const call = new LiveCall({ session, actor, story, audio })
    this.#live.set(facts.id, call)
    this.#index(call)
    this.node.noteAdmitted()
    this.#tellRecords('opened', call)
    this.#watch(call)
    this.#record(call)
    if (trace?.tape !== undefined) story.listen({ tape: trace.tape, wantsMedia: false })
    this.#guard(call, () => {
      const { id, direction } = facts
      telemetry?.callAdmitted({
        id,
        direction,
        plane: session.plane,
        onEdge: (listener) => session.onEdge(listener),
      })
    })
    for (const listener of this.#onCall) this.#guard(call, () => listener(call))
    actor.start()
    actor.send({ type: adopted === undefined ? 'call.connect' : 'call.adopt' })
    return call
  }

  #index({ session }: LiveCall): void {
    const { id, callSid } = session.facts
    if (callSid !== undefined && !this.#idOfSid.has(callSid)) this.#idOfSid.set(callSid, id)
  }

  #record(call: LiveCall): void {
    const { recorder } = this.#options
    if (recorder === undefined) return
    this.#guard(call, () => {
      const tape = recorder.open(call.session.facts)
      call.story.listen({ tape, wantsMedia: recorder.wantsMedia ?? true })
    })
  }

  #watch(call: LiveCall): void {
    const { actor, session } = call
    let state = ''
    let streamSid: string | undefined
    // An observer that throws would end the process, and every other call with it (E3).
    actor.subscribe({
      next: ({ context }) =>
        this.#guard(call, () => {
          if (context.callSid !== undefined && session.facts.callSid === undefined) {
            this.#unawaited(call, () => this.learnSid(call, context.callSid ?? ''))
          }
          if (context.streamSid !== undefined && context.streamSid !== streamSid) {
            streamSid = context.streamSid
            session.account.noteStream(streamSid)
            call.audio?.begin()
          }
          if (call.state === state) return
          state = call.state
          session.account.noteState(state)
          // `idle` lasts no longer than the line about it takes, and its end has a line of its own.
          if (!UNTOLD.has(state)) this.#log(call).info({ state }, 'call state')
          this.#tellRecords('updated', call)
        }),
      complete: () =>
        this.#guard(call, () => {
          const { output } = actor.getSnapshot()
          this.#end(
            call,
            output ?? { state: 'error', reason: 'internal error', cause: 'the chart ended without output' },
          )
        }),
      error: (error) =>
        this.#guard(call, () => {
          this.#log(call).error({ err: error }, 'a call chart died')
          const { callSid } = session.facts
          if (callSid !== undefined) this.hangUpLeg(session.facts.id, callSid)
          this.#end(call, { state: 'error', reason: 'internal error', cause: messageOf(error) })
        }),
    })
  }

  /** Once for each call, whichever way its chart went. */
  #end(call: LiveCall, ending: CallEnding): void {
    const { session } = call
    call.noteEnded(ending)
    session.account.noteState(ending.state)
    session.account.noteEnd(endedByOf(ending.reason))
    this.#guard(call, () => session.release())
    this.#guard(call, () => this.#options.telemetry?.callEnded(call.record()))
    const stats = session.plane.stats()
    call.story.end(ending, stats)
    this.#log(call).info({ ...ending, stats }, 'call over')
    const leave = () => this.#leave(call, ending)
    const closing = this.#closeRecord(call)
    if (closing === undefined) leave()
    else void closing.then(leave)
  }

  /** Resolves, and never rejects, when the record is where it survives us, or could not be brought there. */
  #closeRecord(call: LiveCall): Promise<void> | undefined {
    const complain = (error: unknown) => this.#log(call).error({ err: error }, 'a record could not be closed')
    try {
      if (call.audio !== undefined) {
        const kept = call.audio.end()
        return kept.then(() => this.records.closed(call.record())).catch(complain)
      }
      return this.records.closed(call.record())?.catch(complain)
    } catch (error) {
      complain(error)
      return undefined
    }
  }

  #leave(call: LiveCall, ending: CallEnding): void {
    const { session } = call
    this.#live.delete(session.facts.id)
    const { id, callSid = '' } = session.facts
    if (this.#idOfSid.get(callSid) === id) this.#idOfSid.delete(callSid)
    this.#unawaited(call, () => this.directory.remove(session.facts.id))
    session.settle(ending)
    this.node.noteReleased()
  }

  #guard(call: LiveCall, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#log(call).error({ err: error }, 'looking after a call failed')
    }
  }

  #tellRecords(moment: 'opened' | 'updated', call: LiveCall): void {
    this.#unawaited(call, () => this.records[moment](call.record()))
  }

  /** Asks a port for something that no call waits for; its failure is told, and is nobody's end (E3). */
  #unawaited(call: LiveCall, ask: () => void | Promise<void>): void {
    const attempt = async () => ask()
    attempt().catch((error: unknown) => this.#log(call).error({ err: error }, 'looking after a call failed'))
  }

  #log(call: LiveCall): Logger {
    const { id, callSid, direction, from, to } = call.session.facts
    return this.#options.logger.child({ callId: id, callSid, direction, from, to })
  }
}
