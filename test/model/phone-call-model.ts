import { assign, setup } from 'xstate'
import type { Direction, LegOutcome, Reason } from '../../machines/reasons.ts'
import type { PhoneCallEvent } from './phone-call-events.ts'

/**
 * A phone call as the carrier and the caller see it, written without a look at `machines/call.ts`: what must have become
 * of the call after each thing that happens. It invokes nothing and waits for nothing; answers and time are events.
 */

export interface PhoneCallContext {
  readonly direction: Direction
  /** Is there a leg that could be hung up on? */
  readonly hasLeg: boolean
  /** How often the carrier was asked to place the call. */
  readonly orders: number
  /** Streams that the call has had; the last is the present one. */
  readonly streams: number
  readonly losses: number
  readonly isHungUpOn: boolean
  /** Has it not come the straight way? From where it has arrived it goes on like any other. */
  readonly isRoundabout: boolean
  readonly reason: Reason | undefined
  /** Is the operator told that something went wrong? */
  readonly isBlamed: boolean
}

const OUTCOMES: Record<Exclude<LegOutcome, 'completed'>, Reason> = {
  busy: 'busy',
  'no-answer': 'no answer',
  failed: 'failed',
  canceled: 'canceled',
}

const FAULTS: ReadonlySet<Reason | undefined> = new Set<Reason>([
  'stream never came',
  'stream lost',
  'queue overflow',
  'agent failed',
  'carrier refused',
  'unsupported media',
  'internal error',
])

/** Whether a call that ends for this reason has failed. */
export const isFault = (reason: Reason | undefined): boolean => FAULTS.has(reason)

/** The first reason stands. */
const modelSetup = setup({
  types: {
    input: {} as { readonly direction: Direction },
    context: {} as PhoneCallContext,
    events: {} as PhoneCallEvent,
  },
  actions: {
    because: assign(({ context }, params: { readonly reason: Reason }) => ({
      reason: context.reason ?? params.reason,
    })),
    becauseOfTheApi: assign(({ context, event }) =>
      'reason' in event ? { reason: context.reason ?? event.reason } : {},
    ),
    becauseTheLegEnded: assign(({ context, event }) => {
      const outcome = 'outcome' in event ? event.outcome : 'completed'
      const who: Reason = context.direction === 'inbound' ? 'caller hung up' : 'callee hung up'
      return { reason: context.reason ?? (outcome === 'completed' ? who : OUTCOMES[outcome]), hasLeg: false }
    }),
    blame: assign({ isBlamed: true }),
    adopt: assign({ isRoundabout: true }),
    doubt: assign({ isBlamed: true, isRoundabout: true }),
    order: assign(({ context }) => ({ orders: context.orders + 1 })),
    gainLeg: assign({ hasLeg: true }),
    gainStream: assign(({ context }) => ({ streams: context.streams + 1, hasLeg: true })),
    loseStream: assign(({ context }) => ({ losses: context.losses + 1 })),
    hangUp: assign({ isHungUpOn: true }),
    forgetStreams: assign({ streams: 0, losses: 0 }),
  },
  guards: {
    isOutbound: ({ context }) => context.direction === 'outbound',
    hasLeg: ({ context }) => context.hasLeg,
    isFirstStream: ({ context }) => context.streams === 1,
    isThirdLoss: ({ context }) => context.losses === 2,
  },
})

const because = (reason: Reason) => ({ type: 'because', params: { reason } }) as const
const refused = because('carrier refused')
const notDialled = [because('not dialled'), 'blame'] as const
const foreign = [because('unsupported media'), 'blame'] as const
const lost = because('stream lost')

/** Nobody can be hung up on before the carrier has given the call a leg. */
const leave = <const Action>(action: Action) =>
  [
    { guard: 'hasLeg', target: '#phone.hangingUp', actions: action },
    { target: '#phone.lettingGo', actions: action },
  ] as const

/** On the way to a conversation. */
const beforehand = {
  'stream.opens': { target: '#phone.talking', actions: 'gainStream' },
  'leg.ends': { target: '#phone.lettingGo', actions: 'becauseTheLegEnded' },
} as const

const noStreamYet = {
  ...beforehand,
  'stream.isForeign': { target: '#phone.hangingUp', actions: foreign },
  'api.hangsUp': { target: '#phone.hangingUp', actions: 'becauseOfTheApi' },
  'api.finishes': { target: '#phone.hangingUp', actions: 'becauseOfTheApi' },
} as const

const loses = [
  { guard: 'isThirdLoss', target: '#phone.hangingUp', actions: [lost, 'blame'] },
  { target: '#phone.cutOff.dropped', actions: 'loseStream' },
] as const

/** The first sign of life, from whatever side. */
const proofsOfLife = (target: '#phone.hangingUp') =>
  ({
    'phone.rings': { target, actions: 'gainLeg' },
    'phone.isAnswered': { target, actions: 'gainLeg' },
    'stream.opens': { target, actions: 'gainStream' },
    'leg.ends': { target: '#phone.lettingGo', actions: 'becauseTheLegEnded' },
  }) as const

export const phoneCallModel = modelSetup.createMachine({
  id: 'phone',
  context: ({ input: { direction } }) => ({
    direction,
    hasLeg: direction === 'inbound',
    orders: 0,
    streams: 0,
    losses: 0,
    isHungUpOn: false,
    isRoundabout: false,
    reason: undefined,
    isBlamed: false,
  }),
  initial: 'announced',
  states: {
    /** The carrier's webhook, or somebody's wish for a call, has come. */
    announced: {
      on: {
        'server.connects': [{ guard: 'isOutbound', target: 'queued' }, { target: 'expecting' }],
        'server.adopts': { guard: 'hasLeg', target: 'expecting', actions: 'adopt' },
        'api.hangsUp': leave('becauseOfTheApi'),
        'api.finishes': leave('becauseOfTheApi'),
        'leg.ends': { target: 'lettingGo', actions: 'becauseTheLegEnded' },
        'time.idle': leave([because('internal error'), 'blame']),
      },
    },
    /** Others are dialled first. */
    queued: {
      on: {
        ...beforehand,
        'turn.comes': 'ordering',
        'turn.isDenied': { target: 'lettingGo', actions: notDialled },
        'time.queue': { target: 'lettingGo', actions: notDialled },
        'api.hangsUp': { target: 'lettingGo', actions: 'becauseOfTheApi' },
        'api.finishes': { target: 'lettingGo', actions: 'becauseOfTheApi' },
        'stream.isForeign': { target: 'lettingGo', actions: foreign },
      },
    },
    /** The carrier has been asked to ring somebody. */
    ordering: {
      entry: 'order',
      initial: 'asked',
      on: {
        ...beforehand,
        'phone.rings': { target: 'ringing', actions: 'gainLeg' },
        'phone.isAnswered': { target: 'expecting', actions: 'gainLeg' },
      },
      states: {
        asked: {
          on: {
            'carrier.accepts': { target: '#phone.ringing', actions: 'gainLeg' },
            'carrier.refuses': { target: '#phone.lettingGo', actions: [refused, 'blame'] },
            'carrier.fails': { target: '#phone.unsure', actions: 'doubt' },
            'time.answer': { target: '#phone.unsure', actions: 'doubt' },
            'carrier.isBusy': 'putOff',
            'api.hangsUp': { target: '#phone.unwanted', actions: 'becauseOfTheApi' },
            'api.finishes': { target: '#phone.unwanted', actions: 'becauseOfTheApi' },
            'stream.isForeign': { target: '#phone.unwanted', actions: foreign },
          },
        },
        putOff: {
          on: {
            'time.backoff': { target: '#phone.askedAgain', actions: 'order' },
            'api.hangsUp': { target: '#phone.lettingGo', actions: ['becauseOfTheApi', 'blame'] },
            'api.finishes': { target: '#phone.lettingGo', actions: ['becauseOfTheApi', 'blame'] },
            'stream.isForeign': { target: '#phone.lettingGo', actions: foreign },
          },
        },
      },
    },
    /** As if it had been asked for the first time: nothing else is told of it here. */
    askedAgain: { on: { 'carrier.accepts': { target: 'ringing', actions: 'gainLeg' } } },
    /** Asked, but nobody wants the call any more; there is no leg to hang up on yet. */
    unwanted: {
      on: {
        ...proofsOfLife('#phone.hangingUp'),
        'carrier.accepts': { target: 'hangingUp', actions: 'gainLeg' },
        'carrier.refuses': { target: 'lettingGo', actions: 'blame' },
        'carrier.isBusy': { target: 'lettingGo', actions: 'blame' },
        'carrier.fails': { target: 'doubtful', actions: 'blame' },
        'time.answer': { target: 'doubtful', actions: 'blame' },
      },
    },
    /** Wanted, and nobody knows whether somebody is being rung. It must not be asked for once more. */
    unsure: {
      initial: 'waiting',
      on: {
        'phone.rings': { target: 'ringing', actions: 'gainLeg' },
        'phone.isAnswered': { target: 'expecting', actions: 'gainLeg' },
        'stream.opens': { target: 'talking', actions: 'gainStream' },
        'leg.ends': { target: 'lettingGo', actions: 'becauseTheLegEnded' },
        'stream.isForeign': { target: 'doubtful', actions: foreign },
        'api.hangsUp': { target: 'doubtful', actions: 'becauseOfTheApi' },
        'api.finishes': { target: 'doubtful', actions: 'becauseOfTheApi' },
      },
      states: {
        waiting: { on: { 'time.doubt': 'looking' } },
        looking: {
          on: {
            'carrier.finds': { target: '#phone.ringing', actions: 'gainLeg' },
            'carrier.findsNothing': { target: '#phone.lettingGo', actions: refused },
            'carrier.cannotLook': { target: '#phone.doubtful', actions: refused },
            'time.lookUp': { target: '#phone.doubtful', actions: refused },
          },
        },
      },
    },
    ringing: {
      on: {
        ...noStreamYet,
        'phone.isAnswered': 'expecting',
        'time.ring': { target: 'hangingUp', actions: because('no answer') },
      },
    },
    /** Answered: a stream is to come. */
    expecting: {
      on: { ...noStreamYet, 'time.stream': { target: 'hangingUp', actions: because('stream never came') } },
    },
    talking: {
      initial: 'heard',
      on: {
        'leg.ends': { target: 'lettingGo', actions: 'becauseTheLegEnded' },
        'stream.stops': { target: 'lettingGo', actions: 'becauseTheLegEnded' },
        'stream.opens': { guard: 'isFirstStream', target: '.heard', actions: 'gainStream' },
        'stream.dies': loses,
        'stream.stalls': loses,
        'stream.isForeign': { target: 'hangingUp', actions: foreign },
        'agent.returns': { target: 'farewell', actions: because('agent finished') },
        'agent.throws': { target: 'hangingUp', actions: [because('agent failed'), 'blame'] },
        'speech.pilesUp': { target: 'hangingUp', actions: [because('queue overflow'), 'blame'] },
        'api.finishes': { target: 'farewell', actions: 'becauseOfTheApi' },
        'api.hangsUp': { target: 'hangingUp', actions: 'becauseOfTheApi' },
      },
      states: {
        heard: {
          on: {
            'stream.goesQuiet': 'quiet',
            'time.limit': { target: '#phone.hangingUp', actions: because('time limit') },
          },
        },
        quiet: {
          on: {
            'stream.isHeard': 'heard',
            'time.silence': [
              { guard: 'isThirdLoss', target: '#phone.hangingUp', actions: because('silence') },
              { target: '#phone.cutOff.mute', actions: 'loseStream' },
            ],
          },
        },
      },
    },
    /** The leg lives, without a stream: a fresh one may come. */
    cutOff: {
      initial: 'dropped',
      on: {
        'stream.opens': { target: 'talking', actions: 'gainStream' },
        'leg.ends': { target: 'lettingGo', actions: 'becauseTheLegEnded' },
        'stream.stops': { target: 'lettingGo', actions: 'becauseTheLegEnded' },
        'stream.isForeign': { target: 'hangingUp', actions: foreign },
        // Nobody could hear what is still to be said.
        'agent.returns': { target: 'hangingUp', actions: because('agent finished') },
        'agent.throws': { target: 'hangingUp', actions: [because('agent failed'), 'blame'] },
        'speech.pilesUp': { target: 'hangingUp', actions: [because('queue overflow'), 'blame'] },
        'api.finishes': { target: 'hangingUp', actions: 'becauseOfTheApi' },
        'api.hangsUp': { target: 'hangingUp', actions: 'becauseOfTheApi' },
      },
      states: {
        dropped: { on: { 'time.grace': { target: '#phone.hangingUp', actions: lost } } },
        mute: { on: { 'time.grace': { target: '#phone.hangingUp', actions: because('silence') } } },
      },
    },
    /** What was said last is still being played to the caller. */
    farewell: {
      on: {
        'speech.isPlayed': 'hangingUp',
        'stream.dies': 'hangingUp',
        'stream.stalls': 'hangingUp',
        'api.hangsUp': 'hangingUp',
        'time.drain': 'hangingUp',
        'stream.stops': 'lettingGo',
        'leg.ends': 'lettingGo',
      },
    },
    /** Not wanted, and nobody knows whether somebody is being rung. */
    doubtful: {
      initial: 'waiting',
      on: proofsOfLife('#phone.hangingUp'),
      states: {
        waiting: { on: { 'time.settle': 'looking' } },
        looking: {
          on: {
            'carrier.finds': { target: '#phone.hangingUp', actions: 'gainLeg' },
            'carrier.findsNothing': '#phone.lettingGo',
            'carrier.cannotLook': '#phone.lettingGo',
            'time.lookUp': '#phone.lettingGo',
          },
        },
      },
    },
    hangingUp: {
      entry: ['forgetStreams', 'hangUp'],
      on: {
        'carrier.hangsUp': 'lettingGo',
        'carrier.doesNotHangUp': { target: 'lettingGo', actions: 'blame' },
        'leg.ends': 'lettingGo',
        'time.hangUp': { target: 'lettingGo', actions: 'blame' },
      },
    },
    /** Only our own side has something left to do. */
    lettingGo: {
      entry: 'forgetStreams',
      on: {
        'server.letsGo': 'over',
        'server.cannotLetGo': { target: 'over', actions: 'blame' },
        'time.release': { target: 'over', actions: 'blame' },
      },
    },
    over: { type: 'final' },
  },
})
