import type { AnyActor } from 'xstate'
import type { Clock } from '../clock.ts'
import { childrenOf, observeChart, stateOf } from '../inspector/chart-observer.ts'
import type { InspectedCall, InspectedCalls, InspectedNode } from '../inspector/subjects.ts'
import { pendingTimers } from '../inspector/timers.ts'
import type { CallRow, ChildView, Meters, Pulse } from '../inspector/wire.ts'
import type { MediaPlane } from '../media/media-plane.ts'
import type { CallRecorder, CallTape } from '../recorder.ts'
import { LEAST_TOLD } from '../recording/discretion.ts'
import { headerOf } from '../recording/header.ts'
import type { Header } from '../recording/schema.ts'
import type { CallFacts } from '../directory.ts'
import type { Exchange } from './exchange.ts'
import type { LiveCall } from './live-call.ts'

export interface InspectorDeskOptions {
  readonly exchange: Exchange
  readonly clock: Clock
  /** Names of those a call may be placed with. */
  readonly agents: readonly string[]
  readonly agent: string
  readonly recorder: CallRecorder | undefined
  /** What went wrong while the node's chart was watched. */
  readonly onFault: (error: unknown) => void
}

/** A page cannot show more, and older calls are a database's business. */
const RECENT_ROWS = 200

/** The exchange as the inspector sees it. */
export class ExchangeInspectorDesk implements InspectedCalls {
  readonly agents: readonly string[]
  readonly agent: string
  readonly node: InspectedNode
  readonly #options: InspectorDeskOptions

  constructor(options: InspectorDeskOptions) {
    this.#options = options
    this.agents = options.agents
    this.agent = options.agent
    this.node = toInspectedNode(options)
  }

  rows(): readonly CallRow[] {
    const { exchange } = this.#options
    const over = exchange.records.recent().slice(0, RECENT_ROWS)
    const live = exchange.live().map((call) => {
      const { facts } = call.session
      const { reason } = call.actor.getSnapshot().context
      return toRow(facts, { state: call.state, reason, endedAt: undefined })
    })
    return [...live.toReversed(), ...over.map((record) => toRow(record, record))]
  }

  find(id: string): InspectedCall | undefined {
    const call = this.#options.exchange.find(id)
    return call?.session.facts.id === id ? toInspectedCall(call) : undefined
  }

  onCall(listener: (call: InspectedCall) => void): () => void {
    return this.#options.exchange.onCall((call) => listener(toInspectedCall(call)))
  }

  header(id: string): Header | undefined {
    const { exchange } = this.#options
    const facts = exchange.find(id)?.session.facts ?? exchange.records.find(id)
    return facts === undefined ? undefined : headerOf(facts, LEAST_TOLD)
  }

  async recorded(id: string): Promise<string | undefined> {
    return this.#options.recorder?.read?.(id)
  }
}

interface Standing {
  readonly state: string
  readonly reason: string | undefined
  readonly endedAt: number | undefined
}

function toRow({ id, callSid, direction, from, to, agent, startedAt }: CallFacts, standing: Standing): CallRow {
  const { state, reason = null, endedAt = null } = standing
  return { id, callSid: callSid ?? null, direction, from, to, agent, state, reason, startedAt, endedAt }
}

function toInspectedCall({ actor, session, story }: LiveCall): InspectedCall {
  return {
    id: session.facts.id,
    get at() {
      return story.at
    },
    pulse: () => ({ ...pulseOf(actor), meters: metersOf(session.plane) }),
    listen: (tape) => story.listen({ tape, wantsMedia: false }),
  }
}

function toInspectedNode({ exchange, clock, onFault }: InspectorDeskOptions): InspectedNode {
  const { node } = exchange
  const beganAt = clock.now()
  return {
    view: () => ({ state: stateOf(node.actor.getSnapshot() as object), live: node.live, maxCalls: node.maxCalls }),
    pulse: () => pulseOf(node.actor),
    listen: (tape: CallTape) =>
      observeChart(node.actor, { note: (happening) => tape.note(clock.now() - beganAt, happening), onFault }),
  }
}

function pulseOf(actor: AnyActor): Pulse {
  const snapshot: object = actor.getSnapshot()
  return {
    state: stateOf(snapshot),
    timers: pendingTimers(actor),
    children: childrenOf(snapshot).map(({ id, src, ref }): ChildView => {
      const child = ref.getSnapshot() as { readonly status: ChildView['status'] }
      const state = stateOf(child)
      return { id, src, status: child.status, ...(state === '' ? {} : { state }) }
    }),
  }
}

function metersOf({ inbound, outbound, speaker, roundTripMs }: MediaPlane): Meters {
  return {
    levelInDbfs: audible(inbound.levelDbfs),
    levelOutDbfs: audible(speaker.levelDbfs),
    leadMs: speaker.leadMs,
    queueMs: outbound.queueMs,
    queueLimitMs: outbound.limitMs,
    worstSendGapMs: outbound.cadence.worstSendGapMs,
    roundTripMs: roundTripMs ?? null,
    underruns: outbound.cadence.underruns,
    framesIn: inbound.counters.framesIn,
    framesOut: outbound.cadence.framesOut,
  }
}

/** Nobody hears less than this; JSON has no -Infinity. */
function audible(dbfs: number): number | null {
  return dbfs < -90 ? null : dbfs
}
