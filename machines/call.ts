import {
  asCommanded,
  asTheFarEndHungUp,
  asTheLegEnded,
  because,
  blaming,
  blamingTheAnswer,
  blamingWhatWasThrown,
  blamingWhatWasTold,
  forThisCall,
  hasBeenSilentTooOften,
  hasFailed,
  hasLostTooOften,
  isInDoubt,
  isOfOldStream,
  isSameStream,
  noteLegOfAnswer,
  noteLegOfEvent,
  noteLoss,
  noteLossBySilence,
  noteSilence,
  noteStream,
} from './call-notes.ts'
import { callSetup } from './call-setup.ts'
import { REASONS } from './reasons.ts'

/**
 * One phone call. The chart decides, what it invokes acts, and audio flows past it.
 *
 * Invariants
 * - K1 Every call ends in `ended` or `error`, with a reason: each state that waits has a timeout, each invoke an error edge.
 * - K2 The first reason stands: what goes wrong while cleaning up is a cause, never a new reason.
 * - K3 Who leaves for `stopping` while the carrier's leg may live goes through `hangingUp`, or `settling` if nobody knows.
 * - K4 A call is placed once. Who gives up while the carrier is still being asked waits for its answer, then hangs up.
 * - K5 Every edge bears duplicates and disorder: the carrier promises neither "once" nor "in order".
 */

const DRAIN = '#call.stopping.draining'
const SETTLE = '#call.stopping.settling'
const HANG_UP = '#call.stopping.hangingUp'
const RELEASE = '#call.stopping.releasing'

/** Admitted: the webhook has come, or the request to dial was accepted. Nothing has been started. */
const idle = callSetup.createStateConfig({
  after: {
    idleTimeout: { target: HANG_UP, actions: [because('internal error'), blaming('nobody told the call to connect')] },
  },
  on: {
    'call.connect': [
      { guard: 'isOutbound', target: '#call.connecting.dialing' },
      { target: '#call.connecting.awaitingStream' },
    ],
    'call.hangUp': { target: HANG_UP, actions: asCommanded },
    'call.finish': { target: HANG_UP, actions: asCommanded },
    'leg.ended': { target: RELEASE, actions: [noteLegOfEvent, asTheLegEnded] },
  },
})

const connecting = callSetup.createStateConfig({
  initial: 'awaitingStream',
  on: {
    'stream.started': { target: '#call.active', actions: noteStream },
    'stream.refused': { target: HANG_UP, actions: [because('unsupported media'), blamingWhatWasTold] },
    'leg.ended': { target: RELEASE, actions: [noteLegOfEvent, asTheLegEnded] },
    // Nothing has been said yet, so there is nothing to let finish.
    'call.hangUp': { target: HANG_UP, actions: asCommanded },
    'call.finish': { target: HANG_UP, actions: asCommanded },
  },
  states: {
    dialing: {
      initial: 'wanted',
      invoke: {
        id: 'placeCall',
        src: 'carrier',
        input: ({ context }) => ({ callId: context.id, command: 'placeCall' }),
        onDone: [
          { guard: isInDoubt, target: SETTLE, actions: [because('carrier refused'), blamingTheAnswer] },
          { guard: hasFailed, target: RELEASE, actions: [because('carrier refused'), blamingTheAnswer] },
          { guard: 'isUnwanted', target: HANG_UP, actions: noteLegOfAnswer },
          { target: 'ringing', actions: noteLegOfAnswer },
        ],
        onError: { target: SETTLE, actions: [because('internal error'), blamingWhatWasThrown] },
      },
      states: {
        // Callbacks may overtake the answer to our request; they prove that it was heard.
        wanted: {
          on: {
            'leg.ringing': { target: '#call.connecting.ringing', actions: noteLegOfEvent },
            'leg.answered': { target: '#call.connecting.awaitingStream', actions: noteLegOfEvent },
            'stream.refused': { target: 'unwanted', actions: [because('unsupported media'), blamingWhatWasTold] },
            'call.hangUp': { target: 'unwanted', actions: asCommanded },
            'call.finish': { target: 'unwanted', actions: asCommanded },
          },
        },
        unwanted: {
          entry: 'giveUpPlacing',
          on: {
            'leg.ringing': { target: HANG_UP, actions: noteLegOfEvent },
            'leg.answered': { target: HANG_UP, actions: noteLegOfEvent },
            'stream.started': { target: HANG_UP, actions: noteStream },
            // Whom to hang up on is not known yet.
            'stream.refused': {},
            'call.hangUp': {},
            'call.finish': {},
          },
        },
      },
    },
    ringing: {
      after: { ringTimeout: { target: HANG_UP, actions: because('no answer') } },
      on: { 'leg.answered': { target: 'awaitingStream', actions: noteLegOfEvent } },
    },
    awaitingStream: {
      after: { streamTimeout: { target: HANG_UP, actions: because('stream never came') } },
    },
  },
})

/**
 * Who has the floor. Both may speak at once; a barge-in is the agent's `clear` meanwhile, and leaves the floor to the
 * far end.
 */
const floor = callSetup.createStateConfig({
  initial: 'idle',
  states: {
    idle: { on: { 'speech.started': 'listening', 'playback.started': 'speaking' } },
    listening: { on: { 'speech.ended': 'idle', 'playback.started': 'speaking.over' } },
    speaking: {
      initial: 'alone',
      states: {
        alone: {
          on: {
            'speech.started': 'over',
            'playback.drained': '#call.active.floor.idle',
            'playback.cleared': '#call.active.floor.idle',
          },
        },
        over: {
          on: {
            'speech.ended': 'alone',
            'playback.drained': '#call.active.floor.listening',
            'playback.cleared': '#call.active.floor.listening',
          },
        },
      },
    },
  },
})

const stream = callSetup.createStateConfig({
  initial: 'flowing',
  on: {
    'stream.lost': [
      { guard: isOfOldStream },
      { guard: hasLostTooOften, target: HANG_UP, actions: [because('stream lost'), blamingWhatWasTold] },
      { target: '.lost.dropped', actions: noteLoss },
    ],
    'queue.stalled': [
      {
        guard: hasLostTooOften,
        target: HANG_UP,
        actions: [because('stream lost'), blaming('the socket took nothing for 1 s')],
      },
      { target: '.lost.dropped', actions: noteLoss },
    ],
    // A second stream for the same call takes it over; a fresh one ends the loss. One that is told of twice does neither.
    'stream.started': [{ guard: isSameStream }, { target: '.flowing', actions: noteStream }],
  },
  states: {
    flowing: { on: { 'media.silent': { target: 'silent', actions: noteSilence } } },
    silent: {
      on: { 'media.resumed': 'flowing' },
      after: {
        silenceTimeout: [
          { guard: hasBeenSilentTooOften, target: HANG_UP, actions: because('silence') },
          { target: 'lost.mute', actions: noteLossBySilence },
        ],
      },
    },
    lost: {
      entry: 'detachStream',
      initial: 'dropped',
      // The socket is gone already: its late words change nothing.
      on: { 'stream.lost': {}, 'queue.stalled': {} },
      states: {
        dropped: { after: { graceTimeout: { target: HANG_UP, actions: because('stream lost') } } },
        mute: { after: { graceTimeout: { target: HANG_UP, actions: because('silence') } } },
      },
    },
  },
})

const queue = callSetup.createStateConfig({
  initial: 'roomy',
  states: {
    roomy: { on: { 'queue.crowded': 'crowded' } },
    crowded: { on: { 'queue.relieved': 'roomy' } },
  },
})

const active = callSetup.createStateConfig({
  type: 'parallel',
  invoke: [
    {
      id: 'inbound',
      src: 'inbound',
      input: forThisCall,
      onError: { target: HANG_UP, actions: [because('internal error'), blamingWhatWasThrown] },
    },
    {
      id: 'outbound',
      src: 'outbound',
      input: forThisCall,
      onError: { target: HANG_UP, actions: [because('internal error'), blamingWhatWasThrown] },
    },
    {
      id: 'agent',
      src: 'agent',
      input: forThisCall,
      onDone: [
        // There is no line on which its last words could be heard.
        { guard: 'isDetached', target: HANG_UP, actions: because('agent finished') },
        { target: DRAIN, actions: because('agent finished') },
      ],
      onError: { target: HANG_UP, actions: [because('agent failed'), blamingWhatWasThrown] },
    },
  ],
  after: { timeLimit: { target: HANG_UP, actions: because('time limit') } },
  on: {
    'call.finish': [
      { guard: 'isDetached', target: HANG_UP, actions: asCommanded },
      { target: DRAIN, actions: asCommanded },
    ],
    'call.hangUp': { target: HANG_UP, actions: asCommanded },
    'leg.ended': { target: RELEASE, actions: asTheLegEnded },
    'stream.stopped': [{ guard: isOfOldStream }, { target: RELEASE, actions: asTheFarEndHungUp }],
    'stream.refused': { target: HANG_UP, actions: [because('unsupported media'), blamingWhatWasTold] },
    'digit.received': { actions: 'countDigit' },
  },
  states: { floor, stream, queue },
})

const settled = [{ guard: 'isFault', target: '#call.error' }, { target: '#call.ended' }] as const

/** Cleaning up, written once. Faults come this way too. */
const stopping = callSetup.createStateConfig({
  initial: 'hangingUp',
  on: { 'leg.ended': RELEASE },
  states: {
    draining: {
      invoke: {
        id: 'outbound',
        src: 'outbound',
        input: ({ context }) => ({ callId: context.id, isDraining: true }),
        onError: { target: 'hangingUp', actions: blamingWhatWasThrown },
      },
      after: { drainTimeout: 'hangingUp' },
      on: {
        'playback.drained': 'hangingUp',
        'queue.stalled': 'hangingUp',
        'stream.lost': [{ guard: isOfOldStream }, { target: 'hangingUp' }],
        'call.hangUp': 'hangingUp',
        'stream.stopped': [{ guard: isOfOldStream }, { target: 'releasing' }],
      },
    },
    // The carrier gave no usable answer to our request to dial: if it heard us, we shall hear of a leg to hang up on.
    settling: {
      after: { settleTimeout: 'releasing' },
      on: {
        'leg.ringing': { target: 'hangingUp', actions: noteLegOfEvent },
        'leg.answered': { target: 'hangingUp', actions: noteLegOfEvent },
        'stream.started': { target: 'hangingUp', actions: noteStream },
      },
    },
    hangingUp: {
      always: { guard: 'hasNoLeg', target: 'releasing' },
      invoke: {
        id: 'hangUp',
        src: 'carrier',
        input: ({ context }) => ({ callId: context.id, command: 'hangUp', callSid: context.callSid }),
        onDone: [{ guard: hasFailed, target: 'releasing', actions: blamingTheAnswer }, { target: 'releasing' }],
        onError: { target: 'releasing', actions: blamingWhatWasThrown },
      },
      after: {
        hangUpTimeout: { target: 'releasing', actions: blaming('the carrier did not confirm the hang-up in time') },
      },
    },
    releasing: {
      invoke: {
        id: 'release',
        src: 'release',
        input: forThisCall,
        onDone: settled,
        onError: settled.map((edge) => ({ ...edge, actions: blamingWhatWasThrown })),
      },
      on: { 'leg.ended': {} },
      after: {
        releaseTimeout: settled.map((edge) => ({ ...edge, actions: blaming('the call did not let go in time') })),
      },
    },
  },
})

export const callMachine = callSetup.createMachine({
  id: 'call',
  // A cycle of `always` would otherwise hold the event loop, and with it every other call, for ever.
  options: { maxIterations: 100 },
  context: ({ input }) => ({
    id: input.id,
    direction: input.direction,
    timing: input.timing,
    callSid: input.callSid,
    streamSid: undefined,
    reason: undefined,
    cause: undefined,
    losses: [],
    silentAt: 0,
    digits: 0,
  }),
  initial: 'idle',
  states: {
    idle,
    connecting,
    active,
    stopping,
    ended: { type: 'final' },
    error: { type: 'final' },
  },
  output: ({ context }) => {
    const reason = context.reason ?? 'internal error'
    return { state: REASONS[reason], reason, cause: context.cause }
  },
})
