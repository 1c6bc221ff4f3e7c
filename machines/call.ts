import { active, HANG_UP, RELEASE } from './call-active.ts'
import {
  asCommanded,
  asDoubted,
  asTheLegEnded,
  because,
  blaming,
  blamingTheAnswer,
  blamingWhatWasThrown,
  blamingWhatWasTold,
  forThisCall,
  hasFailed,
  hasFound,
  isInDoubt,
  isOfOldStream,
  noteAnsweredBy,
  noteLegOfAnswer,
  noteLegOfEvent,
  noteStream,
  notingDoubt,
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

const SETTLE = '#call.stopping.settling'

/** Admitted: the webhook has come, or the request to dial was accepted. Nothing has been started. */
const idle = callSetup.createStateConfig({
  after: {
    idleTimeout: { target: HANG_UP, actions: [because('internal error'), blaming('nobody told the call to connect')] },
  },
  on: {
    'call.connect': [
      { guard: 'isOutbound', target: '#call.connecting.queued' },
      { target: '#call.connecting.awaitingStream' },
    ],
    'call.adopt': '#call.connecting.awaitingStream',
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
    'leg.detected': { actions: noteAnsweredBy },
    // Nothing has been said yet, so there is nothing to let finish.
    'call.hangUp': { target: HANG_UP, actions: asCommanded },
    'call.finish': { target: HANG_UP, actions: asCommanded },
  },
  states: {
    queued: {
      invoke: {
        id: 'turn',
        src: 'turn',
        input: forThisCall,
        onDone: 'dialing',
        onError: { target: RELEASE, actions: [because('not dialled'), blamingWhatWasThrown] },
      },
      after: {
        queueTimeout: {
          target: RELEASE,
          actions: [because('not dialled'), blaming('its turn to be dialled did not come in time')],
        },
      },
    },
    dialing: {
      initial: 'wanted',
      invoke: {
        id: 'placeCall',
        src: 'carrier',
        input: ({ context }) => ({ callId: context.id, command: 'placeCall' }),
        onDone: [
          { guard: isInDoubt, target: 'doubtful', actions: notingDoubt },
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
    // The carrier gave no usable answer: it may have placed the call, or not. It is asked to show, never to dial again.
    doubtful: {
      initial: 'waiting',
      always: { guard: 'isDecided', target: SETTLE },
      on: {
        'leg.ringing': { target: 'ringing', actions: noteLegOfEvent },
        'leg.answered': { target: 'awaitingStream', actions: noteLegOfEvent },
        // Whom to hang up on is not known yet.
        'stream.refused': { target: SETTLE, actions: [because('unsupported media'), blamingWhatWasTold] },
        'call.hangUp': { target: SETTLE, actions: asCommanded },
        'call.finish': { target: SETTLE, actions: asCommanded },
      },
      states: {
        waiting: { after: { doubtTimeout: 'lookingUp' } },
        lookingUp: {
          invoke: {
            id: 'findCall',
            src: 'carrier',
            input: ({ context }) => ({ callId: context.id, command: 'findCall' }),
            onDone: [
              { guard: hasFound, target: '#call.connecting.ringing', actions: noteLegOfAnswer },
              // Nobody knows any more than before (K3).
              { guard: hasFailed, target: SETTLE, actions: asDoubted },
              { target: RELEASE, actions: asDoubted },
            ],
            onError: { target: SETTLE, actions: asDoubted },
          },
          after: { lookUpTimeout: { target: SETTLE, actions: asDoubted } },
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
      initial: 'waiting',
      states: {
        waiting: { after: { settleTimeout: 'lookingUp' } },
        lookingUp: {
          invoke: {
            id: 'findCall',
            src: 'carrier',
            input: ({ context }) => ({ callId: context.id, command: 'findCall' }),
            onDone: [
              { guard: hasFound, target: '#call.stopping.hangingUp', actions: noteLegOfAnswer },
              { target: '#call.stopping.releasing' },
            ],
            onError: '#call.stopping.releasing',
          },
          after: { lookUpTimeout: '#call.stopping.releasing' },
        },
      },
      on: {
        'leg.ringing': { target: 'hangingUp', actions: noteLegOfEvent },
        'leg.answered': { target: 'hangingUp', actions: noteLegOfEvent },
        'stream.started': { target: 'hangingUp', actions: noteStream },
      },
    },
    hangingUp: {
      // However long the carrier takes, nobody is to hear more.
      entry: 'cutSpeech',
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
    doubt: undefined,
    losses: [],
    silentAt: 0,
    digits: 0,
    answeredBy: undefined,
    transfer: { ringMs: 0, hasSuccessor: false, isBridged: false },
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
    return { state: REASONS[reason], reason, cause: context.cause ?? context.doubt }
  },
})
