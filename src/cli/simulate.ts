import { type SimulateResult, simulateCalls } from '../simulator/simulate.ts'
import { type Column, formatTable } from './table.ts'

export interface SimulateCommandOptions {
  readonly voiceUrl: string
  readonly accountSid?: string
  readonly authToken?: string
  readonly publicUrl?: string
  readonly wav?: string
  readonly record?: string
  readonly calls: number
  readonly seconds: number
  readonly digits?: string
  readonly json?: boolean
}

/**
 * Simulated callers against any server. True when every call was streamed and nothing was amiss. Who the server takes
 * its carrier for is read from the environment, which is its own where it runs, unless options say otherwise.
 */
export async function simulate({ wav, record, json, ...options }: SimulateCommandOptions): Promise<boolean> {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken } = process.env
  const results = await simulateCalls({
    ...(accountSid ? { accountSid } : {}),
    ...(authToken ? { authToken } : {}),
    ...options,
    ...(wav === undefined ? {} : { wavPath: wav }),
    ...(record === undefined ? {} : { recordPath: record }),
    onProgress: ({ callSid, what }) => process.stderr.write(`${callSid.slice(0, 8)} ${what}\n`),
  })
  if (json === true) process.stdout.write(`${JSON.stringify({ calls: results }, null, 2)}\n`)
  else process.stdout.write(describe(results))
  return results.every((result) => result.isStreamed && result.problems.length === 0)
}

const COLUMNS: readonly Column<SimulateResult>[] = [
  ['call', (result) => result.callSid.slice(0, 8)],
  ['status', (result) => result.status],
  ['streams', (result) => result.streams],
  ['ended by', (result) => result.endedBy],
  ['sent', (result) => result.report.framesSent],
  ['heard ms', (result) => result.report.heardMs],
  ['first audio ms', (result) => result.report.firstAudioMs],
  ['round trip p50', (result) => result.report.roundTripMs?.p50],
  ['p99', (result) => result.report.roundTripMs?.p99],
  ['worst gap ms', (result) => result.report.worstGapMs],
  ['underruns', (result) => result.report.underruns],
]

function describe(results: readonly SimulateResult[]): string {
  const problems = results.flatMap((result) => result.problems.map((what) => `${result.callSid.slice(0, 8)} ${what}\n`))
  return formatTable(COLUMNS, results) + problems.join('')
}
