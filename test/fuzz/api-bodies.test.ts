import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe } from 'vitest'
import { createEndpoints } from '../../src/endpoints.ts'
import { createApp } from '../../src/http/app.ts'
import type { CallsDesk, VoiceDesk } from '../../src/http/desks.ts'
import { createLogger } from '../../src/log.ts'
import { signWebhook } from '../../src/twilio/signature.ts'
import { parsePhoneNumber } from '../../src/twilio/phone-number.ts'
import { parseFormBody } from '../../src/twilio/webhooks.ts'
import { CALL, VOICE_FORM } from '../http/http-rig.ts'
import { asyncBarrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { type Answer, InProcessServer, requestOf } from './in-process-server.ts'
import { mutatedFormText } from './mutated-form.ts'
import { mutatedJson } from './mutated-json.ts'
import { damaged, mutatedText } from './mutated-text.ts'
import { signedText } from './signed-text.ts'
import { must } from './verdict.ts'

const PUBLIC_URL = 'https://calls.example.com'
const API_TOKEN = 'canary-api-token-9f8e7d'
const AUTH_TOKEN = 'canary-auth-token-6c5b4a'
/** A parameter's value: the application's own, and perhaps a secret. */
const SECRET = 'canary-parameter-3f2e1d'

/** The application with desks that look at what they are given; it is asked for nothing undocumented. */
function openApp() {
  const lines: string[] = []
  const logger = createLogger('trace', { write: (line) => lines.push(line) })
  const taken = (): Promise<typeof CALL> => Promise.resolve(CALL)
  const calls: CallsDesk = {
    dial: async (request) => {
      mustBeDialRequest(request)
      parsePhoneNumber(request.to)
      return { call: CALL, isQueued: false }
    },
    list: () => Promise.resolve({ calls: [], nextCursor: null }),
    find: (key) => Promise.resolve(key === CALL.id ? CALL : undefined),
    hangUp: (key) => Promise.resolve(key === CALL.id ? CALL : undefined),
    sendDigits: (_, digits) => {
      must(typeof digits === 'string', 'expected digits to be text')
      return taken()
    },
    transfer: (_, request) => {
      mustHaveOnly(request, { to: 'string', from: 'string', agent: 'string', ringTimeoutSeconds: 'number' })
      return taken()
    },
    hold: taken,
    record: (_, wish) => {
      mustHaveOnly(wish, { do: 'string', channels: 'string' })
      return taken()
    },
    readiness: () => 'ready',
  }
  const voice: VoiceDesk = {
    answer: () => Promise.resolve({ do: 'connect', token: 'one-shot' }),
    next: () => Promise.resolve({ do: 'hangUp' }),
    noteStatus: () => Promise.resolve(),
  }
  const endpoints = createEndpoints(PUBLIC_URL)
  const app = createApp({
    voice: { desk: voice, endpoints, publicUrl: PUBLIC_URL, tokens: [AUTH_TOKEN], logger },
    calls: { desk: calls, apiToken: API_TOKEN },
  })
  const handle = app.callback()
  return { lines, server: new InProcessServer((request, response) => void handle(request, response)) }
}

function mustHaveOnly(value: object, kinds: Readonly<Record<string, string>>): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  must(prototype === Object.prototype || prototype === null, 'expected a plain object')
  for (const [name, inner] of Object.entries(value)) {
    const kind = inner === undefined ? kinds[name] : typeof inner
    must(Object.hasOwn(kinds, name) && kinds[name] === kind, `expected no ${name} of type ${kind}`)
    if (typeof inner === 'number') must(inner >= 0 && inner <= 86_400, `expected a sensible ${name}, got ${inner}`)
  }
}

function mustBeDialRequest(request: Parameters<CallsDesk['dial']>[0]): void {
  const { parameters = {}, timers = {} } = request
  mustHaveOnly(request, {
    to: 'string',
    from: 'string',
    agent: 'string',
    parameters: 'object',
    timeLimitSeconds: 'number',
    ringTimeoutSeconds: 'number',
    record: 'boolean',
    machineDetection: 'string',
    timers: 'object',
  })
  const prototype: unknown = Object.getPrototypeOf(parameters)
  must(prototype === Object.prototype || prototype === null, 'expected plain parameters')
  const values = Object.values(parameters)
  must(
    values.length <= 50 && values.every((value) => typeof value === 'string' && value.length <= 4_000),
    'expected a bounded number of bounded texts',
  )
  const seconds = { streamSeconds: 'number', silenceSeconds: 'number', idleSeconds: 'number' }
  mustHaveOnly(timers, { ...seconds, agentSilenceSeconds: 'number' })
}

/** What an answer must be like whatever was asked: told on purpose, with nothing of what is not to be told. */
function mustBeDocumented({ status, head, body }: Answer, lines: readonly string[], secrets: readonly string[]): void {
  must([200, 201, 202, 204, 400, 401, 403, 404, 405, 411, 413, 415, 431, 501].includes(status), `got ${head} ${body}`)
  const told = lines.join('')
  for (const secret of secrets) must(!body.includes(secret) && !told.includes(secret), 'expected no secret to be told')
  must(!told.includes(SECRET), 'expected no parameter in a log')
  must(!/"level":(?:50|60)/.test(told), `expected no bug of ours, got ${told}`)
  // What is no HTTP at all is answered by the server itself.
  if (status < 400 || !/^content-type:/im.test(head)) return
  must(/^content-type: application\/problem\+json/im.test(head), `expected a problem, got ${head}`)
  const problem: unknown = JSON.parse(body)
  const isExplained = typeof problem === 'object' && problem !== null && Reflect.get(problem, 'status') === status
  must(isExplained && /^[A-Z_]+$/.test(String(Reflect.get(problem, 'code'))), `expected a code, got ${body}`)
}

/** The answer to one request, which was looked at. */
async function asked(app: ReturnType<typeof openApp>, request: Uint8Array): Promise<Answer> {
  app.lines.length = 0
  const answer = await app.server.ask(request)
  // Whoever has run a token into the path is told what path that was.
  const path = Buffer.from(request).toString('latin1').split('\r\n', 1)[0] ?? ''
  mustBeDocumented(answer, app.lines, path.includes('canary') ? [] : [API_TOKEN, AUTH_TOKEN])
  return answer
}

const DIAL = {
  to: '+15551234567',
  from: '+15550100000',
  agent: 'echo',
  parameters: { pin: SECRET, name: 'Anna' },
  timeLimitSeconds: 3_600,
  ringTimeoutSeconds: 30,
  record: true,
  machineDetection: 'enable',
  timers: { streamSeconds: 15, silenceSeconds: 7.5, idleSeconds: 0, agentSilenceSeconds: 60 },
}

const id = `/calls/${CALL.id}`
const JSON_ROUTES = [
  { method: 'POST', path: '/calls', bodies: mutatedJson([DIAL, { to: '+15551234567' }]), weight: 6 },
  { method: 'POST', path: `${id}/digits`, bodies: mutatedJson([{ digits: '12#ww*0' }]), weight: 1 },
  {
    method: 'POST',
    path: `${id}/transfer`,
    bodies: mutatedJson([{ to: 'sip:a@b.example', agent: 'echo' }]),
    weight: 1,
  },
  { method: 'POST', path: `${id}/recording`, bodies: mutatedJson([{ channels: 'dual' }]), weight: 1 },
  { method: 'PATCH', path: `${id}/recording`, bodies: mutatedJson([{ status: 'paused' }]), weight: 1 },
]

const bodies = fc.oneof(
  ...JSON_ROUTES.map(({ bodies: arbitrary, weight, ...route }) => ({
    arbitrary: arbitrary.map((body) => ({ ...route, body })),
    weight,
  })),
)

const TYPES = ['application/json', 'application/json', 'application/json', 'application/json; charset=utf-8']
const ODD_TYPES = [
  'application/json; charset=x',
  'application/x-www-form-urlencoded',
  'text/plain',
  'a/b+json',
  '',
  'x',
]

describe('the API', () => {
  const app = openApp()
  const authorization = `Bearer ${API_TOKEN}`

  asyncBarrage('takes a JSON body of the documented form, and explains what is wrong with any other', {
    cases: fc.tuple(bodies, fc.constantFrom(...TYPES, ...ODD_TYPES), fc.nat(30)),
    outcome: async ([{ method, path, body }, type, packing]) => {
      const plain = { Authorization: authorization, 'Content-Type': type }
      const packed = { ...plain, 'Content-Encoding': 'gzip' }
      // As text, as the bytes that a careless client makes of half a character, packed, and packed badly.
      const bytes = packing < 28 ? Buffer.from(body) : packing === 28 ? Buffer.from(body, 'latin1') : gzipSync(body)
      if (packing === 30) bytes.write('x', bytes.length >> 1)
      const { status, body: text } = await asked(app, requestOf(method, path, packing < 29 ? plain : packed, bytes))
      if (status >= 400) must(!text.includes(SECRET), `expected no secret in an explanation, got ${text}`)
      return String(status)
    },
    outcomes: ['200', '201', '400'],
    rarely: ['202', '413'],
  })

  growsLinearly(
    'takes time in proportion to the length of a body',
    (body: string) =>
      asked(
        app,
        requestOf('POST', '/calls', { Authorization: authorization, 'Content-Type': 'application/json' }, body),
      ),
    {
      'many fields': (size) => `{${Array.from({ length: size / 16 }, (_, at) => `"field${at}":"x"`).join()}}`,
      'one field, again and again': (size) => `{${'"to":"x",'.repeat(size / 9)}"to":"x"}`,
      'many parameters': (size) =>
        JSON.stringify({
          to: '',
          parameters: Object.fromEntries(Array.from({ length: size / 12 }, (_, at) => [at, ''])),
        }),
      'arrays in arrays': (size) => '['.repeat(size / 2) + ']'.repeat(size / 2),
      'objects in objects': (size) => '{"a":'.repeat(size / 6) + '1' + '}'.repeat(size / 6),
      'one long text': (size) => JSON.stringify({ to: '+'.repeat(size) }),
      'nothing but white space': (size) => `${' '.repeat(size)}{}`,
    },
    7_000,
  )

  asyncBarrage('answers whatever is asked for, by whomever, with what it documents', {
    cases: fc.tuple(
      mutatedText([
        `GET /calls?number=%2B15551234567&limit=5 HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n`,
        `GET ${id} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nAccept: */*\r\n`,
        `DELETE ${id} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nCookie: callchart_inspector=1.2.3\r\n`,
        'POST /calls/__proto__/hold HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nX-Twilio-Signature: x\r\n',
        'GET /healthz HTTP/1.1\r\nHost: a\r\n',
      ]),
    ),
    outcome: async ([head]) => {
      // A server waits for the rest of what is not ended, a body that was promised, say.
      const request = head.replaceAll(/(content-length|transfer-encoding|expect|connection|upgrade):/gi, 'x-$1:')
      const { status } = await asked(app, Buffer.from(`${request}Connection: close\r\n\r\n`, 'latin1'))
      return status < 400 ? 'done' : 'refused'
    },
    outcomes: ['done', 'refused'],
  })
})

describe('a webhook', () => {
  const app = openApp()
  const form = VOICE_FORM.map(([name, value]): [string, string] => [name, value])

  asyncBarrage('that is signed is answered or explained, and refused when its body is another', {
    cases: fc.tuple(
      mutatedFormText([form]),
      fc.constantFrom('/twiml', '/twiml/next', '/status?call=x'),
      fc.nat(9),
      fc.nat(),
    ),
    outcome: async ([body, path, chance, seed]) => {
      const url = PUBLIC_URL + path
      const signature = signWebhook({ url, params: parseFormBody(body), token: AUTH_TOKEN })
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'X-Twilio-Signature': signature }
      const sent = chance > 0 ? body : damaged(body, [seed, seed >> 8, seed >> 16])
      const { status } = await asked(app, requestOf('POST', path, headers, sent))
      // The mark that some put before a text is no part of it.
      const isSame = signedText(parseFormBody(sent.replace(/^\ufeff/, ''))) === signedText(parseFormBody(body))
      if (!isSame && status !== 413)
        must(status === 403, `expected 403 for another form than was signed, got ${status}`)
      return String(status)
    },
    outcomes: ['200', '204', '400', '403'],
    rarely: ['413'],
  })
})
