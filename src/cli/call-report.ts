import type { CallView, CarrierRecordingView, StateSpanView, TransferView } from '../call-view.ts'
import { standingOf } from './progress-words.ts'
import { type Column, formatTable } from './table.ts'
import { toDuration, toLocalTime } from './times.ts'

type Fact = readonly [name: string, value: string | null]

/**
 * A call's record, told for people.
 * @param now epoch milliseconds: how long a call that is not over stands in its state.
 */
export function describeCall(call: CallView, now: number): string {
  const parts = [
    tellFacts(factsOf(call, now)),
    tellRows('states', stateColumns(now), call.states),
    tellRows('transfers', TRANSFER_COLUMNS, call.transfers),
    tellRows('recordings', RECORDING_COLUMNS, call.recordings),
    tellTitled('figures', tellFacts(figuresOf(call.stats))),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/** From its beginning to its end, or to `now` in epoch milliseconds. */
export function durationOf({ startedAt, endedAt }: CallView, now: number): string {
  return toDuration((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt))
}

function factsOf(call: CallView, now: number): Fact[] {
  return [
    ['id', call.id],
    ['CallSid', call.callSid],
    ['streams', call.streamSids.join(', ') || null],
    ['call', `${call.direction}, ${call.from} -> ${call.to}, agent ${call.agent}`],
    ['state', standingOf(call)],
    ['ended by', call.endedBy],
    ['answered by', call.answeredBy],
    ['carrier error', call.carrierErrorCode === null ? null : String(call.carrierErrorCode)],
    ['SIP code', call.sipCode === null ? null : String(call.sipCode)],
    ['started', toLocalTime(call.startedAt)],
    ['ringing', call.ringingAt && toLocalTime(call.ringingAt)],
    ['answered', call.answeredAt && toLocalTime(call.answeredAt)],
    ['media', call.mediaStartedAt && toLocalTime(call.mediaStartedAt)],
    ['ended', call.endedAt && toLocalTime(call.endedAt)],
    ['duration', durationOf(call, now)],
    ['audio file', call.audioFile],
  ]
}

/** Where a call stays. */
const FINAL = new Set(['ended', 'error'])

function stateColumns(now: number): readonly Column<StateSpanView>[] {
  return [
    ['state', ({ state }) => state],
    ['since', ({ at }) => toLocalTime(at)],
    ['for', ({ state, at, ms }) => (FINAL.has(state) ? undefined : toDuration(ms ?? now - Date.parse(at)))],
  ]
}

const TRANSFER_COLUMNS: readonly Column<TransferView>[] = [
  ['to', ({ to }) => to],
  ['outcome', ({ outcome }) => outcome ?? 'under way'],
  ['started', ({ startedAt }) => toLocalTime(startedAt)],
  ['answered', ({ answeredAt }) => toLocalTime(answeredAt)],
  ['ended', ({ endedAt }) => toLocalTime(endedAt)],
]

const RECORDING_COLUMNS: readonly Column<CarrierRecordingView>[] = [
  ['recording', ({ recordingSid }) => recordingSid],
  ['status', ({ status }) => status],
  ['duration', ({ durationSeconds }) => (durationSeconds === null ? undefined : toDuration(durationSeconds * 1_000))],
  ['url', ({ url }) => url ?? undefined],
]

/** `latencyMs.send.p50`: figures within figures, by their names. What was never measured is left out. */
function figuresOf(stats: Readonly<Record<string, unknown>>): Fact[] {
  return Object.entries(stats).flatMap(([name, value]): Fact[] => {
    if (value === null || value === undefined) return []
    if (typeof value !== 'object') return [[name, JSON.stringify(value)]]
    const inner = figuresOf(value as Readonly<Record<string, unknown>>)
    return inner.map(([more, figure]) => [`${name}.${more}`, figure])
  })
}

function tellFacts(facts: readonly Fact[]): string {
  const known = facts.filter(([, value]) => value !== null)
  const width = Math.max(...known.map(([name]) => name.length))
  return known.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('')
}

function tellRows<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  return rows.length === 0 ? '' : tellTitled(title, formatTable(columns, rows))
}

function tellTitled(title: string, text: string): string {
  return text === '' ? '' : `${title}\n${text.replaceAll(/^(?=.)/gm, '  ')}`
}
