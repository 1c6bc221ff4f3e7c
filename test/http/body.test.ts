import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { API_TOKEN, openHttp, problemOf, VOICE_FORM } from './http-rig.ts'

const TO = '+15551234567'
const LIMIT = 64 * 1024

/** A documented body of exactly `bytes` bytes. */
function padded(bytes: number): string {
  const body = JSON.stringify({ to: TO, agent: '' })
  return body.replace('"agent":""', `"agent":"${'x'.repeat(bytes - body.length)}"`)
}

describe('a body', () => {
  it('of 64 kB is read, and one byte more is answered with 413', async () => {
    const http = await openHttp()
    expect((await http.ask('POST', '/calls', padded(LIMIT))).status).toBe(201)
    const response = await http.ask('POST', '/calls', padded(LIMIT + 1))
    expect(response.status).toBe(413)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(await problemOf(response)).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' })
    expect(http.calls.dial).toHaveBeenCalledOnce()
  })

  it('that does not say how long it is, is cut off at 64 kB as well', async () => {
    const http = await openHttp()
    const part = new TextEncoder().encode('x'.repeat(16 * 1024))
    let parts = 0
    const body = new ReadableStream({
      pull: (stream) => ((parts += 1) > 5 ? stream.close() : stream.enqueue(part)),
    })
    const headers = { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' }
    const response = await fetch(`${http.url}/calls`, { method: 'POST', headers, body, duplex: 'half' })
    expect(response.status).toBe(413)
  })

  it('that unfolds beyond 64 kB is answered with 413', async () => {
    const http = await openHttp()
    const bomb = gzipSync(padded(20 * LIMIT))
    expect(bomb.length).toBeLessThan(LIMIT)
    const headers = {
      authorization: `Bearer ${API_TOKEN}`,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    }
    const response = await fetch(`${http.url}/calls`, { method: 'POST', headers, body: new Uint8Array(bomb) })
    expect(response.status).toBe(413)
  })

  it.each(['gzip', 'br', 'nonsense'])('that is not %s although it says so is answered with 400', async (encoding) => {
    const http = await openHttp()
    const response = await http.ask('POST', '/calls', { to: TO }, { 'content-encoding': encoding })
    expect(response.status).toBe(400)
    expect((await problemOf(response)).code).toBe('BODY_INVALID')
    expect(http.lines).toEqual([])
  })

  it('is as bounded where it is a form', async () => {
    const http = await openHttp()
    const response = await http.post('/twiml', [...VOICE_FORM, ['Padding', 'x'.repeat(LIMIT)]])
    expect(response.status).toBe(413)
    expect(http.voice.answer).not.toHaveBeenCalled()
  })

  it.each([
    ['lists', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['objects', '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)],
    ['lists in a parameter', `{"to":"${TO}","parameters":{"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}}`],
    ['lists without an end', '['.repeat(60_000)],
  ])('of deeply nested %s is answered with 400', async (_, body) => {
    const http = await openHttp()
    expect((await http.ask('POST', '/calls', body)).status).toBe(400)
    expect(http.calls.dial).not.toHaveBeenCalled()
  })

  it('of deeply nested form fields is no more than a form that was not signed', async () => {
    const http = await openHttp()
    const response = await fetch(`${http.url}/twiml`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `a${'[b]'.repeat(15_000)}=1`,
    })
    expect(response.status).toBe(403)
  })

  it.each([
    `{"to":"${TO}","__proto__":{"polluted":true}}`,
    `{"to":"${TO}","constructor":{"prototype":{"polluted":true}}}`,
    `{"to":"${TO}","parameters":{"__proto__":{"polluted":true}}}`,
    `{"to":"${TO}","parameters":{"__proto__":"polluted"}}`,
    String.raw`{"to":"${TO}","\u005f_proto__":{"polluted":true}}`,
  ])('that reaches for a prototype is answered with 400 and changes none: %s', async (body) => {
    const http = await openHttp()
    expect((await http.ask('POST', '/calls', body)).status).toBe(400)
    expect(Object.keys(Object.prototype)).toEqual([])
    expect({}).not.toHaveProperty('polluted')
    expect(http.calls.dial).not.toHaveBeenCalled()
  })

  it('that is a signed form may use such names, and changes no prototype either', async () => {
    const http = await openHttp()
    const names = ['__proto__', 'constructor', 'toString', '__proto__[polluted]', 'constructor[prototype][polluted]']
    const fields = [...VOICE_FORM, ...names.map((name) => [name, '1'] as const)]
    const response = await http.post('/twiml', fields)
    expect(response.status).toBe(200)
    expect({}).not.toHaveProperty('polluted')
  })
})
