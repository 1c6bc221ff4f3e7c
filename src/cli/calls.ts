import type { CallView } from '../call-view.ts'
import { apiAt, type ApiClient, type CallsPage, type CallsQuery } from './api-client.ts'
import { describeCall, durationOf } from './call-report.ts'
import { type Column, formatTable } from './table.ts'
import { toLocalTime } from './times.ts'

export interface CallsOptions {
  readonly server: string
  readonly since?: Date
  readonly until?: Date
  readonly number?: string
  readonly state?: string
  readonly limit: number
  /** Every page, one after the other. */
  readonly all?: boolean
  readonly json?: boolean
}

export interface CallOptions {
  readonly server: string
  readonly json?: boolean
}

/** Prints the calls that a server knows, newest first: as tables, or as one JSON object that is written as it comes. */
export async function listCalls({ server, since, until, all, json, ...query }: CallsOptions): Promise<void> {
  const times = { since: since?.toISOString(), until: until?.toISOString() }
  const pages = pagesOf(apiAt(server), { ...query, ...times }, all === true)
  await (json === true ? printJson(pages) : printTables(pages))
}

/** Prints what is known of one call, by our id or by CallSid. */
export async function showCall(id: string, { server, json }: CallOptions): Promise<void> {
  const call = await apiAt(server).find(id)
  process.stdout.write(json === true ? `${JSON.stringify(call, null, 2)}\n` : describeCall(call, Date.now()))
}

async function* pagesOf(api: ApiClient, query: CallsQuery, all: boolean): AsyncGenerator<CallsPage> {
  let page = await api.list(query)
  yield page
  if (!all) return
  while (page.nextCursor !== null) {
    page = await api.list({ ...query, cursor: page.nextCursor })
    yield page
  }
}

async function printJson(pages: AsyncIterable<CallsPage>): Promise<void> {
  // Written as it comes, but not before the server has answered at all.
  let separator = '{"calls":[\n'
  let cursor: string | null = null
  for await (const { calls, nextCursor } of pages) {
    for (const call of calls) {
      process.stdout.write(separator + JSON.stringify(call))
      separator = ',\n'
    }
    cursor = nextCursor
  }
  if (separator !== ',\n') process.stdout.write(separator)
  process.stdout.write(`],"nextCursor":${JSON.stringify(cursor)}}\n`)
}

async function printTables(pages: AsyncIterable<CallsPage>): Promise<void> {
  let rows = 0
  let isMore = false
  for await (const { calls, nextCursor } of pages) {
    // The columns of each page are as wide as it needs: nothing is kept for the sake of the next one.
    if (calls.length > 0) process.stdout.write(formatTable(COLUMNS, calls))
    rows += calls.length
    isMore = nextCursor !== null
  }
  if (rows === 0) process.stderr.write('no calls\n')
  if (isMore) process.stderr.write('there are more: --all shows them\n')
}

const COLUMNS: readonly Column<CallView>[] = [
  ['time', ({ startedAt }) => toLocalTime(startedAt)],
  ['direction', ({ direction }) => direction],
  ['from -> to', ({ from, to }) => `${from} -> ${to}`],
  ['state', ({ state }) => state],
  ['reason', ({ reason }) => reason ?? undefined],
  ['duration', (call) => durationOf(call, Date.now())],
  ['agent', ({ agent }) => agent],
  ['id', ({ id }) => id],
]
