export type {
  Agent,
  Call,
  CallEdge,
  CallEnding,
  CarrierRecordingControl,
  HoldOptions,
  TransferOptions,
  TransferResult,
} from './agents/agent.ts'
export { type CollectedDigits, collectDigits, type CollectOptions } from './agents/collect-digits.ts'
export { echo } from './agents/echo.ts'
export { type LeftMessage, leaveMessageAfterBeep, type MessageOptions } from './agents/leave-message.ts'
export { createPromptAgent } from './agents/prompt.ts'
export { PcmByteReader } from './audio/pcm-bytes.ts'
export { loadPrompt } from './audio/prompt.ts'
export type { CallView } from './call-view.ts'
export type { Carrier, PlaceCallRequest, PlacedCall } from './carrier.ts'
export type { Clock, Timer } from './clock.ts'
export { type Config, loadConfig } from './config.ts'
export { type CallDirectory, type CallFacts, MemoryDirectory } from './directory.ts'
export {
  AdmissionError,
  CallchartError,
  CarrierError,
  ConfigurationError,
  type ErrorCode,
  ProtocolError,
  UsageError,
} from './errors.ts'
export type { DialRequest } from './http/desks.ts'
export type { Logger } from './log.ts'
export type { HoldAudio } from './media/hold-music.ts'
export type { AudioListener } from './media/inbound-pipe.ts'
export type { MediaStats } from './media/media-plane.ts'
export type { AudioSource, Playback, PlaybackResult } from './media/playback.ts'
export type { CallRecorder, CallTape, Happening } from './recorder.ts'
export { createFileRecorder, type FileRecorderOptions } from './recording/file-recorder.ts'
export { type Recording, readRecording } from './recording/recording.ts'
export { type CallRecord, MemoryRecords, type RecordSink } from './records.ts'
export { createSwitchboard, type Switchboard, type SwitchboardOptions } from './switchboard.ts'
export { createTwilioCarrier } from './twilio/rest.ts'
