import { describe, expect, it, vi } from 'vitest'
import { AdmissionError } from '../../src/errors.ts'
import type { InspectorDesk } from '../../src/http/desks.ts'
import type { InspectorFiles } from '../../src/http/inspector-routes.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { ViewerSession } from '../../src/viewer-session.ts'
import { API_TOKEN, CALL, formOf, openHttp, problemOf, PUBLIC_URL } from './http-rig.ts'

const FILES: Readonly<Record<string, readonly [type: string, body: string]>> = {
  'index.html': ['text/html; charset=utf-8', '<title>the inspector</title>'],
  'login.html': ['text/html; charset=utf-8', '<p>{{message}}</p><input name="next" value="{{next}}"><b>{{other}}</b>'],
  'assets/inspector.css': ['text/css; charset=utf-8', 'body { margin: 0 }'],
  'assets/chart.css': ['text/css; charset=utf-8', '.chart { color: red }'],
  'assets/main.js': ['text/javascript; charset=utf-8', 'export {}'],
  'charts/call.svg': ['image/svg+xml', '<svg/>'],
}
const files: InspectorFiles = {
  find(path) {
    const [type, body] = (Object.hasOwn(FILES, path) ? FILES[path] : undefined) ?? []
    return type === undefined || body === undefined ? undefined : { type, body }
  },
}

const PAGES = ['/inspector', '/inspector/', '/inspector/node', `/inspector/calls/${CALL.id}`]
const BEHIND_THE_SESSION = [
  '/inspector/assets/main.js',
  '/inspector/assets/chart.css',
  '/inspector/charts/call.svg',
  `/inspector/calls/${CALL.id}/recording`,
]
const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

type Headers = Readonly<Record<string, string>>

async function openInspector({ apiToken }: { readonly apiToken: string | undefined } = { apiToken: API_TOKEN }) {
  const clock = new VirtualClock(1_000)
  const now = { epoch: Date.UTC(2026, 10, 1) }
  const recording = vi.fn<InspectorDesk['recording']>((id) =>
    Promise.resolve(id === CALL.id ? '{"line":1}\n{"line":"é"}\n' : undefined),
  )
  const session = new ViewerSession({ apiToken, publicUrl: PUBLIC_URL, clock, epochNow: () => now.epoch })
  const http = await openHttp({
    apiToken,
    inspector: (parts) => ({ ...parts, desk: { recording }, session, files }),
  })
  const own = { origin: http.url }
  const send = (method: string, path: string, headers: Headers = {}, body?: string | URLSearchParams) =>
    fetch(http.url + path, { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body }) })
  const logIn = (fields: Headers, headers: Headers = own) =>
    send('POST', '/inspector/login', headers, formOf(Object.entries(fields)))
  return {
    ...http,
    clock,
    now,
    recording,
    own,
    send,
    logIn,
    /** The headers of a browser that has logged in and shows our page. */
    async loggedIn() {
      const response = await logIn({ token: API_TOKEN })
      return { ...own, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' }
    },
  }
}

function headersOf(response: Response): Headers {
  return Object.fromEntries(Object.keys(SECURITY_HEADERS).map((name) => [name, response.headers.get(name) ?? '']))
}

describe.each(PAGES)('GET %s', (path) => {
  it('is the page to whoever has logged in', async () => {
    const http = await openInspector()
    const response = await http.send('GET', path, await http.loggedIn())
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await response.text()).toContain('the inspector')
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
  })

  it('is the page to a program that brings the token', async () => {
    const http = await openInspector()
    const response = await http.send('GET', path, { authorization: `Bearer ${API_TOKEN}` })
    expect(response.status).toBe(200)
    expect(await response.text()).toContain('the inspector')
  })

  it('asks everybody else for the token, and remembers where they wanted to go', async () => {
    const http = await openInspector()
    const response = await http.send('GET', `${path}?a=1&b="`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
    expect(await response.text()).toBe(`<p></p><input name="next" value="${path}?a=1&#38;b=%22"><b>{{other}}</b>`)
  })
})

describe('GET what the page is made of', () => {
  it.each(BEHIND_THE_SESSION)('is answered to whoever has logged in: %s', async (path) => {
    const http = await openInspector()
    const response = await http.send('GET', path, await http.loggedIn())
    expect(response.status).toBe(200)
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
  })

  it.each(BEHIND_THE_SESSION)('is refused to anybody else: %s', async (path) => {
    const http = await openInspector()
    for (const headers of [{}, { cookie: 'callchart_inspector=forged' }, { authorization: 'Bearer wrong' }]) {
      const response = await http.send('GET', path, headers)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
      expect(await problemOf(response)).toMatchObject({ status: 401, code: 'SESSION_INVALID' })
      expect(headersOf(response)).toEqual(SECURITY_HEADERS)
    }
    expect(http.recording).not.toHaveBeenCalled()
  })

  it.each([
    ['/inspector/assets/main.js', 'text/javascript; charset=utf-8', 'export {}'],
    ['/inspector/assets/chart.css', 'text/css; charset=utf-8', '.chart { color: red }'],
    ['/inspector/charts/call.svg', 'image/svg+xml', '<svg/>'],
  ])('comes as what it is: %s', async (path, type, body) => {
    const http = await openInspector()
    const response = await http.send('GET', path, await http.loggedIn())
    expect(response.headers.get('content-type')).toBe(type)
    expect(await response.text()).toBe(body)
  })

  it('leaves the look of the login page to everybody', async () => {
    const http = await openInspector()
    const response = await http.send('GET', '/inspector/assets/inspector.css')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
  })

  it.each([
    '/inspector/assets/nothing.js',
    '/inspector/assets/index.html',
    '/inspector/assets/..%2findex.html',
    '/inspector/assets/..%2Flogin.html',
    '/inspector/assets/%2e%2e%2fcharts%2fcall.svg',
    '/inspector/assets/..%5cindex.html',
    '/inspector/assets/....//main.js',
    '/inspector/assets/../../../package.json',
    '/inspector/assets/%2e%2e/%2e%2e/package.json',
    '/inspector/assets/%2fetc%2fpasswd',
    '/inspector/assets//etc/passwd',
    '/inspector/assets/main.js%00.css',
    '/inspector/assets/__proto__',
    '/inspector/assets/',
    '/inspector/charts/nothing.svg',
    '/inspector/charts/..%2fassets%2fmain.js',
    '/inspector/charts/call',
    '/inspector/nowhere',
    '/inspector/index.html',
    '/inspectors',
  ])('is 404 for what is not among it, however it is spelt: %s', async (target) => {
    const http = await openInspector()
    expect(await http.raw('GET', target, await http.loggedIn())).toBe(404)
    expect(http.lines.filter((line) => line.includes('request failed'))).toEqual([])
  })
})

describe('a session', () => {
  it('is over after twelve hours', async () => {
    const http = await openInspector()
    const headers = await http.loggedIn()
    http.now.epoch += 12 * 3_600_000
    expect((await http.send('GET', '/inspector', headers)).status).toBe(401)
    expect((await http.send('DELETE', `/inspector/calls/${CALL.id}`, headers)).status).toBe(401)
  })

  it('is no good for the rest of the API', async () => {
    const http = await openInspector()
    expect((await http.send('GET', '/calls', await http.loggedIn())).status).toBe(401)
  })
})

describe('POST /inspector/login', () => {
  it('gives whoever knows the token a cookie, and sends them where they wanted to go', async () => {
    const http = await openInspector()
    const response = await http.logIn({ token: ` ${API_TOKEN}\r\n`, next: '/inspector/node?x=1' })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/inspector/node?x=1')
    // Past the public URL, at a loopback address.
    expect(response.headers.get('set-cookie')).toMatch(
      /^callchart_inspector=[^;]+; Max-Age=43200; Path=\/inspector; HttpOnly; SameSite=Strict$/,
    )
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
  })

  it('marks the cookie as secure for whoever comes by the public URL', async () => {
    const http = await openInspector()
    const response = await http.logIn({ token: API_TOKEN }, { origin: PUBLIC_URL })
    expect(response.headers.get('set-cookie')).toMatch(/; Secure$/)
  })

  it('takes the form of a browser that names no origin to a page without referrers', async () => {
    const http = await openInspector()
    const response = await http.logIn({ token: API_TOKEN }, { origin: 'null', 'sec-fetch-site': 'same-origin' })
    expect(response.status).toBe(303)
  })

  it.each([
    ['/inspector', '/inspector'],
    [`/inspector/calls/${CALL.id}`, `/inspector/calls/${CALL.id}`],
    ['', '/inspector'],
    ['/', '/inspector'],
    ['/calls', '/inspector'],
    ['/inspectors', '/inspector'],
    ['/inspector/../calls', '/inspector'],
    ['/inspector/%2e%2e/calls', '/inspector'],
    ['/inspector/..\\calls', '/inspector'],
    ['https://evil.example/inspector', '/inspector'],
    ['https://evil.example/inspector/node', '/inspector'],
    ['//evil.example/inspector/node', '/inspector'],
    ['\\\\evil.example\\inspector', '/inspector'],
    ['/\t/evil.example/inspector', '/inspector'],
    ['javascript:alert(1)', '/inspector'],
    ['http://[', '/inspector'],
    ['/inspector/x\r\nSet-Cookie: a=b', '/inspector/xSet-Cookie:%20a=b'],
    ['/inspector/ä', '/inspector/%C3%A4'],
  ])('sends nobody elsewhere than to a page of the inspector: %j', async (next, location) => {
    const http = await openInspector()
    const response = await http.logIn({ token: API_TOKEN, next })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(location)
  })

  it('asks again, and says why, after another token', async () => {
    const http = await openInspector()
    const wrong = 'not-the-token-of-this-server'
    const response = await http.logIn({ token: wrong, next: '/inspector/node' })
    expect(response.status).toBe(401)
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
    const page = await response.text()
    expect(page).toContain('CALLCHART_API_TOKEN')
    expect(page).toContain('value="/inspector/node"')
    expect(http.lines.join('')).toContain('login refused')
    for (const text of [page, http.lines.join('')]) {
      expect(text).not.toContain(wrong)
      expect(text).not.toContain(API_TOKEN)
    }
  })

  it.each([
    '"><script>alert(1)</script>',
    "/inspector/'onfocus='alert(1)",
    '/inspector?q="><script>alert(1)</script>',
    '/inspector/{{message}}',
    "/inspector?$&$'$`",
  ])('puts nothing into the page but text: %s', async (next) => {
    const http = await openInspector()
    const page = await (await http.logIn({ token: 'wrong', next })).text()
    const [, value = ''] =
      /^<p>[^<"]+<\/p><input name="next" value="([^"<>']*)"><b>\{\{other\}\}<\/b>$/.exec(page) ?? []
    expect(value).toMatch(/^\/inspector/)
    expect(page.match(/CALLCHART_API_TOKEN/g)).toHaveLength(1)
  })

  it.each([
    ['an empty form', ''],
    ['no token', 'next=/inspector'],
    ['an empty token', 'token='],
    ['the token twice, the wrong one first', `token=wrong&token=${API_TOKEN}`],
  ])('asks again after %s', async (_, body) => {
    const http = await openInspector()
    const headers = { ...http.own, 'content-type': 'application/x-www-form-urlencoded' }
    expect((await http.send('POST', '/inspector/login', headers, body)).status).toBe(401)
  })

  it('takes a form only', async () => {
    const http = await openInspector()
    const headers = { ...http.own, 'content-type': 'application/json' }
    const response = await http.send('POST', '/inspector/login', headers, JSON.stringify({ token: API_TOKEN }))
    expect(response.status).toBe(401)
  })

  it('refuses a body that is too large', async () => {
    const http = await openInspector()
    const response = await http.logIn({ token: 'x'.repeat(70_000) })
    expect(response.status).toBe(413)
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
  })

  it('hears nobody out for the rest of a minute after ten wrong tokens, and says for how long', async () => {
    const http = await openInspector()
    for (let count = 0; count < 10; count += 1) expect((await http.logIn({ token: 'wrong' })).status).toBe(401)
    await http.clock.advance(15_500)
    const response = await http.logIn({ token: API_TOKEN, next: '/inspector/node' })
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('45')
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
    const page = await response.text()
    expect(page).toContain('45 s')
    expect(page).toContain('value="/inspector/node"')
    await http.clock.advance(44_500)
    expect((await http.logIn({ token: API_TOKEN })).status).toBe(303)
  })

  it('leads whoever asks for it by its address to the page', async () => {
    const http = await openInspector()
    const response = await http.send('GET', '/inspector/login')
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/inspector')
  })
})

describe('POST /inspector/logout', () => {
  it('takes the cookie away and leads back', async () => {
    const http = await openInspector()
    const response = await http.send('POST', '/inspector/logout', await http.loggedIn())
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/inspector')
    expect(response.headers.get('set-cookie')).toBe(
      'callchart_inspector=; Max-Age=0; Path=/inspector; HttpOnly; SameSite=Strict',
    )
  })

  it('is not to be had by a mere link', async () => {
    const http = await openInspector()
    expect((await http.send('GET', '/inspector/logout', await http.loggedIn())).status).toBe(405)
  })
})

describe('POST /inspector/calls', () => {
  const json = { 'content-type': 'application/json' }
  const body = JSON.stringify({ to: '+15551234567', agent: 'greeter' })

  it('places a call as POST /calls does', async () => {
    const http = await openInspector()
    const mine = await http.send('POST', '/inspector/calls', { ...(await http.loggedIn()), ...json }, body)
    const theirs = await http.ask('POST', '/calls', body)
    expect(mine.status).toBe(201)
    expect(mine.headers.get('location')).toBe(theirs.headers.get('location'))
    expect(await mine.json()).toEqual(await theirs.json())
    expect(headersOf(mine)).toEqual(SECURITY_HEADERS)
    expect(http.calls.dial.mock.calls[0]).toEqual(http.calls.dial.mock.calls[1])
  })

  it.each([
    ['{"to": 1}', 400, 'BODY_INVALID'],
    ['{"to": "+1", "twiml": "<Say/>"}', 400, 'BODY_INVALID'],
    [body, 429, 'DIAL_LIMIT'],
  ])('refuses as POST /calls does: %s', async (text, status, code) => {
    const http = await openInspector()
    http.calls.dial.mockRejectedValue(new AdmissionError('DIAL_LIMIT', 'expected at most 30, got one more'))
    const mine = await http.send('POST', '/inspector/calls', { ...(await http.loggedIn()), ...json }, text)
    const theirs = await http.ask('POST', '/calls', text)
    expect([mine.status, theirs.status]).toEqual([status, status])
    const problem = await problemOf(mine)
    expect(problem.code).toBe(code)
    expect(problem).toEqual(await problemOf(theirs))
  })

  it('takes a program that brings the token without further proof', async () => {
    const http = await openInspector()
    const headers = { ...json, authorization: `Bearer ${API_TOKEN}` }
    expect((await http.send('POST', '/inspector/calls', headers, body)).status).toBe(201)
  })
})

describe('DELETE /inspector/calls/:id', () => {
  it('hangs up as DELETE /calls/:id does', async () => {
    const http = await openInspector()
    const headers = await http.loggedIn()
    const response = await http.send('DELETE', `/inspector/calls/${CALL.id}`, headers)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual(CALL)
    expect(http.calls.hangUp).toHaveBeenCalledExactlyOnceWith(CALL.id)
    const unknown = await http.send('DELETE', '/inspector/calls/call_unknown', headers)
    expect(unknown.status).toBe(404)
    expect((await problemOf(unknown)).code).toBe('CALL_UNKNOWN')
  })
})

describe('GET /inspector/calls/:id/recording', () => {
  it('is a file of JSON lines named after the call', async () => {
    const http = await openInspector()
    const response = await http.send('GET', `/inspector/calls/${CALL.id}/recording`, await http.loggedIn())
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/x-ndjson')
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${CALL.id}.jsonl"`)
    expect(await response.text()).toBe('{"line":1}\n{"line":"é"}\n')
  })

  it('is 404 where there is none', async () => {
    const http = await openInspector()
    const response = await http.send('GET', '/inspector/calls/call_unknown/recording', await http.loggedIn())
    expect(response.status).toBe(404)
    expect((await problemOf(response)).code).toBe('CALL_UNKNOWN')
    expect(http.recording).toHaveBeenCalledExactlyOnceWith('call_unknown')
  })

  it.each(['..%2f..%2fetc%2fpasswd', 'a%22%0d%0ax', '%00', 'a.b', 'a%20b', 'x'.repeat(65)])(
    'never asks for what cannot be the id of a call: %s',
    async (id) => {
      const http = await openInspector()
      const headers = await http.loggedIn()
      expect(await http.raw('GET', `/inspector/calls/${id}/recording`, headers)).toBe(404)
      expect(http.recording).not.toHaveBeenCalled()
    },
  )
})

const DEEDS = [
  ['POST', '/inspector/login'],
  ['POST', '/inspector/logout'],
  ['POST', '/inspector/calls'],
  ['DELETE', `/inspector/calls/${CALL.id}`],
] as const

describe.each(DEEDS)('%s %s', (method, path) => {
  it.each([
    ['a page of somebody else', { origin: 'https://evil.example' }],
    [
      'a page of somebody else, whatever else it says',
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['a page at another port of this host', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin', { origin: 'null' }],
    ['a page of another site without an origin', { origin: 'null', 'sec-fetch-site': 'cross-site' }],
    ['a page of the same site only', { 'sec-fetch-site': 'same-site' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
    ['nobody says whom', {}],
  ])('by the cookie is refused with 403 from %s', async (_, headers) => {
    const http = await openInspector()
    const { cookie } = await http.loggedIn()
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    const body = method === 'POST' ? `token=${API_TOKEN}` : undefined
    const response = await http.send(method, path, { ...form, ...headers, cookie }, body)
    expect(response.status).toBe(403)
    expect(response.headers.get('set-cookie')).toBeNull()
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
    const { code, detail } = await problemOf(response)
    expect(code).toBe('ORIGIN_FOREIGN')
    for (const part of [PUBLIC_URL, http.url, 'origin' in headers ? headers.origin : 'none']) {
      expect(detail).toContain(part)
    }
    expect(http.asked()).toBe(0)
  })
})

describe.each(DEEDS.slice(2))('%s %s', (method, path) => {
  it.each([
    ['without anything', {}],
    [
      'with a cookie that is made up',
      { cookie: `callchart_inspector=9999999999999.${'n'.repeat(22)}.${'s'.repeat(43)}` },
    ],
    ['with another token', { authorization: `Bearer ${API_TOKEN}x` }],
  ])('is refused with 401 %s', async (_, headers) => {
    const http = await openInspector()
    const response = await http.send(method, path, { ...http.own, ...headers })
    expect(response.status).toBe(401)
    expect((await problemOf(response)).code).toBe('SESSION_INVALID')
    expect(http.asked()).toBe(0)
  })
})

describe('without an API token', () => {
  it.each([
    ...[...PAGES, ...BEHIND_THE_SESSION, '/inspector/assets/inspector.css', '/inspector/nowhere', '/INSPECTOR'].map(
      (path) => ['GET', path] as const,
    ),
    ...DEEDS,
  ])('there is no inspector, and the variable is named: %s %s', async (method, path) => {
    const http = await openInspector({ apiToken: undefined })
    const response = await http.send(method, path, { ...http.own, authorization: 'Bearer undefined' })
    expect(response.status).toBe(403)
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    const { code, detail } = await problemOf(response)
    expect(code).toBe('API_DISABLED')
    expect(detail).toContain('CALLCHART_API_TOKEN')
    expect(headersOf(response)).toEqual(SECURITY_HEADERS)
    expect(http.asked()).toBe(0)
    expect(http.recording).not.toHaveBeenCalled()
  })
})

describe('the rest of the server', () => {
  it('does not get the headers of the inspector', async () => {
    const http = await openInspector()
    const response = await http.send('GET', '/healthz')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-security-policy')).toBeNull()
  })

  it('has no inspector unless it is given one', async () => {
    const http = await openHttp()
    expect((await fetch(`${http.url}/inspector`)).status).toBe(404)
  })
})
