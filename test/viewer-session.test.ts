import { createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { describe, expect, it, vi } from 'vitest'
import { VirtualClock } from '../src/simulator/virtual-clock.ts'
import { type Deed, ViewerSession } from '../src/viewer-session.ts'

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  return { ...crypto, timingSafeEqual: vi.fn<typeof timingSafeEqual>(crypto.timingSafeEqual) }
})

const TOKEN = 'an-api-token-of-some-length'
const PUBLIC_URL = 'https://calls.example.com'
/** Somebody at the public URL, through a proxy. */
const PUBLIC = { host: 'calls.example.com', origin: PUBLIC_URL }
const HOUR_MS = 3_600_000
const BEGIN = Date.UTC(2026, 10, 1)

interface SessionUnderTest {
  readonly apiToken?: string
  readonly publicUrl?: string
}

function open({ apiToken = TOKEN, publicUrl = PUBLIC_URL }: SessionUnderTest = {}) {
  const clock = new VirtualClock(1_000)
  const now = { epoch: BEGIN }
  const session = new ViewerSession({ apiToken, publicUrl, clock, epochNow: () => now.epoch })
  return { clock, now, session }
}

function setCookie(session: ViewerSession, headers: IncomingHttpHeaders = PUBLIC): string {
  const result = session.logIn(TOKEN, headers)
  if (result.outcome !== 'admitted') throw new Error(`expected to be admitted, got ${result.outcome}`)
  return result.cookie
}

/** As a browser sends it back. */
function cookieOf(session: ViewerSession): string {
  return setCookie(session).split(';')[0] ?? ''
}

function forge(expiry: number | string, key: string, { nonce = 'n'.repeat(22), prefix = 'inspector session' } = {}) {
  const signature = createHmac('sha256', key).update(`${prefix}|${expiry}|${nonce}`).digest('base64url')
  return `callchart_inspector=${expiry}.${nonce}.${signature}`
}

function codeOf(session: ViewerSession, deed: Deed, headers: IncomingHttpHeaders): string {
  return session.objectionTo(deed, headers)?.code ?? 'none'
}

describe('the cookie of a session', () => {
  it("is the browser's alone, for the inspector's paths, and never sent along by another site", () => {
    const [value, ...attributes] = setCookie(open().session).split('; ')
    expect(value).toMatch(/^callchart_inspector=\d+\.[\w-]{22}\.[\w-]{43}$/)
    expect(attributes).toEqual(['Max-Age=43200', 'Path=/inspector', 'HttpOnly', 'SameSite=Strict', 'Secure'])
  })

  it('lets somebody look, beside other cookies and after one that is stale', () => {
    const { session } = open()
    const cookie = cookieOf(session)
    expect(codeOf(session, 'look', { cookie })).toBe('none')
    expect(codeOf(session, 'look', { cookie: `a=b;callchart_inspector=old; ${cookie}; c="d;e"` })).toBe('none')
  })

  it('is another one at every login, and does not contain the token', () => {
    const { session } = open()
    const cookies = Array.from({ length: 20 }, () => cookieOf(session))
    expect(new Set(cookies).size).toBe(20)
    for (const cookie of cookies) expect(cookie).not.toContain(TOKEN)
  })

  it('is good for twelve hours and not a millisecond more', () => {
    const { session, now } = open()
    const cookie = cookieOf(session)
    now.epoch = BEGIN + 12 * HOUR_MS - 1
    expect(codeOf(session, 'look', { cookie })).toBe('none')
    now.epoch += 1
    expect(codeOf(session, 'look', { cookie })).toBe('SESSION_INVALID')
  })

  it('outlives a restart of the server', () => {
    const cookie = cookieOf(open().session)
    expect(codeOf(open().session, 'look', { cookie })).toBe('none')
  })

  it('is worth nothing once the token is another one', () => {
    const cookie = cookieOf(open().session)
    const { session } = open({ apiToken: `${TOKEN}-renewed` })
    expect(codeOf(session, 'look', { cookie })).toBe('SESSION_INVALID')
  })

  it('can be made by whoever has the token, as it is documented', () => {
    expect(codeOf(open().session, 'look', { cookie: forge(BEGIN + 1, TOKEN) })).toBe('none')
  })

  const later = BEGIN + HOUR_MS
  it.each([
    ['is signed with another token', forge(later, 'another-api-token-of-length')],
    ['is signed with nothing', forge(later, '')],
    ['is signed for something else', forge(later, TOKEN, { prefix: 'something else' })],
    ['has run out', forge(BEGIN, TOKEN)],
    ['never runs out', forge('Infinity', TOKEN)],
    ['runs out before it began', forge(-1, TOKEN)],
    ['runs out at a fraction', forge('1e99', TOKEN)],
    ['has no nonce', forge(later, TOKEN, { nonce: '' })],
    ['has a nonce that is too long', forge(later, TOKEN, { nonce: 'n'.repeat(23) })],
    ['has another name', forge(later, TOKEN).replace('callchart_inspector', 'callchart')],
    ['has a longer name', `x${forge(later, TOKEN)}`],
    ['has a signature cut short', forge(later, TOKEN).slice(0, -1)],
    ['has more behind its signature', `${forge(later, TOKEN)}x`],
    ['is quoted', forge(later, TOKEN).replace('=', '="') + '"'],
    ['is the token', `callchart_inspector=${TOKEN}`],
    ['is empty', 'callchart_inspector='],
    ['has no value', 'callchart_inspector'],
  ])('is refused when it %s', (_, cookie) => {
    expect(codeOf(open().session, 'look', { cookie })).toBe('SESSION_INVALID')
  })

  it('is refused when any one character of it is another', () => {
    const { session } = open()
    const cookie = cookieOf(session)
    const start = cookie.indexOf('=') + 1
    const accepted: string[] = []
    for (let index = start; index < cookie.length; index += 1) {
      const other = cookie[index] === '1' ? '2' : '1'
      const tampered = cookie.slice(0, index) + other + cookie.slice(index + 1)
      if (codeOf(session, 'look', { cookie: tampered }) !== 'SESSION_INVALID') accepted.push(tampered)
    }
    expect(accepted).toEqual([])
  })

  it('is compared in constant time', () => {
    const { session } = open()
    vi.mocked(timingSafeEqual).mockClear()
    session.objectionTo('look', { cookie: forge(later, 'another-api-token-of-length') })
    expect(timingSafeEqual).toHaveBeenCalledOnce()
  })

  it('is taken from the browser by an empty one that has run out', () => {
    expect(open().session.logOut(PUBLIC)).toBe(
      'callchart_inspector=; Max-Age=0; Path=/inspector; HttpOnly; SameSite=Strict; Secure',
    )
  })
})

describe('a cookie is marked as secure', () => {
  it.each([
    ['at the public https URL', PUBLIC_URL, PUBLIC, true],
    ['at the public https URL, by a form without an origin', PUBLIC_URL, { host: 'calls.example.com' }, true],
    ['at another address than loopback', PUBLIC_URL, { host: '192.168.1.5:8080' }, true],
    ['at an address that only begins like loopback', PUBLIC_URL, { host: '127.0.0.1.evil.example' }, true],
    ['without a host', PUBLIC_URL, {}, true],
    ['at a host that is none', PUBLIC_URL, { host: 'a b' }, true],
    ['at 127.0.0.1', PUBLIC_URL, { host: '127.0.0.1:8080' }, false],
    ['at 127.0.0.1 by its own page', PUBLIC_URL, { host: '127.0.0.1:8080', origin: 'http://127.0.0.1:8080' }, false],
    ['at localhost', PUBLIC_URL, { host: 'localhost:8080' }, false],
    ['at LOCALHOST', PUBLIC_URL, { host: 'LOCALHOST' }, false],
    ['at [::1]', PUBLIC_URL, { host: '[::1]:8080' }, false],
    [
      'behind a proxy that names loopback as the host',
      PUBLIC_URL,
      { host: '127.0.0.1:8080', origin: PUBLIC_URL },
      true,
    ],
    ['behind a proxy that says https', PUBLIC_URL, { host: '127.0.0.1:8080', 'x-forwarded-proto': 'https' }, true],
    ['behind a proxy that says http', PUBLIC_URL, { host: '127.0.0.1:8080', 'x-forwarded-proto': 'http' }, false],
    ['at a public URL of http', 'http://127.0.0.1:8080', { host: '127.0.0.1:8080' }, false],
  ])('%s, or not: with PUBLIC_URL %s', (_, publicUrl, headers, isSecure) => {
    const { session } = open({ publicUrl })
    expect(setCookie(session, headers).endsWith('; Secure')).toBe(isSecure)
    expect(session.logOut(headers).endsWith('; Secure')).toBe(isSecure)
  })
})

describe('logging in', () => {
  it('is refused with anything but the token', () => {
    for (const token of ['', 'x', TOKEN.slice(1), `${TOKEN}x`, TOKEN.toUpperCase()]) {
      expect(open().session.logIn(token, PUBLIC)).toEqual({ outcome: 'refused' })
    }
  })

  it('compares in constant time, whatever the length', () => {
    const { session } = open()
    for (const token of ['x', 'x'.repeat(1_000), TOKEN]) {
      vi.mocked(timingSafeEqual).mockClear()
      session.logIn(token, PUBLIC)
      expect(timingSafeEqual).toHaveBeenCalledOnce()
    }
  })

  it('is put off after ten failures, even with the token, until the first of them is a minute old', async () => {
    const { session, clock } = open()
    for (let count = 0; count < 10; count += 1) {
      expect(session.logIn('wrong', PUBLIC)).toEqual({ outcome: 'refused' })
      await clock.advance(1_000)
    }
    expect(session.logIn(TOKEN, PUBLIC)).toEqual({ outcome: 'postponed', retryAfterMs: 50_000 })
    await clock.advance(49_999)
    expect(session.logIn(TOKEN, PUBLIC)).toEqual({ outcome: 'postponed', retryAfterMs: 1 })
    await clock.advance(1)
    expect(session.logIn(TOKEN, PUBLIC).outcome).toBe('admitted')
    // The window slides: one more guess, not ten.
    expect(session.logIn('wrong', PUBLIC).outcome).toBe('refused')
    expect(session.logIn('wrong', PUBLIC).outcome).toBe('postponed')
  })

  it('is never put off longer by those who try on', async () => {
    const { session, clock } = open()
    for (let count = 0; count < 1_000; count += 1) session.logIn('wrong', PUBLIC)
    await clock.advance(60_000)
    expect(session.logIn(TOKEN, PUBLIC).outcome).toBe('admitted')
  })

  it('is not put off by successes, however many', () => {
    const { session } = open()
    for (let count = 0; count < 50; count += 1) expect(session.logIn(TOKEN, PUBLIC).outcome).toBe('admitted')
  })

  it('does not put off whoever has a session or brings the token as a header', () => {
    const { session } = open()
    const cookie = cookieOf(session)
    for (let count = 0; count < 11; count += 1) session.logIn('wrong', PUBLIC)
    expect(codeOf(session, 'look', { cookie })).toBe('none')
    expect(codeOf(session, 'act', { authorization: `Bearer ${TOKEN}` })).toBe('none')
  })
})

describe('what may be done', () => {
  const withCookie = (headers: IncomingHttpHeaders) => {
    const { session } = open()
    return { session, headers: { ...headers, cookie: cookieOf(session) } }
  }
  const withToken = (headers: IncomingHttpHeaders) => ({
    session: open().session,
    headers: { ...headers, authorization: `Bearer ${TOKEN}` },
  })
  const without = (headers: IncomingHttpHeaders) => ({ session: open().session, headers })
  const sameOrigin = { 'sec-fetch-site': 'same-origin' }
  const local = { host: '127.0.0.1:8080' }

  it.each([
    // Whose page it was does not matter where nothing changes.
    ['look', withCookie, {}, 'none'],
    ['look', withCookie, { origin: 'https://evil.example' }, 'none'],
    ['look', withToken, {}, 'none'],
    ['look', without, PUBLIC, 'SESSION_INVALID'],
    ['look', without, { ...PUBLIC, authorization: 'Bearer wrong' }, 'SESSION_INVALID'],
    ['look', without, { ...PUBLIC, authorization: TOKEN }, 'SESSION_INVALID'],

    ['act', withCookie, PUBLIC, 'none'],
    ['act', withCookie, { ...local, origin: 'http://127.0.0.1:8080' }, 'none'],
    ['act', withCookie, { ...local, origin: PUBLIC_URL }, 'none'],
    ['act', withCookie, sameOrigin, 'none'],
    ['act', withCookie, { ...sameOrigin, origin: 'null' }, 'none'],
    ['act', withCookie, {}, 'ORIGIN_FOREIGN'],
    ['act', withCookie, { origin: 'null' }, 'ORIGIN_FOREIGN'],
    ['act', withCookie, { 'sec-fetch-site': 'none' }, 'ORIGIN_FOREIGN'],
    ['act', withCookie, { 'sec-fetch-site': 'same-site' }, 'ORIGIN_FOREIGN'],
    ['act', withCookie, { 'sec-fetch-site': 'cross-site', origin: 'null' }, 'ORIGIN_FOREIGN'],
    ['act', withCookie, { ...sameOrigin, origin: 'https://evil.example' }, 'ORIGIN_FOREIGN'],
    ['act', withToken, {}, 'none'],
    ['act', withToken, { origin: 'https://evil.example' }, 'ORIGIN_FOREIGN'],
    ['act', without, PUBLIC, 'SESSION_INVALID'],
    ['act', without, { origin: 'https://evil.example' }, 'ORIGIN_FOREIGN'],

    ['watch', withCookie, PUBLIC, 'none'],
    ['watch', withCookie, { ...local, origin: 'http://127.0.0.1:8080' }, 'none'],
    ['watch', withCookie, {}, 'ORIGIN_FOREIGN'],
    ['watch', withCookie, sameOrigin, 'ORIGIN_FOREIGN'],
    ['watch', withCookie, { ...sameOrigin, origin: 'null' }, 'ORIGIN_FOREIGN'],
    ['watch', withToken, {}, 'none'],
    ['watch', withToken, { origin: 'https://evil.example' }, 'ORIGIN_FOREIGN'],
    ['watch', without, {}, 'SESSION_INVALID'],

    ['enter', without, PUBLIC, 'none'],
    ['enter', without, { ...sameOrigin, origin: 'null' }, 'none'],
    ['enter', without, {}, 'ORIGIN_FOREIGN'],
    ['enter', without, { origin: 'https://evil.example' }, 'ORIGIN_FOREIGN'],
    ['enter', withToken, {}, 'ORIGIN_FOREIGN'],
  ] as const)('%s, %o with %o: %s', (deed, credential, given, code) => {
    const { session, headers } = credential(given)
    expect(codeOf(session, deed, headers)).toBe(code)
  })

  it.each([
    ['another host', 'https://calls.example.com.evil.example'],
    ['a host above', 'https://example.com'],
    ['a host beside', 'https://www.example.com'],
    ['the public host by http, which anybody between may have written', 'http://calls.example.com'],
    ['another port', 'https://calls.example.com:8443'],
    ['the origin with a path', 'https://calls.example.com/'],
    ['the origin in capitals, as no browser writes it', 'HTTPS://CALLS.EXAMPLE.COM'],
    ['two origins', 'https://calls.example.com, https://evil.example'],
    ['another user', 'https://evil@calls.example.com'],
    ['nothing at all', ''],
    ['a file', 'file://'],
    ['an extension', 'chrome-extension://calls.example.com'],
  ])('does not include acting for a page of %s', (_, origin) => {
    const { session, headers } = withCookie({ host: 'calls.example.com', origin })
    for (const deed of ['act', 'watch', 'enter'] as const) expect(codeOf(session, deed, headers)).toBe('ORIGIN_FOREIGN')
  })

  it.each([
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['http://127.0.0.1:8081', '127.0.0.1:8080', false],
    ['http://localhost:8080', '127.0.0.1:8080', false],
    ['http://127.0.0.1', '127.0.0.1:80', true],
    ['https://inside.example', 'inside.example', true],
    ['https://inside.example', 'INSIDE.example:443', true],
    ['http://[::1]:8080', '[::1]:8080', true],
    ['http://x', 'a b', false],
  ])('a page of %s that asks %s is our own: %s', (origin, host, isOwn) => {
    const { session, headers } = withCookie({ host, origin })
    expect(codeOf(session, 'act', headers)).toBe(isOwn ? 'none' : 'ORIGIN_FOREIGN')
  })

  it('is told from the origin that a browser writes, though PUBLIC_URL spells its port out', () => {
    const { session } = open({ publicUrl: 'https://calls.example.com:443' })
    expect(codeOf(session, 'enter', PUBLIC)).toBe('none')
  })

  it('says what was expected and what came', () => {
    const { session } = open()
    const foreign = session.objectionTo('enter', { ...local, origin: 'https://evil.example' })
    expect(foreign).toMatchObject({ status: 403 })
    for (const part of [PUBLIC_URL, 'http://127.0.0.1:8080', 'https://evil.example']) {
      expect(foreign?.detail).toContain(part)
    }
    expect(session.objectionTo('enter', local)?.detail).toContain('got none')
    expect(session.objectionTo('look', {})?.detail).toContain('got neither')
    const tried = session.objectionTo('look', { authorization: 'Bearer some-secret' })
    expect(tried).toMatchObject({ status: 401 })
    expect(tried?.detail).toContain('got one that is not valid')
    expect(tried?.detail).not.toContain('some-secret')
  })

  it('is nothing at all without an API token, and the variable is named', () => {
    const session = new ViewerSession({
      apiToken: undefined,
      publicUrl: PUBLIC_URL,
      clock: new VirtualClock(),
      epochNow: () => BEGIN,
    })
    expect(session.isEnabled).toBe(false)
    for (const key of ['', 'undefined', TOKEN]) {
      const headers = { ...PUBLIC, authorization: `Bearer ${key}`, cookie: forge(BEGIN + HOUR_MS, key) }
      for (const deed of ['look', 'act', 'watch', 'enter'] as const) {
        expect(session.objectionTo(deed, headers)).toMatchObject({ status: 403, code: 'API_DISABLED' })
      }
      expect(session.objectionTo('look', headers)?.detail).toContain('CALLCHART_API_TOKEN')
      expect(session.logIn(key, PUBLIC)).toEqual({ outcome: 'refused' })
    }
  })
})
