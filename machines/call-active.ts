import {
  asCommanded,
  asTheFarEndHungUp,
  asTheLegEnded,
  because,
  blaming,
  blamingWhatWasThrown,
  blamingWhatWasTold,
  forThisCall,
  hasBeenSilentTooOften,
  hasLostTooOften,
  hasTalked,
  isOfOldStream,
  isSameStream,
  isUrgent,
  mayHaveLeft,
  noteAnsweredBy,
  noteLoss,
  noteLossBySilence,
  noteSilence,
  noteStream,
  noteTransfer,
  tellRecording,
  tellRecordingThrown,
  tellReturned,
  tellReturnedAfterAll,
  tellTransfer,
  tellTransferThrown,
} from './call-notes.ts'
import { callSetup } from './call-setup.ts'

/** A call whose stream is up, region by region: each decides one thing, and none waits for another. */

export const DRAIN = '#call.stopping.draining'
export const HANG_UP = '#call.stopping.hangingUp'
export const RELEASE = '#call.stopping.releasing'

/**
 * Who has the floor. Both may speak at once; a barge-in is the agent's `clear` meanwhile, and leaves the floor to the
 * far end.
 */
const floor = callSetup.createStateConfig({
  initial: 'idle',
  on: { 'call.left': '.away' },
  states: {
    // Neither is heard: here, and nowhere else, time runs against them both; but whoever is on hold waits.
    idle: {
      after: {
        quietLimit: [
          { guard: 'isHeld', target: 'idle', reenter: true },
          { target: HANG_UP, actions: because('idle') },
        ],
      },
      on: {
        'speech.started': 'listening',
        'playback.started': 'speaking',
        'call.resume': { target: 'idle', reenter: true },
      },
    },
    // They talk with somebody else.
    away: { on: { 'call.returned': 'idle' } },
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
      { guard: 'isAway', target: '.elsewhere' },
      { guard: hasLostTooOften, target: HANG_UP, actions: [because('stream lost'), blamingWhatWasTold] },
      { target: '.lost.dropped', actions: noteLoss },
    ],
    'queue.stalled': [
      { guard: 'isAway', target: '.elsewhere' },
      {
        guard: hasLostTooOften,
        target: HANG_UP,
        actions: [because('stream lost'), blaming('the socket took nothing for 1 s')],
      },
      { target: '.lost.dropped', actions: noteLoss },
    ],
    // The carrier ends the stream of a call that it connects with somebody else; else it is the far end that has gone.
    'stream.stopped': [
      { guard: isOfOldStream },
      { guard: 'isAway', target: '.elsewhere' },
      { target: RELEASE, actions: asTheFarEndHungUp },
    ],
    // A second stream for the same call takes it over; a fresh one ends the loss. One that is told of twice does neither.
    'stream.started': [{ guard: isSameStream }, { target: '.flowing', actions: noteStream }],
    // The stream that it left us with is dead, even if the carrier has not said so; of one that never left, it lives.
    'call.returned': { guard: mayHaveLeft, target: '.lost.dropped' },
  },
  states: {
    flowing: { on: { 'media.silent': { target: 'silent', actions: noteSilence } } },
    silent: {
      on: { 'media.resumed': 'flowing' },
      after: {
        silenceTimeout: [
          { guard: 'isAway', target: 'elsewhere' },
          { guard: hasBeenSilentTooOften, target: HANG_UP, actions: because('silence') },
          { target: 'lost.mute', actions: noteLossBySilence },
        ],
      },
    },
    elsewhere: {
      entry: 'detachStream',
      on: {
        'stream.lost': {},
        'stream.stopped': {},
        'queue.stalled': {},
        // Asked what comes next, we have given the carrier a fresh stream to open.
        'call.returned': 'lost.dropped',
      },
    },
    lost: {
      entry: 'detachStream',
      initial: 'dropped',
      // The socket is gone already: its late words change nothing.
      on: { 'stream.lost': {}, 'queue.stalled': {}, 'call.left': 'elsewhere' },
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

/** The user's code, and how long it may keep silent. */
const agent = callSetup.createStateConfig({
  initial: 'running',
  states: {
    running: {
      initial: 'quiet',
      invoke: {
        id: 'agent',
        src: 'agent',
        input: forThisCall,
        onDone: [
          // It has handed the call over, and may be wanted again.
          { guard: 'isHandingOver', target: 'absent' },
          // There is no line on which its last words could be heard.
          { guard: 'isDetached', target: HANG_UP, actions: because('agent finished') },
          { target: DRAIN, actions: because('agent finished') },
        ],
        onError: { target: HANG_UP, actions: [because('agent failed'), blamingWhatWasThrown] },
      },
      on: {
        'call.hold': [{ guard: 'isHandingOver' }, { target: '.waiting' }],
        'call.left': '.waiting',
        'call.returned': [{ guard: 'hasSuccessor', target: 'running', reenter: true }, { target: '.quiet' }],
      },
      states: {
        quiet: {
          after: { agentSilenceLimit: { target: HANG_UP, actions: because('agent silent') } },
          on: { 'playback.started': 'speaking' },
        },
        speaking: { on: { 'playback.drained': 'quiet', 'playback.cleared': 'quiet' } },
        waiting: {
          on: {
            'call.resume': [
              { guard: 'isHandingOver' },
              // It goes on from the first word that was not heard.
              { guard: 'isSpeaking', target: 'speaking' },
              { target: 'quiet' },
            ],
          },
        },
      },
    },
    absent: { on: { 'call.returned': 'running' } },
  },
})

const hold = callSetup.createStateConfig({
  initial: 'talking',
  states: {
    // Whoever is handed over is not ours to put on hold.
    talking: { on: { 'call.hold': [{ guard: 'isHandingOver' }, { target: 'held' }] } },
    held: {
      entry: 'holdLine',
      exit: 'resumeLine',
      // What the agent still has to say is said before the far end goes.
      on: { 'call.resume': 'talking', 'call.transfer': 'talking' },
    },
  },
})

/** The far end is handed over to somebody else, and comes back if that one does not answer. */
const transfer = callSetup.createStateConfig({
  initial: 'none',
  states: {
    none: {
      on: {
        'call.transfer': [
          { guard: isUrgent, target: 'away', actions: noteTransfer },
          { target: 'leaving', actions: noteTransfer },
        ],
      },
    },
    leaving: {
      invoke: {
        id: 'lastWords',
        src: 'outbound',
        input: ({ context }) => ({ callId: context.id, isDraining: true }),
        onError: 'away',
      },
      after: { drainTimeout: 'away' },
      on: {
        'playback.drained': 'away',
        // Nothing more of it can be heard.
        'queue.stalled': 'away',
        'stream.lost': [{ guard: isOfOldStream }, { target: 'away' }],
      },
    },
    away: {
      // What was not heard by now is not to be heard when they come back.
      entry: ['tellRegionsLeft', 'cutSpeech'],
      invoke: {
        id: 'transfer',
        src: 'transfer',
        input: ({ context }) => ({ callId: context.id, callSid: context.callSid, ringMs: context.transfer.ringMs }),
        onDone: [
          { guard: hasTalked, target: HANG_UP, actions: [because('transferred'), tellTransfer] },
          { target: 'none', actions: ['forgetBridge', tellTransfer, tellReturned] },
        ],
        onError: { target: 'none', actions: ['forgetBridge', tellTransferThrown, tellReturnedAfterAll] },
      },
      on: {
        'dial.ringing': { actions: 'passToTransfer' },
        'dial.answered': { actions: ['noteBridge', 'passToTransfer'] },
        'dial.ended': { actions: 'passToTransfer' },
        'bridge.presumed': { actions: ['noteBridge', 'tellPresumed'] },
      },
    },
  },
})

/** The carrier's own recording of the call. */
const recording = callSetup.createStateConfig({
  initial: 'off',
  states: {
    off: { on: { 'call.record': 'on' } },
    on: {
      invoke: {
        id: 'recording',
        src: 'recording',
        input: ({ context }) => ({ callId: context.id, callSid: context.callSid }),
        // Whoever hears that it is over may start another: it is told here, where that will be heeded.
        onDone: { target: 'off', actions: tellRecording },
        onError: { target: 'off', actions: tellRecordingThrown },
      },
      on: {
        'call.pauseRecording': { actions: 'passToRecording' },
        'call.resumeRecording': { actions: 'passToRecording' },
        'call.stopRecording': { actions: 'passToRecording' },
      },
    },
  },
})

export const active = callSetup.createStateConfig({
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
  ],
  after: { timeLimit: { target: HANG_UP, actions: because('time limit') } },
  on: {
    'call.finish': [
      { guard: 'isDetached', target: HANG_UP, actions: asCommanded },
      { target: DRAIN, actions: asCommanded },
    ],
    'call.hangUp': { target: HANG_UP, actions: asCommanded },
    'leg.ended': { target: RELEASE, actions: asTheLegEnded },
    'stream.refused': { target: HANG_UP, actions: [because('unsupported media'), blamingWhatWasTold] },
    // What is said to nobody, while they talk with somebody else, is not worth their call.
    'queue.overflowed': [
      { guard: 'isAway' },
      {
        target: HANG_UP,
        actions: [because('queue overflow'), blaming('more waited to be said than the call allows')],
      },
    ],
    'leg.detected': { actions: noteAnsweredBy },
    'digit.received': { actions: 'countDigit' },
  },
  states: { floor, stream, queue, agent, hold, transfer, recording },
})
