/** The HTTP side on a real server, with desks made of mocks and a logger that keeps its lines. */

import { createServer, request } from 'node:http'
import { onTestFinished, vi } from 'vitest'
import type { CallView } from '../../src/call-view.ts'
import { createEndpoints } from '../../src/endpoints.ts'
import { createApp } from '../../src/http/app.ts'
import type { CallsDesk, VoiceDesk } from '../../src/http/desks.ts'
import type { InspectorRoutesOptions } from '../../src/http/inspector-routes.ts'
import type { RequestLimits } from '../../src/http/request-limits.ts'
import { createLogger } from '../../src/log.ts'
import { signWebhook } from '../../src/twilio/signature.ts'

export const PUBLIC_URL = 'https://calls.example.com'
export const AUTH_TOKEN = 'primary-auth-token'
export const SECONDARY_TOKEN = 'secondary-auth-token'
export const API_TOKEN = 'an-api-token-of-some-length'

export const CALL_SID = 'CA0123456789abcdef0123456789abcdef'
const ACCOUNT_SID = 'AC0123456789abcdef0123456789abcdef'

/** What Twilio posts for an incoming call; blank values are as common as not. */
export const VOICE_FORM: readonly (readonly [string, string])[] = [
  ['CallSid', CALL_SID],
  ['AccountSid', ACCOUNT_SID],
  ['From', '+15551234567'],
  ['To', '+15550100000'],
  ['Direction', 'inbound'],
  ['CallStatus', 'ringing'],
  ['CallerName', ''],
  ['FromCity', ''],
]

export const CALL: CallView = {
  id: 'call_aaaaaaaaaaaaaaaaaaaa',
  callSid: CALL_SID,
  streamSid: null,
  direction: 'outbound',
  from: '+15550100000',
  to: '+15551234567',
  state: 'connecting',
  reason: null,
  cause: null,
  agent: 'echo',
  startedAt: '2026-11-01T00:00:00.000Z',
  endedAt: null,
  stats: { framesIn: 0 },
  streamSids: [],
  ringingAt: null,
  answeredAt: null,
  mediaStartedAt: null,
  endedBy: null,
  states: [],
  carrierErrorCode: null,
  sipCode: null,
  answeredBy: null,
  transfers: [],
  recordings: [],
  audioFile: null,
}

type Fields = readonly (readonly [string, string])[]

export interface PostOptions {
  /** The URL that was signed; the one asked for, under the public origin, unless told. */
  readonly signedUrl?: string
  readonly signedFields?: Fields
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly carrier?: { readonly code: number | null; readonly status: number | null }
}

export interface HttpOptions {
  readonly apiToken?: string | undefined
  /** Absent: none. */
  readonly limits?: RequestLimits
  /** Absent: no inspector. */
  readonly inspector?: (parts: Pick<InspectorRoutesOptions, 'calls' | 'logger'>) => InspectorRoutesOptions
}

export async function openHttp(options: HttpOptions = { apiToken: API_TOKEN }) {
  const lines: string[] = []
  const logger = createLogger('trace', { write: (line) => lines.push(line) })
  const voice = {
    answer: vi.fn<VoiceDesk['answer']>(() => Promise.resolve({ do: 'connect', token: 'one-shot' })),
    next: vi.fn<VoiceDesk['next']>(() => Promise.resolve({ do: 'hangUp' })),
    noteStatus: vi.fn<VoiceDesk['noteStatus']>(() => Promise.resolve()),
  }
  const calls = {
    dial: vi.fn<CallsDesk['dial']>(() => Promise.resolve({ call: CALL, isQueued: false })),
    list: vi.fn<CallsDesk['list']>(() => Promise.resolve({ calls: [CALL], nextCursor: null })),
    find: vi.fn<CallsDesk['find']>((key) => Promise.resolve([CALL.id, CALL.callSid].includes(key) ? CALL : undefined)),
    hangUp: vi.fn<CallsDesk['hangUp']>((key) => Promise.resolve(key === CALL.id ? CALL : undefined)),
    sendDigits: vi.fn<CallsDesk['sendDigits']>((key) => Promise.resolve(key === CALL.id ? CALL : undefined)),
    transfer: vi.fn<CallsDesk['transfer']>((key) => Promise.resolve(key === CALL.id ? CALL : undefined)),
    hold: vi.fn<CallsDesk['hold']>((key) => Promise.resolve(key === CALL.id ? CALL : undefined)),
    record: vi.fn<CallsDesk['record']>((key) => Promise.resolve(key === CALL.id ? CALL : undefined)),
    readiness: vi.fn<CallsDesk['readiness']>(() => 'ready'),
  }
  const webhookFailed = vi.fn<() => void>()
  const app = createApp({
    voice: {
      desk: voice,
      endpoints: createEndpoints(PUBLIC_URL),
      publicUrl: PUBLIC_URL,
      tokens: [AUTH_TOKEN, SECONDARY_TOKEN],
      logger,
      telemetry: { signatureFailed: () => {}, webhookFailed },
    },
    calls: { desk: calls, apiToken: options.apiToken, ...(options.limits && { limits: options.limits }) },
    ...(options.inspector && { inspector: options.inspector({ calls, logger }) }),
  })
  const handle = app.callback()
  const server = createServer((incoming, response) => void handle(incoming, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const url = `http://127.0.0.1:${port}`

  return {
    voice,
    calls,
    webhookFailed,
    lines,
    url,
    /** How often any desk was asked for anything. */
    asked: () =>
      [...Object.values(voice), ...Object.values(calls)].reduce((sum, { mock }) => sum + mock.calls.length, 0),
    /** Open connections. */
    connections: () =>
      new Promise<number>((resolve, reject) => {
        server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
      }),
    /** Posts a form as the carrier does. */
    post(path: string, fields: Fields, { signedUrl, signedFields, token = AUTH_TOKEN, headers }: PostOptions = {}) {
      const signature = signWebhook({
        url: signedUrl ?? PUBLIC_URL + path,
        params: grouped(signedFields ?? fields),
        token,
      })
      return fetch(url + path, {
        method: 'POST',
        headers: { 'x-twilio-signature': signature, ...headers },
        body: formOf(fields),
      })
    },
    /** Asks the API, with its token. */
    ask(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
      return fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
    },
    /** A request whose target is written as given, which fetch would tidy. */
    raw(method: string, target: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
      return new Promise((resolve, reject) => {
        const asked = request({ host: '127.0.0.1', port, method, path: target, headers }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
        asked.on('error', reject).end()
      })
    },
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  return (await response.json()) as Problem
}

export function formOf(fields: Fields): URLSearchParams {
  return new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value]))
}

/** Repeated names as the signature sees them: with an array. */
function grouped(fields: Fields): Record<string, string | string[]> {
  const names = [...new Set(fields.map(([name]) => name))]
  return Object.fromEntries(
    names.map((name) => {
      const values = fields.filter(([other]) => other === name).map(([, value]) => value)
      return [name, values.length === 1 ? (values[0] ?? '') : values]
    }),
  )
}
