import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { signWebhook } from '../../src/twilio/signature.ts'
import { openStage, OUR_NUMBER, PUBLIC_URL, type Stage } from './stage.ts'

const CALL_SID = `CA${'a'.repeat(32)}`
const FORM = { CallSid: CALL_SID, From: '+15551110001', To: OUR_NUMBER, Direction: 'inbound', CallStatus: 'ringing' }

function dial(stage: Stage): Socket {
  const socket = connect(Number(new URL(stage.url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Says `bytes` on a connection of its own; resolves with all that is answered until it is closed. */
async function say(stage: Stage, bytes: string): Promise<string> {
  const socket = dial(stage)
  socket.write(bytes)
  return text(socket).catch(() => '')
}

const statusesIn = (answers: string) => [...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))

/** A webhook as the carrier posts it to `/twiml`, sent to `target` with those headers besides. */
function webhook(stage: Stage, target: string, headers = ''): string {
  const params = { AccountSid: stage.carrier.accountSid, ...FORM }
  const signature = signWebhook({ url: `${PUBLIC_URL}/twiml`, params, token: stage.carrier.authToken })
  const body = new URLSearchParams(params).toString()
  return (
    `POST ${target} HTTP/1.1\r\nHost: calls.test\r\nConnection: close\r\nX-Twilio-Signature: ${signature}\r\n${headers}` +
    `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  )
}

const get = (target: string, headers = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`

describe('the path of a webhook', () => {
  it('is what was signed: spelt in another way, with the same signature, it is refused and makes no call', async () => {
    await using stage = await openStage()
    const spellings = [
      '/TWIML',
      '/twiml/',
      '//twiml',
      '/%74wiml',
      '/./twiml',
      '/x/../twiml',
      '/twiml?',
      '/twiml?x=1',
      '/twiml;x',
      '/twiml/next',
      '/twiml/dialled',
      '/status',
      'http://evil.example/twiml',
      'http://calls.test/twiml',
    ]
    for (const target of spellings) {
      const statuses = statusesIn(await say(stage, webhook(stage, target)))
      expect(statuses.map((status) => `${target} ${status}`)).toEqual([expect.stringMatching(/ 40[034]$/)])
    }
    expect(stage.views()).toEqual([])
    // The very same, as it was signed.
    expect(await say(stage, webhook(stage, '/twiml'))).toContain('<Connect')
    expect(await stage.over(CALL_SID)).toMatchObject({ reason: 'stream never came' })
  })

  it('is at the public URL, whatever host and scheme the request or a proxy names', async () => {
    await using stage = await openStage()
    const headers = 'X-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: http\r\nForwarded: host=evil.example\r\n'
    const answer = await say(stage, webhook(stage, '/twiml', headers).replace('calls.test', 'evil.example'))
    expect(answer).toContain('<Stream url="wss://calls.test/ws"')
    expect(answer).not.toContain('evil')
    await stage.over(CALL_SID)
  })
})

describe('what needs the API token', () => {
  it.each([
    '/calls',
    '/CALLS',
    '/calls/',
    '//calls',
    '/./calls',
    '/%63alls',
    '/calls?x=1',
    '/healthz/../calls',
    'http://x/calls',
    `/calls/${CALL_SID}/events`,
    '/inspector/calls/x/recording',
    '/inspector/../calls',
    '/INSPECTOR/calls/x/recording',
    '/inspector/assets/..%2f..%2f..%2fpackage.json',
    '/inspector/charts/..%5c..%5cpackage.json',
  ])('is had without it by no spelling: %s', async (target) => {
    await using stage = await openStage()
    const answer = await say(stage, get(target))
    expect(statusesIn(answer).filter((status) => ![400, 401, 403, 404].includes(status))).toEqual([])
    expect(answer).not.toMatch(/"calls":|"dependencies"/)
  })
})

describe('a request within a request', () => {
  const HIDDEN = 'GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n'

  it.each([
    ['two lengths', `POST /calls HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n`],
    [
      'a length and chunks',
      `POST /calls HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a chunked that is none', 'POST /calls HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a blank before the colon', 'POST /calls HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\n'],
    ['a sign in the length', 'POST /calls HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\n'],
    ['a header that goes on in the next line', 'GET /readyz HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc: d\r\nB\r\n\r\n'],
    ['a zero byte', 'GET /readyz HTTP/1.1\r\nHost: x\r\nA: b\u0000c\r\n\r\n'],
    ['a line feed in a header', 'GET /readyz HTTP/1.1\r\nHost: x\r\nA: b\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('is not answered: %s', async (_, bytes) => {
    await using stage = await openStage()
    expect(statusesIn(await say(stage, bytes + HIDDEN))).toEqual([400])
  })
})

describe('more than a request needs', () => {
  it.each([
    ['a header of 64 kB', (lines: string) => get('/healthz', `${lines}X-Padding: ${'x'.repeat(64_000)}\r\n`)],
    ['two thousand headers', (lines: string) => get('/healthz', lines + 'X-Pad: 1\r\n'.repeat(2_000))],
    ['a query of 64 kB', (lines: string) => get(`/calls?number=${'1'.repeat(64_000)}`, lines)],
  ])('is answered with 431 and read no further: %s', async (_, request) => {
    await using stage = await openStage()
    const lines = `Authorization: Bearer ${stage.apiToken}\r\n`
    const statuses = statusesIn(await say(stage, request(lines)))
    // The socket may be reset before the answer has been read.
    expect(statuses.filter((status) => status !== 431)).toEqual([])
    expect(statusesIn(await say(stage, get('/healthz')))).toEqual([200])
  })

  it('is answered with 400 and no more of it than a line: a query of 12 kB', async () => {
    await using stage = await openStage()
    const lines = `Authorization: Bearer ${stage.apiToken}\r\n`
    const answer = await say(stage, get(`/calls?${'x'.repeat(12_000)}=1`, lines))
    expect(statusesIn(answer)).toEqual([400])
    expect(answer.length).toBeLessThan(1_000)
  })

  it('is answered with 431 where it asks for an upgrade as well: a hundred and one headers', async () => {
    await using stage = await openStage()
    const padding = (count: number) => 'A: b\r\n'.repeat(count)
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
    const ask = (count: number) => say(stage, `GET /ws HTTP/1.1\r\nHost: x\r\n${upgrade}${padding(count - 3)}\r\n`)
    expect(statusesIn(await ask(101))).toEqual([431])
    expect(statusesIn(await ask(100))).toEqual([403])
    expect(statusesIn(await say(stage, get('/healthz', padding(99))))).toEqual([431])
    expect(statusesIn(await say(stage, get('/healthz', padding(98))))).toEqual([200])
  })

  it('is a 4xx and changes no prototype: bodies that nest deeply or reach for one', async () => {
    await using stage = await openStage()
    const headers = { authorization: `Bearer ${stage.apiToken}`, 'content-type': 'application/json' }
    const to = '"to":"+15552220001"'
    const bodies = [
      '['.repeat(30_000) + ']'.repeat(30_000),
      `{${to},"timers":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
      `{${to},"__proto__":{"polluted":true}}`,
      `{${to},"constructor":{"prototype":{"polluted":true}}}`,
      `{${to},"timers":{"__proto__":{"polluted":true}}}`,
      `{${to},"parameters":{"a":"${'x'.repeat(70_000)}"}}`,
    ]
    for (const body of bodies) {
      const { status } = await fetch(`${stage.url}/calls`, { method: 'POST', headers, body })
      expect([body.slice(0, 60), status >= 400 && status < 500]).toEqual([body.slice(0, 60), true])
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(stage.carrier.calls).toEqual([])
  })
})
