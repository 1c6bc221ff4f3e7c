import { pino } from 'pino'
import type { CallRecord } from '../../src/records.ts'

/** The hundred-and-first call began 101 minutes after this. */
export const DAWN = Date.UTC(2026, 10, 25)
const MINUTE_MS = 60_000

/** The row of a call that has been over for half a minute when the next one begins. */
export function rowOf(number: number, differences: Partial<CallRecord> = {}): CallRecord {
  const startedAt = DAWN + number * MINUTE_MS
  return {
    id: `call_${String(number).padStart(6, '0')}`,
    direction: 'inbound',
    callSid: `CA${number}`,
    from: '+15551234567',
    to: '+15550100000',
    agent: 'echo',
    parameters: { account: 'A-7' },
    startedAt,
    state: 'ended',
    streamSid: `MZ${number}`,
    streamSids: [`MZ${number}`],
    reason: 'caller hung up',
    cause: undefined,
    ringingAt: undefined,
    answeredAt: startedAt + 1_000,
    mediaStartedAt: startedAt + 1_200,
    endedAt: startedAt + 30_000,
    endedBy: 'caller',
    states: [
      { state: 'connecting', at: startedAt, ms: 1_200 },
      { state: 'active', at: startedAt + 1_200, ms: 28_800 },
    ],
    carrierErrorCode: undefined,
    sipCode: undefined,
    answeredBy: undefined,
    transfers: [],
    recordings: [],
    audioFile: undefined,
    stats: { framesIn: 1_440, latencyMs: { send: { p50: 0.2, p99: 1.5 } }, firstAudioMs: null },
    ...differences,
  }
}

/** A call that is under way. */
export function openRowOf(number: number, differences: Partial<CallRecord> = {}): CallRecord {
  return rowOf(number, { state: 'active', reason: undefined, endedAt: undefined, endedBy: undefined, ...differences })
}

export interface ToldLine {
  readonly level: number
  readonly msg: string
  readonly cause?: string
  readonly rows?: number
}

/** A logger whose lines a test can read. */
export function listeningLogger() {
  const told: ToldLine[] = []
  const logger = pino({ level: 'info' }, { write: (line: string) => void told.push(JSON.parse(line) as ToldLine) })
  return { logger, told }
}
