/** `callchart/testing`: a carrier that speaks Twilio's wire over real sockets, to try any server with. */
export type { CallFaults, EndedBy, SimulatedCall } from './call.ts'
export type { CallRecording, RecordingFaults, RecordingStatus } from './call-recording.ts'
export type { CallReport } from './call-report.ts'
export type { CallbackFaults } from './callback-delivery.ts'
export type { CalleeBehaviour, CalleeOutcome, CalleePlan } from './callee.ts'
export type { AnsweredBy } from './machine-detection.ts'
export type { MediaStream, StreamEnd } from './media-stream.ts'
export type { DialOptions, HeardSpeech, HearOptions, Person } from './person.ts'
export type { OwnNumber } from './phone-book.ts'
export { type HeardPiece, PlayoutBuffer } from './playout-buffer.ts'
export { loadSpeech } from './recorded-speech.ts'
export { type Course, courseOf } from '../recording/course.ts'
export { differences } from '../recording/differences.ts'
export { readRecording, type Recording } from '../recording/recording.ts'
export { courseOfCall, replayCall, type ReplayOptions } from './replay.ts'
export type { PreparedAnswer, RestOperation } from './rest-faults.ts'
export type { LoggedRequest } from './rest-server.ts'
export type { RoundTrip } from './round-trip.ts'
export {
  createSimulatedCarrier,
  type NumberSettings,
  type SimulatedCarrier,
  type SimulatedCarrierOptions,
  type StreamClaims,
} from './simulated-carrier.ts'
export { simulateCalls, type SimulateOptions, type SimulateResult } from './simulate.ts'
export type { CallEvent } from './status-callbacks.ts'
export type { StreamLogEntry } from './stream-log.ts'
export { type UntilOptions, VirtualClock } from './virtual-clock.ts'
export { until } from './waiting.ts'
export type { Warning, WarningCode } from './warnings.ts'
export type { WebhookAnswer } from './webhook-client.ts'
