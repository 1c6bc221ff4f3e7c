import * as fc from 'fast-check'
import type { CallEvent, DialOutcome } from '../../machines/call-events.ts'
import type { LegOutcome } from '../../machines/reasons.ts'
import { RING_MS } from './call/opening.ts'
import { CALL_SID, CallUnderTest, TIMING } from './call-under-test.ts'
import type { Request } from './fake-children.ts'

/** Steps of random walks: whatever is told, in whatever order and how often, and whatever the children answer. */

export type Step =
  | { readonly tell: CallEvent }
  | { readonly answer: Request['command'] }
  | { readonly fail: Request['command']; readonly code: string }
  | { readonly wait: number }

const OUTCOMES: readonly LegOutcome[] = ['completed', 'busy', 'no-answer', 'failed', 'canceled']
const CODES = ['CARRIER_RATE_LIMITED', 'CARRIER_REFUSED', 'CARRIER_TIMEOUT', 'CARRIER_UNAVAILABLE', 'EACCES'] as const

const streamSid = fc.constantFrom('MZ1', 'MZ2')
const at = fc.nat({ max: 200_000 })

/** Facts of every kind; what ends a call at once is rarer, so that walks get far. */
const fact: fc.Arbitrary<CallEvent> = fc.oneof(
  { weight: 8, arbitrary: fc.constant<CallEvent>({ type: 'call.connect' }) },
  { weight: 4, arbitrary: fc.constant<CallEvent>({ type: 'leg.ringing', callSid: CALL_SID }) },
  { weight: 4, arbitrary: fc.constant<CallEvent>({ type: 'leg.answered', callSid: CALL_SID }) },
  {
    weight: 6,
    arbitrary: streamSid.map<CallEvent>((sid) => ({ type: 'stream.started', streamSid: sid, callSid: CALL_SID })),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant('stream.lost'), at, cause: fc.constant('gone'), streamSid }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('media.silent', 'queue.stalled'), at }) },
  {
    weight: 24,
    arbitrary: fc.record({
      type: fc.constantFrom(
        'media.resumed',
        'speech.started',
        'speech.ended',
        'digit.received',
        'playback.started',
        'playback.drained',
        'playback.cleared',
        'queue.crowded',
        'queue.relieved',
        'call.hold',
        'call.resume',
        'call.record',
        'call.pauseRecording',
        'call.resumeRecording',
        'call.stopRecording',
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('call.transfer'),
      isUrgent: fc.boolean(),
      hasSuccessor: fc.boolean(),
      ringMs: fc.constant(RING_MS),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: fc.constantFrom('dial.ringing', 'dial.answered') }) },
  {
    weight: 3,
    arbitrary: fc.record({ type: fc.constant('dial.ended'), outcome: fc.constantFrom<DialOutcome[]>(...OUTCOMES) }),
  },
  { weight: 2, arbitrary: fc.constant<CallEvent>({ type: 'leg.detected', answeredBy: 'human' }) },
  { weight: 1, arbitrary: streamSid.map<CallEvent>((sid) => ({ type: 'stream.stopped', streamSid: sid })) },
  { weight: 1, arbitrary: fc.constant<CallEvent>({ type: 'stream.refused', cause: 'what is this' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('leg.ended'),
      callSid: fc.constant(CALL_SID),
      outcome: fc.constantFrom(...OUTCOMES),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('call.hangUp', 'call.finish'),
      reason: fc.constantFrom('hung up by API', 'draining', 'queue overflow'),
    }),
  },
)

const command = fc.constantFrom<Request['command'][]>(
  'turn',
  'placeCall',
  'findCall',
  'transfer',
  'startRecording',
  'pauseRecording',
  'resumeRecording',
  'stopRecording',
  'hangUp',
  'agent',
  'release',
)

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ tell: fact }) },
  { weight: 4, arbitrary: fc.record({ answer: command }) },
  { weight: 1, arbitrary: fc.record({ fail: command, code: fc.constantFrom(...CODES) }) },
  { weight: 2, arbitrary: fc.record({ wait: fc.constantFrom(1, 250, 1_000, TIMING.silenceMs, TIMING.streamMs) }) },
)

const sidOf = (answered: Request['command']) => (answered === 'startRecording' ? 'RE1' : CALL_SID)

export async function takeStep(call: CallUnderTest, next: Step): Promise<void> {
  if ('tell' in next) call.tell(next.tell)
  else if ('wait' in next) await call.wait(next.wait)
  else if ('answer' in next) {
    if (call.asked.includes(next.answer)) await call.answer(next.answer, sidOf(next.answer))
  } else if (call.asked.includes(next.fail)) {
    await call.fail(next.fail, { code: next.code, message: next.code })
  }
}
