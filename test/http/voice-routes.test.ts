import { describe, expect, it } from 'vitest'
import { CarrierError, ProtocolError } from '../../src/errors.ts'
import {
  AUTH_TOKEN,
  CALL_SID,
  formOf,
  openHttp,
  problemOf,
  PUBLIC_URL,
  SECONDARY_TOKEN,
  VOICE_FORM,
} from './http-rig.ts'

const XML = '<?xml version="1.0" encoding="UTF-8"?>'
const ROUTES = ['/twiml', '/twiml/next', '/status'] as const
const statusForm = (status: string) => [
  ['CallSid', CALL_SID] as const,
  ['CallStatus', status] as const,
  ['SequenceNumber', '2'] as const,
]

describe.each(ROUTES)('POST %s', (path) => {
  it('takes a form that the carrier signed over the public URL, with blank parameters in it', async () => {
    const http = await openHttp()
    const response = await http.post(path, VOICE_FORM)
    expect(response.ok).toBe(true)
    expect(http.lines).toEqual([])
  })

  it('takes the signature of the secondary auth token, while tokens are being rotated', async () => {
    const http = await openHttp()
    expect((await http.post(path, VOICE_FORM, { token: SECONDARY_TOKEN })).ok).toBe(true)
  })

  it('answers 403 to an unsigned form, and asks nobody', async () => {
    const http = await openHttp()
    const response = await fetch(http.url + path, {
      method: 'POST',
      body: formOf(VOICE_FORM),
    })
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await problemOf(response)).toMatchObject({ status: 403, code: 'SIGNATURE_INVALID' })
    expect(http.asked()).toBe(0)
    expect(http.lines).toHaveLength(1)
  })

  it.each([
    ['another token', { token: 'another-auth-token' }],
    ['no token at all', { token: '' }],
    ['the Host it came to', { signedUrl: `http://127.0.0.1${path}` }],
    ['another path', { signedUrl: `${PUBLIC_URL}/other` }],
    ['a form without its blank parameters', { signedFields: VOICE_FORM.filter(([, value]) => value !== '') }],
    ['a form with another caller', { signedFields: [...VOICE_FORM, ['From', '+15550000000'] as const] }],
  ])('answers 403 to a signature over %s', async (_, signed) => {
    const http = await openHttp()
    const response = await http.post(path, VOICE_FORM, signed)
    expect(response.status).toBe(403)
    expect(http.asked()).toBe(0)
  })

  it('trusts no header about where it stands: only the public URL was signed', async () => {
    const http = await openHttp()
    const headers = { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    expect((await http.post(path, VOICE_FORM, { headers })).ok).toBe(true)
    const forged = await http.post(path, VOICE_FORM, { headers, signedUrl: `https://evil.example${path}` })
    expect(forged.status).toBe(403)
  })

  it('counts the query as part of what was signed', async () => {
    const http = await openHttp()
    expect((await http.post(`${path}?a=1&b=%20x`, VOICE_FORM)).ok).toBe(true)
    const without = await http.post(`${path}?a=1`, VOICE_FORM, { signedUrl: PUBLIC_URL + path })
    expect(without.status).toBe(403)
  })

  it('counts every value of a repeated parameter', async () => {
    const http = await openHttp()
    const repeated = [...VOICE_FORM, ['MediaUrl', 'b'] as const, ['MediaUrl', 'a'] as const]
    expect((await http.post(path, repeated)).ok).toBe(true)
    expect((await http.post(path, repeated, { signedFields: [...VOICE_FORM, ['MediaUrl', 'a']] })).status).toBe(403)
  })

  it('answers 400 to a signed form that is no webhook, and says what was expected', async () => {
    const http = await openHttp()
    const response = await http.post(path, [['CallSid', 'nonsense']])
    expect(response.status).toBe(400)
    const { code, detail } = await problemOf(response)
    expect(code).toBe('WEBHOOK_INVALID')
    expect(detail).toContain('CA and 32 hexadecimal digits')
  })

  it('answers 400 when the CallSid is given twice', async () => {
    const http = await openHttp()
    const response = await http.post(path, [...VOICE_FORM, ['CallSid', CALL_SID]])
    expect(response.status).toBe(400)
  })

  it('answers 403 to a signature without a form, and to a form of another type', async () => {
    const http = await openHttp()
    const empty = await fetch(http.url + path, { method: 'POST' })
    expect(empty.status).toBe(403)
    const json = await http.post(path, VOICE_FORM, { headers: { 'content-type': 'application/json' } })
    expect(json.status).toBe(403)
  })
})

describe.each([
  ['/twiml', '<Reject reason="busy"/>'],
  ['/twiml/next', '<Hangup/>'],
])('POST %s, when the desk fails', (path, verb) => {
  it.each([
    ['an error', new Error('secret inner workings')],
    ['something that is no error', 'secret inner workings'],
    ['an error that another route explains', new CarrierError('CARRIER_TIMEOUT', 'secret inner workings')],
    ['the blame for a form', new ProtocolError('WEBHOOK_INVALID', 'secret inner workings')],
  ])('is answered with TwiML that ends the call, and the log has the cause: %s', async (_, failure) => {
    const http = await openHttp()
    for (const asked of Object.values(http.voice)) asked.mockRejectedValue(failure)
    const response = await http.post(path, VOICE_FORM)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/xml; charset=utf-8')
    expect(await response.text()).toBe(`${XML}<Response>${verb}</Response>`)
    const lines = http.lines.filter((line) => line.includes('secret inner workings'))
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ level: 50, path, callSid: CALL_SID }),
    ])
    expect(http.webhookFailed).toHaveBeenCalledOnce()
  })

  it('before it has made a promise, or with an answer that makes no TwiML, is answered no worse', async () => {
    const http = await openHttp()
    for (const asked of [http.voice.answer, http.voice.next]) {
      asked.mockImplementationOnce(() => {
        throw new Error('at once')
      })
      asked.mockResolvedValueOnce({ do: 'connect', token: 'x'.repeat(4_000) })
    }
    for (const _ of ['at once', 'a token that is too long']) {
      expect(await (await http.post(path, VOICE_FORM)).text()).toBe(`${XML}<Response>${verb}</Response>`)
    }
    expect(http.webhookFailed).toHaveBeenCalledTimes(2)
  })
})

describe('POST /twiml', () => {
  it('hands the desk what the webhook says', async () => {
    const http = await openHttp()
    await http.post('/twiml', VOICE_FORM)
    expect(http.voice.answer).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        callSid: CALL_SID,
        from: '+15551234567',
        to: '+15550100000',
        direction: 'inbound',
        callStatus: 'ringing',
      }),
    )
  })

  it('connects the call to the media socket, with the token as a parameter, an action, and nothing after it', async () => {
    const http = await openHttp()
    const response = await http.post('/twiml', VOICE_FORM)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/xml; charset=utf-8')
    expect(await response.text()).toBe(
      `${XML}<Response><Connect action="https://calls.example.com/twiml/next#rc=5&amp;rp=all" method="POST">` +
        '<Stream url="wss://calls.example.com/ws"><Parameter name="token" value="one-shot"/></Stream>' +
        '</Connect></Response>',
    )
  })

  it('rejects the call as busy when there is no room', async () => {
    const http = await openHttp()
    http.voice.answer.mockResolvedValue({ do: 'reject' })
    const response = await http.post('/twiml', VOICE_FORM)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe(`${XML}<Response><Reject reason="busy"/></Response>`)
  })

  it('hangs up a call that was answered already when the desk fails: it can be rejected no more', async () => {
    const http = await openHttp()
    http.voice.answer.mockRejectedValue(new Error('no'))
    const answered = VOICE_FORM.map(([name, value]) => [name, name === 'CallStatus' ? 'in-progress' : value] as const)
    expect(await (await http.post('/twiml', answered)).text()).toBe(`${XML}<Response><Hangup/></Response>`)
  })

  it('hangs up a call that is over', async () => {
    const http = await openHttp()
    http.voice.answer.mockResolvedValue({ do: 'hangUp' })
    expect(await (await http.post('/twiml', VOICE_FORM)).text()).toBe(`${XML}<Response><Hangup/></Response>`)
  })
})

describe('POST /twiml/next', () => {
  it('hangs up when the call has nothing more to say', async () => {
    const http = await openHttp()
    const response = await http.post('/twiml/next', VOICE_FORM)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/xml; charset=utf-8')
    expect(await response.text()).toBe(`${XML}<Response><Hangup/></Response>`)
    expect(http.voice.next).toHaveBeenCalledOnce()
    expect(http.voice.answer).not.toHaveBeenCalled()
  })

  it('connects a fresh stream, with a fresh token, while the call is being recovered', async () => {
    const http = await openHttp()
    http.voice.next.mockResolvedValue({ do: 'connect', token: 'fresh & <new>' })
    const twiml = await (await http.post('/twiml/next', VOICE_FORM)).text()
    expect(twiml).toContain('<Stream url="wss://calls.example.com/ws">')
    expect(twiml).toMatch(/<Parameter name="token" value="fresh &amp; &lt;new(?:&gt;|>)"\/>/)
  })
})

describe('POST /status', () => {
  it('answers 500 without details when the desk fails, and logs what happened', async () => {
    const http = await openHttp()
    http.voice.noteStatus.mockRejectedValue(new Error('secret inner workings'))
    const response = await http.post('/status', statusForm('ringing'))
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('inner workings')
    expect(http.lines.filter((line) => line.includes('secret inner workings'))).toHaveLength(1)
  })

  it.each(['queued', 'initiated', 'ringing', 'in-progress', 'completed', 'busy', 'failed', 'no-answer', 'canceled'])(
    'answers 204 without a body to "%s", of whatever call',
    async (status) => {
      const http = await openHttp()
      const response = await http.post('/status', statusForm(status))
      expect(response.status).toBe(204)
      expect(await response.text()).toBe('')
      expect(http.voice.noteStatus.mock.calls[0]?.[0]).toMatchObject({ kind: 'call', callStatus: status })
    },
  )

  it('answers 204 as often as the same callback comes', async () => {
    const http = await openHttp()
    const answers = await Promise.all(Array.from({ length: 10 }, () => http.post('/status', statusForm('completed'))))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 204))
  })

  it('hands the desk our id from the query, or none if it is missing or given twice', async () => {
    const http = await openHttp()
    await http.post('/status?call=call_abc', statusForm('ringing'))
    await http.post('/status', statusForm('ringing'))
    await http.post('/status?call=a&call=b', statusForm('ringing'))
    expect(http.voice.noteStatus.mock.calls.map(([, callId]) => callId)).toEqual(['call_abc', undefined, undefined])
  })

  it('tells callbacks of streams from those of calls', async () => {
    const http = await openHttp()
    const streamSid = 'MZ0123456789abcdef0123456789abcdef'
    const response = await http.post('/status', [
      ['CallSid', CALL_SID],
      ['StreamSid', streamSid],
      ['StreamEvent', 'stream-error'],
      ['StreamError', 'handshake'],
    ])
    expect(response.status).toBe(204)
    expect(http.voice.noteStatus.mock.calls[0]?.[0]).toMatchObject({ kind: 'stream', streamSid })
  })

  it('answers 400 to a status that does not exist', async () => {
    const http = await openHttp()
    expect((await http.post('/status', statusForm('exploded'))).status).toBe(400)
  })
})

describe('a refused webhook', () => {
  it('names neither a token nor the signature, in its answer or in the log', async () => {
    const http = await openHttp()
    const response = await http.post('/twiml', VOICE_FORM, { token: 'wrong' })
    const told = (await response.text()) + http.lines.join('')
    for (const secret of [AUTH_TOKEN, SECONDARY_TOKEN, '+15551234567']) expect(told).not.toContain(secret)
  })
})
