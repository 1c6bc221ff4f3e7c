export { callMachine } from './call.ts'
export type { CallContext, CallInput, CallOutput, ChildInput } from './call-setup.ts'
export type {
  CallCommand,
  CallEvent,
  DialFact,
  DialOutcome,
  InboundFact,
  LegFact,
  OutboundFact,
  RecordingCommand,
  StreamFact,
} from './call-events.ts'
export { type CallTiming, DEFAULT_CALL_TIMING, NEVER_MS } from './call-timing.ts'
export {
  backoffMs,
  carrierCommandMachine,
  type CommandEvent,
  type CommandInput,
  type CommandName,
  type CommandOutput,
} from './carrier-command.ts'
export { carrierRecordingMachine, type RecordingInput, type RecordingNews } from './carrier-recording.ts'
export { type CircuitEvent, circuitMachine } from './circuit.ts'
export { type CommandFault, toCommandFault } from './command-fault.ts'
export { type Direction, type LegOutcome, type Reason, reasonForOutcome, REASONS } from './reasons.ts'
export { switchboardMachine, type SwitchboardEvent, type SwitchboardInput } from './switchboard.ts'
export { transferMachine, type TransferInput, type TransferOutput } from './transfer.ts'
