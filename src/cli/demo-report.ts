import type { CallView } from '../call-view.ts'
import type { RoundTrip } from '../simulator/round-trip.ts'
import { type Column, formatTable } from './table.ts'

/** One call of the demo: what the server says of it, and what the person on the line heard. */
export interface DemoCall extends CallView {
  readonly isAsExpected: boolean
  /** Media messages the server received, and 20 ms frames it sent. */
  readonly framesIn: unknown
  readonly framesOut: unknown
  /** Frames the person sent. */
  readonly framesSent: number
  /** From the sending of a frame to the moment its echo is heard. */
  readonly roundTripMs: RoundTrip | undefined
  readonly firstAudioMs: number | undefined
  /** Longest time between two messages from the server while it spoke. */
  readonly worstGapMs: number
  readonly underruns: number
  /** Of what was heard with what was said, aligned. */
  readonly correlation: number
  readonly snrDb: number
  readonly wav: string
  readonly warnings: readonly string[]
}

const COLUMNS: readonly Column<DemoCall>[] = [
  ['direction', (call) => call.direction],
  ['state', (call) => call.state],
  ['reason', (call) => call.reason ?? undefined],
  ['in', (call) => Number(call.framesIn)],
  ['out', (call) => Number(call.framesOut)],
  ['round trip p50', (call) => call.roundTripMs?.p50],
  ['p99 ms', (call) => call.roundTripMs?.p99],
  ['first audio ms', (call) => call.firstAudioMs],
  ['worst gap ms', (call) => call.worstGapMs],
  ['underruns', (call) => call.underruns],
  ['correlation', (call) => call.correlation.toFixed(4)],
  ['SNR dB', (call) => call.snrDb],
]

export function describeCalls(calls: readonly DemoCall[]): string {
  const files = calls.map((call) => `${call.wav}: what the ${call.direction} call's far end heard\n`)
  const warnings = calls.flatMap((call) => call.warnings.map((warning) => `${call.callSid}: ${warning}\n`))
  return [formatTable(COLUMNS, calls), '\n', ...files, ...warnings].join('')
}
