import { and, assign, setup } from 'xstate'
import type { DialOutcome } from '../../machines/call-events.ts'
import type { Reason } from '../../machines/reasons.ts'

/**
 * A caller who is handed over to somebody else, as all three see it: with whom the caller is, whether our stream still
 * is, who of our agents runs, and how the transfer is told to have come out. It goes as far as the first thing that ends
 * the call, and back to us once. Written without a look at `machines/call-active.ts` and `machines/transfer.ts`.
 */

export type TransferEvent =
  | { readonly type: 'api.transfers'; readonly isUrgent: boolean; readonly hasSuccessor: boolean }
  | { readonly type: 'api.holds' }
  | { readonly type: 'api.resumes' }
  | { readonly type: 'api.hangsUp' }
  | { readonly type: 'api.finishes' }
  | { readonly type: 'speech.isPlayed' }
  /** More is said than can ever be heard in time. */
  | { readonly type: 'speech.pilesUp' }
  | { readonly type: 'agent.returns' }
  | { readonly type: 'agent.throws' }
  | { readonly type: 'carrier.dials' }
  /** It certainly does nothing. */
  | { readonly type: 'carrier.refuses' }
  /** No usable answer: it may dial, or not. */
  | { readonly type: 'carrier.isSilent' }
  | { readonly type: 'other.rings' }
  | { readonly type: 'other.answers' }
  | { readonly type: 'other.isThrough'; readonly outcome: DialOutcome }
  | { readonly type: 'leg.ends' }
  | { readonly type: 'stream.opens' }
  | { readonly type: 'stream.dies' }
  | { readonly type: 'stream.stalls' }
  | { readonly type: 'stream.stops' }
  | { readonly type: 'stream.goesQuiet' }
  | { readonly type: 'oldStream.dies' }
  | { readonly type: `time.${TransferWait}` }

export type TransferWait = 'drain' | 'ring' | 'silence' | 'grace' | 'limit'

export interface TransferContext {
  /** Ours. `quiet`: it may be dead. */
  readonly stream: 'up' | 'quiet' | 'gone'
  /** Streams that the call has had; the last is the present one. */
  readonly streams: number
  readonly isAgentThere: boolean
  /** How many agents have been started. */
  readonly agents: number
  readonly hasSuccessor: boolean
  /** Was it on hold when it was to be handed over? */
  readonly wasHeld: boolean
  /** Do they talk with each other? */
  readonly isBridged: boolean
  readonly outcome: DialOutcome | undefined
  readonly reason: Reason | undefined
}

const AT_FIRST: TransferContext = {
  stream: 'up',
  streams: 1,
  isAgentThere: true,
  agents: 1,
  hasSuccessor: false,
  wasHeld: false,
  isBridged: false,
  outcome: undefined,
  reason: undefined,
}

const transferSetup = setup({
  types: { context: {} as TransferContext, events: {} as TransferEvent },
  actions: {
    note: assign((_, params: Partial<TransferContext>) => params),
    noteSuccessor: assign(({ event }) => ('hasSuccessor' in event ? { hasSuccessor: event.hasSuccessor } : {})),
    noteOutcome: assign(({ event }) => ('outcome' in event ? { outcome: event.outcome } : {})),
    gainStream: assign(({ context }) => ({ stream: 'up' as const, streams: context.streams + 1 })),
    bringAgent: assign(({ context }) =>
      context.isAgentThere && !context.hasSuccessor ? {} : { isAgentThere: true, agents: context.agents + 1 },
    ),
    noteLegEnd: assign(({ context }) => ({
      reason: context.isBridged ? ('transferred' as const) : ('caller hung up' as const),
    })),
  },
  guards: {
    isUrgent: ({ event }) => 'isUrgent' in event && event.isUrgent,
    isFirst: ({ context }) => context.outcome === undefined,
    isFirstStream: ({ context }) => context.streams === 1,
    isAgentThere: ({ context }) => context.isAgentThere,
    isUp: ({ context }) => context.stream === 'up',
    isQuiet: ({ context }) => context.stream === 'quiet',
    isNotQuiet: ({ context }) => context.stream !== 'quiet',
    haveTalked: ({ event }) => 'outcome' in event && event.outcome === 'completed',
  },
})

const note = (params: Partial<TransferContext>) => ({ type: 'note', params }) as const
const streamGone = note({ stream: 'gone' })

/** The carrier is told to end the leg. */
const hungUp = (reason: Reason, ...more: ('noteOutcome' | ReturnType<typeof note>)[]) =>
  ({ target: '#handover.hungUp', actions: [note({ reason }), ...more] }) as const
const farEndIsGone = { target: '#handover.gone', actions: 'noteLegEnd' } as const

/** It waits for a fresh stream, whatever had become of the old one. */
const cameBack = (...actions: ('noteOutcome' | ReturnType<typeof note>)[]) =>
  ({
    target: '#handover.back',
    actions: [...actions, note({ stream: 'gone', isBridged: false }), 'bringAgent'],
  }) as const

const refused = note({ outcome: 'refused' })

const agentDone = { guard: 'isAgentThere', actions: note({ isAgentThere: false }) } as const
const agentBroke = { ...hungUp('agent failed'), guard: 'isAgentThere' } as const

const transfers = [
  { guard: 'isUrgent', target: '#handover.away', actions: 'noteSuccessor' },
  { target: '#handover.parting', actions: 'noteSuccessor' },
] as const

/** Nobody has asked what comes next: they talk, and that was not told. */
const isUnheard = { guard: 'isNotQuiet', target: 'joined' } as const

export const transferModel = transferSetup.createMachine({
  id: 'handover',
  context: AT_FIRST,
  initial: 'here',
  states: {
    /** With our agent. Once it has come back, there is little that is new. */
    here: {
      initial: 'heard',
      on: {
        'api.hangsUp': hungUp('hung up by API'),
        'leg.ends': farEndIsGone,
        'stream.stops': farEndIsGone,
        'speech.pilesUp': hungUp('queue overflow'),
      },
      states: {
        heard: {
          on: {
            'api.transfers': [
              { ...transfers[0], guard: and(['isFirst', 'isUrgent']) },
              { ...transfers[1], guard: 'isFirst' },
            ],
            'api.holds': { guard: 'isFirst', target: 'onHold' },
            'stream.dies': {
              guard: and(['isFirst', 'isFirstStream']),
              target: '#handover.cutOff',
              actions: streamGone,
            },
          },
        },
        onHold: {
          on: {
            'api.transfers': transfers.map((edge) => ({
              ...edge,
              actions: ['noteSuccessor', note({ wasHeld: true })],
            })),
            'api.resumes': 'heard',
          },
        },
      },
    },
    /** Without a stream, by no wish of ours. */
    cutOff: {
      initial: 'heard',
      on: {
        'api.transfers': { guard: 'isUrgent', target: 'away', actions: 'noteSuccessor' },
        'time.grace': hungUp('stream lost'),
        'speech.pilesUp': hungUp('queue overflow'),
      },
      states: {
        heard: { on: { 'api.holds': 'onHold', 'stream.opens': { target: '#handover.here', actions: 'gainStream' } } },
        onHold: {
          on: { 'api.resumes': 'heard', 'stream.opens': { target: '#handover.here.onHold', actions: 'gainStream' } },
        },
      },
    },
    /** Our last words are being played. */
    parting: {
      on: {
        'speech.isPlayed': 'away',
        'speech.pilesUp': hungUp('queue overflow'),
        'time.drain': 'away',
        'stream.dies': { target: 'away', actions: streamGone },
        'stream.stalls': { target: 'away', actions: streamGone },
        'stream.stops': farEndIsGone,
        'leg.ends': farEndIsGone,
        'stream.opens': { guard: 'isFirstStream', target: 'parting', actions: 'gainStream' },
        'agent.returns': agentDone,
        'agent.throws': agentBroke,
        'api.hangsUp': hungUp('hung up by API'),
        'api.finishes': { target: 'farewell', actions: note({ reason: 'draining' }) },
      },
    },
    /** With somebody else, or on the way there. */
    away: {
      initial: 'asked',
      entry: note({ wasHeld: false }),
      on: {
        'other.isThrough': [{ ...hungUp('transferred', 'noteOutcome'), guard: 'haveTalked' }, cameBack('noteOutcome')],
        'leg.ends': farEndIsGone,
        // However often, and when it is gone already.
        'stream.dies': { actions: streamGone },
        'stream.stalls': { actions: streamGone },
        'stream.stops': { actions: streamGone },
        'stream.goesQuiet': { guard: 'isUp', actions: note({ stream: 'quiet' }) },
        'time.silence': { guard: 'isQuiet', actions: streamGone },
        'agent.returns': agentDone,
        'agent.throws': agentBroke,
        'api.hangsUp': hungUp('hung up by API'),
        'api.finishes': hungUp('draining'),
        'other.answers': '.joined',
      },
      states: {
        /** The carrier has been asked to dial. */
        asked: {
          on: {
            'carrier.dials': 'dialled',
            'carrier.refuses': [
              { guard: 'isUp', target: '#handover.here', actions: [refused, 'bringAgent'] },
              { ...cameBack(refused), guard: 'isNotQuiet' },
            ],
            'carrier.isSilent': { ...cameBack(refused), guard: 'isNotQuiet' },
            'other.rings': { guard: 'isNotQuiet', target: 'ringing' },
            // Of before.
            'stream.opens': { guard: 'isFirstStream', actions: 'gainStream' },
          },
        },
        dialled: { on: { 'other.rings': { guard: 'isNotQuiet', target: 'ringing' }, 'time.ring': isUnheard } },
        ringing: { on: { 'time.ring': isUnheard } },
        joined: {
          entry: note({ isBridged: true }),
          on: { 'time.limit': { ...hungUp('time limit'), guard: 'isNotQuiet' } },
        },
      },
    },
    /** With us again, but for the stream. */
    back: {
      on: {
        'stream.opens': { target: 'here', actions: 'gainStream' },
        'time.grace': hungUp('stream lost'),
        'speech.pilesUp': hungUp('queue overflow'),
        'leg.ends': farEndIsGone,
        'agent.returns': hungUp('agent finished'),
        'api.hangsUp': hungUp('hung up by API'),
        'api.finishes': hungUp('draining'),
      },
    },
    farewell: { type: 'final' },
    hungUp: { type: 'final' },
    gone: { type: 'final' },
  },
})
