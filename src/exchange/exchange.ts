import { createActor } from 'xstate'
import { type CallTiming, DEFAULT_CALL_TIMING } from '../../machines/index.ts'
import { provideCallMachine } from '../actors/call-actors.ts'
import { CallSession, type DialTerms } from '../actors/call-session.ts'
import { createCarrierActor } from '../actors/carrier.ts'
import type { Agent, CallEnding } from '../agents/agent.ts'
import { createCallId } from '../call-id.ts'
import type { Carrier } from '../carrier.ts'
import type { Clock } from '../clock.ts'
import type { CallDirectory, CallFacts } from '../directory.ts'
import type { Endpoints } from '../endpoints.ts'
import { ConfigurationError, messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import { InboundScratch } from '../media/inbound-pipe.ts'
import { Ticker } from '../media/ticker.ts'
import type { CallRecorder } from '../recorder.ts'
import type { CallRecord, RecordSink } from '../records.ts'
import { MAX_MESSAGE_BYTES } from '../sockets/media-endpoint.ts'
import { CallStory } from './call-story.ts'
import { type CallActor, type CallMachine, LiveCall } from './live-call.ts'
import { NodeState } from './node-state.ts'

/**
 * The live calls of this node.
 *
 * Invariants
 * - E1 A call is in the map from admission until its chart is over, and its record is closed before it leaves.
 * - E2 A chart that dies hangs nothing up itself: its session is released and its leg hung up from here.
 * - E3 A record sink, a listener or an agent that fails changes nothing for any other call.
 */

/** A margin over the carrier's own ring timeout, which is the one that should decide. */
const RING_MARGIN_MS = 10_000
export const DEFAULT_TERMS: DialTerms = { ringTimeoutSeconds: 60, timeLimitSeconds: 3_600 }

export interface ExchangeOptions {
  readonly agents: Readonly<Record<string, Agent>>
  readonly carrier: Carrier
  readonly clock: Clock
  readonly directory: CallDirectory
  readonly endpoints: Endpoints
  readonly logger: Logger
  readonly records: RecordSink
  /** Keeps what happens in each call; without one, nothing is looked at. */
  readonly recorder?: CallRecorder | undefined
  readonly maxCalls: number
  readonly drainMs: number
  /** How long calls wait for things; the chart's defaults otherwise. */
  readonly timing?: Partial<CallTiming>
  /** Epoch milliseconds, for records. */
  readonly epochNow: () => number
  readonly random: () => number
}

export interface NewCall {
  readonly direction: 'inbound' | 'outbound'
  readonly callSid?: string
  readonly from: string
  readonly to: string
  readonly agent: string
  readonly parameters?: Readonly<Record<string, string>>
  readonly terms?: Partial<DialTerms>
}

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
  /** CallSids of legs that are being hung up from outside any chart. */
  readonly #strays = new Set<string>()
  readonly #onCall = new Set<(call: LiveCall) => void>()
  readonly #machine: CallMachine
  readonly #carrierCommand
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
    const carrierOptions = { ...options, findSession: (callId: string) => this.#live.get(callId)?.session }
    this.#machine = provideCallMachine(carrierOptions)
    this.#carrierCommand = createCarrierActor(carrierOptions)
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
    const terms = { ...DEFAULT_TERMS, ...wanted.terms }
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
    const entered = await this.directory.claim(facts)
    if (entered.id !== facts.id) return this.#live.get(entered.id)
    try {
      this.node.requireRoom()
      return this.#spawn(facts, agent, terms)
    } catch (error) {
      await this.directory.remove(facts.id)
      throw error
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
    if (isNew) await this.directory.bind(call.session.facts.id, callSid)
  }

  /** Tells `listener` of each call before its chart starts, until the returned function is called. */
  onCall(listener: (call: LiveCall) => void): () => void {
    this.#onCall.add(listener)
    return () => this.#onCall.delete(listener)
  }

  hangUpAll(): void {
    for (const call of this.#live.values()) call.send({ type: 'call.hangUp', reason: 'draining' })
  }

  /** Hangs a leg up from outside any chart: for a chart that died, and for a leg that turned up after its call. */
  hangUpLeg(callId: string, callSid: string): void {
    if (this.#strays.has(callSid)) return
    this.#strays.add(callSid)
    const command = createActor(this.#carrierCommand, {
      clock: this.#options.clock,
      input: { callId, command: 'hangUp', callSid },
    })
    const settle = (fault: unknown) => {
      this.#strays.delete(callSid)
      if (fault !== undefined) this.#options.logger.error({ callId, callSid, fault }, 'a leg could not be hung up')
    }
    command.subscribe({
      complete: () => {
        const { output } = command.getSnapshot()
        settle(output?.outcome === 'failed' ? output.fault : undefined)
      },
      error: settle,
    })
    command.start()
  }

  #spawn(facts: CallFacts, agent: Agent, terms: DialTerms): LiveCall {
    const { clock, timing } = this.#options
    const actor: CallActor = createActor(this.#machine, {
      id: facts.id,
      clock,
      input: {
        id: facts.id,
        direction: facts.direction,
        callSid: facts.callSid,
        timing: {
          ...DEFAULT_CALL_TIMING,
          ringMs: terms.ringTimeoutSeconds * 1_000 + RING_MARGIN_MS,
          limitMs: terms.timeLimitSeconds * 1_000,
          ...timing,
        },
      },
    })
    const tell = (error: unknown) =>
      this.#options.logger.error({ callId: facts.id, err: error }, 'watching a call failed')
    const story = new CallStory({ clock, actor, onFault: tell })
    const session = new CallSession({
      facts,
      agent,
      terms,
      media: { clock, ticker: this.ticker, scratch: this.#scratch },
      send: (event) => actor.send(event),
      story,
    })
    const call = new LiveCall(session, actor, story, this.#options.epochNow)
    this.#live.set(facts.id, call)
    this.#index(call)
    this.node.noteAdmitted()
    this.#tellRecords('opened', call)
    this.#watch(call)
    this.#record(call)
    for (const listener of this.#onCall) this.#guard(call, () => listener(call))
    actor.start()
    actor.send({ type: 'call.connect' })
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
    // An observer that throws would end the process, and every other call with it (E3).
    actor.subscribe({
      next: ({ context }) =>
        this.#guard(call, () => {
          if (context.callSid !== undefined && session.facts.callSid === undefined) {
            this.#unawaited(call, () => this.learnSid(call, context.callSid ?? ''))
          }
          if (call.state === state) return
          state = call.state
          this.#log(call).info({ state }, 'call state')
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
    this.#guard(call, () => session.release())
    const stats = session.plane.stats()
    call.story.end(ending, stats)
    this.#tellRecords('closed', call)
    this.#live.delete(session.facts.id)
    const { id, callSid = '' } = session.facts
    if (this.#idOfSid.get(callSid) === id) this.#idOfSid.delete(callSid)
    this.#unawaited(call, () => this.directory.remove(session.facts.id))
    this.#log(call).info({ ...ending, stats }, 'call over')
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

  #tellRecords(moment: 'opened' | 'updated' | 'closed', call: LiveCall): void {
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
