import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { CallView } from '../../src/call-view.ts'
import type { Progress } from '../../src/http/progress-desk.ts'

/** A server that answers as a test says, at the paths of ours, to a command in a process of its own. */

export const CALL: CallView = {
  id: 'call_aaaaaaaaaaaaaaaaaaaa',
  callSid: 'CA0123456789abcdef0123456789abcdef',
  streamSid: null,
  streamSids: [],
  direction: 'outbound',
  from: '+15550100000',
  to: '+15552220001',
  state: 'connecting',
  reason: null,
  cause: null,
  agent: 'echo',
  startedAt: '2026-11-25T10:00:00.000Z',
  ringingAt: null,
  answeredAt: null,
  mediaStartedAt: null,
  endedAt: null,
  endedBy: null,
  answeredBy: null,
  states: [],
  carrierErrorCode: null,
  sipCode: null,
  transfers: [],
  recordings: [],
  audioFile: null,
  stats: {},
}

export const ENDED: CallView = {
  ...CALL,
  state: 'ended',
  reason: 'callee hung up',
  endedBy: 'callee',
  endedAt: '2026-11-25T10:01:23.400Z',
}

/** Something came in: what of it matters here. */
export interface Asked {
  /** `GET /calls?limit=1`. */
  readonly what: string
  readonly authorization: string | undefined
  readonly body: unknown
}

/** @param times how often the same was asked before. */
type Answer = (response: ServerResponse, times: number) => void

export async function openApi(answers: Readonly<Record<string, Answer>>) {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const what = `${request.method} ${request.url}`
      const times = asked.filter((other) => other.what === what).length
      asked.push({ what, authorization: request.headers.authorization, body })
      const answer = answers[what] ?? refuse(404, 'NOT_FOUND', 'expected a documented route')
      answer(response, times)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    asked,
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

export function tell(body: unknown, status = 200): Answer {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

export function refuse(status: number, code: string, detail: string): Answer {
  return (response) => {
    const type = { 'content-type': 'application/problem+json' }
    response.writeHead(status, type).end(JSON.stringify({ status, code, detail }))
  }
}

/** Begins a stream of events, which is left open. */
export function tellProgress(response: ServerResponse, ...progress: readonly Progress[]): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const told of progress) {
    const { type, ...data } = told
    response.write(`event: ${type}\ndata: ${JSON.stringify(told.type === 'end' ? told.call : data)}\n\n`)
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  return text === '' ? undefined : JSON.parse(text)
}
