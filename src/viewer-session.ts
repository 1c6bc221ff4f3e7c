/**
 * Who may look at the inspector: whoever brings the API token, or the cookie that was given for it. Nothing is kept of
 * a session: the cookie says when it ends and is signed with the token, so that another token ends them all.
 *
 * A browser adds the cookie by itself, whoever made it ask. What changes something, and the socket, therefore want a
 * proof besides that it was a page of ours that asked.
 */

import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from './clock.ts'
import { isLoopback } from './loopback.ts'

/** All that is behind the session lies below; its cookie goes nowhere else. */
export const INSPECTOR_PATH = '/inspector'

const COOKIE = 'callchart_inspector'
/** Nobody should have to log in twice in a day's work. */
const SESSION_MS = 12 * 3_600_000
/** Guesses at the token that the whole node hears out in a minute: more than one who mistypes it needs. */
const MAX_FAILURES = 10
const FAILURE_WINDOW_MS = 60_000

/**
 * `look`: what changes nothing. `act`: what does. `watch`: the upgrade to the socket. `enter`: logging in and out, for
 * which nobody needs a session yet.
 */
export type Deed = 'look' | 'act' | 'watch' | 'enter'

/** What shows that somebody may use the API: the token itself, or the cookie that was given for it. */
export type Credential = 'token' | 'cookie'

/** Why a request is refused, as it is answered. */
export interface Objection {
  readonly status: 401 | 403
  readonly code: 'API_DISABLED' | 'SESSION_INVALID' | 'ORIGIN_FOREIGN'
  readonly detail: string
}

export type LogIn =
  /** `cookie`: a `Set-Cookie` header. */
  | { readonly outcome: 'admitted'; readonly cookie: string }
  | { readonly outcome: 'refused' }
  /** Too many have failed; the token was not even looked at. */
  | { readonly outcome: 'postponed'; readonly retryAfterMs: number }

export const API_DISABLED: Objection = {
  status: 403,
  code: 'API_DISABLED',
  detail: 'expected CALLCHART_API_TOKEN to be set on the server, got none',
}

export interface ViewerSessionOptions {
  /** Undefined: nobody may look. */
  readonly apiToken: string | undefined
  /** The public origin, without a trailing slash. */
  readonly publicUrl: string
  readonly clock: Clock
  /** Milliseconds since 1970: what a cookie says must mean the same after a restart. */
  readonly epochNow: () => number
}

export class ViewerSession {
  readonly #options: ViewerSessionOptions
  /** As a browser writes it: a port that goes without saying is left out. */
  readonly #publicOrigin: string
  readonly #isToken: ((given: string) => boolean) | undefined
  /** When the latest failures were; never more than count. */
  readonly #failures: number[] = []

  constructor(options: ViewerSessionOptions) {
    this.#options = options
    this.#publicOrigin = new URL(options.publicUrl).origin
    this.#isToken = options.apiToken === undefined ? undefined : createTokenCheck(options.apiToken)
  }

  get isEnabled(): boolean {
    return this.#isToken !== undefined
  }

  /** Undefined: it may be done. */
  objectionTo(deed: Deed, headers: IncomingHttpHeaders): Objection | undefined {
    if (!this.isEnabled) return API_DISABLED
    const credential = this.credentialOf(headers)
    const source = this.#sourceOf(headers, deed)
    if (deed !== 'look' && source === 'foreign') return this.#foreign(headers)
    if (deed !== 'enter' && credential === undefined) return withoutSession(headers)
    const needsProof = deed === 'enter' || (deed !== 'look' && credential === 'cookie')
    return needsProof && source !== 'own' ? this.#foreign(headers) : undefined
  }

  /** Undefined: none, or none that is valid. */
  credentialOf({ authorization, cookie }: IncomingHttpHeaders): Credential | undefined {
    const token = bearerOf(authorization)
    if (token !== undefined && this.#isToken?.(token) === true) return 'token'
    return cookiesOf(cookie).some((value) => this.#isValid(value)) ? 'cookie' : undefined
  }

  /** Counts failures, and hears nobody out for a while once there are too many. */
  logIn(token: string, headers: IncomingHttpHeaders): LogIn {
    const now = this.#options.clock.now()
    while (this.#failures[0] !== undefined && now - this.#failures[0] >= FAILURE_WINDOW_MS) this.#failures.shift()
    const [oldest] = this.#failures
    if (oldest !== undefined && this.#failures.length >= MAX_FAILURES) {
      return { outcome: 'postponed', retryAfterMs: oldest + FAILURE_WINDOW_MS - now }
    }
    if (this.#isToken?.(token) === true) return { outcome: 'admitted', cookie: this.#admit(token, headers) }
    this.#failures.push(now)
    return { outcome: 'refused' }
  }

  /** The `Set-Cookie` header that ends a session in this browser. */
  logOut(headers: IncomingHttpHeaders): string {
    return this.#setCookie('', 0, headers)
  }

  #admit(token: string, headers: IncomingHttpHeaders): string {
    const expiry = String(this.#options.epochNow() + SESSION_MS)
    const nonce = randomBytes(16).toString('base64url')
    return this.#setCookie(`${expiry}.${nonce}.${sign(token, expiry, nonce)}`, SESSION_MS / 1_000, headers)
  }

  #setCookie(value: string, maxAgeSeconds: number, headers: IncomingHttpHeaders): string {
    // Not every browser takes a secure cookie from http://127.0.0.1, where an operator may look past the public URL.
    const secure = this.#publicOrigin.startsWith('https:') && !isPlainLoopback(headers) ? '; Secure' : ''
    return `${COOKIE}=${value}; Max-Age=${maxAgeSeconds}; Path=${INSPECTOR_PATH}; HttpOnly; SameSite=Strict${secure}`
  }

  #isValid(cookie: string): boolean {
    const [, expiry, nonce, signature] = /^(\d{1,16})\.([\w-]{22})\.([\w-]{43})$/.exec(cookie) ?? []
    const { apiToken, epochNow } = this.#options
    if (apiToken === undefined || expiry === undefined || nonce === undefined || signature === undefined) return false
    // Both are as long as the pattern says.
    const isOurs = timingSafeEqual(Buffer.from(signature), Buffer.from(sign(apiToken, expiry, nonce)))
    return isOurs && epochNow() < Number(expiry)
  }

  /** Whose page asks, as far as the browser tells. */
  #sourceOf(headers: IncomingHttpHeaders, deed: Deed): 'own' | 'foreign' | 'untold' {
    const { origin } = headers
    if (origin !== undefined && origin !== 'null') return this.#ownOrigins(headers).includes(origin) ? 'own' : 'foreign'
    // A form of a page without referrers comes from "null". An upgrade always tells its origin.
    return deed !== 'watch' && headers['sec-fetch-site'] === 'same-origin' ? 'own' : 'untold'
  }

  /** The public one, and that of whoever looks past it, e.g. at a loopback address. */
  #ownOrigins({ host = '' }: IncomingHttpHeaders): string[] {
    const own = this.#publicOrigin
    const asked = ['http', 'https']
      .map((scheme) => originOf(`${scheme}://${host}`))
      .filter((each) => each !== undefined)
    // The public host by another scheme is whoever stands between it and the browser.
    return asked.includes(own) ? [own] : [own, ...asked]
  }

  #foreign(headers: IncomingHttpHeaders): Objection {
    const expected = this.#ownOrigins(headers).join(' or ')
    const got = headers.origin ?? 'none'
    return { status: 403, code: 'ORIGIN_FOREIGN', detail: `expected the Origin ${expected}, got ${got}` }
  }
}

/** Compares digests, so that neither length nor content of a secret shows in the timing. */
export function createTokenCheck(expected: string): (given: string) => boolean {
  const expectedDigest = digest(expected)
  return (given) => timingSafeEqual(digest(given), expectedDigest)
}

/** The token of an `Authorization` header. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
}

function sign(apiToken: string, expiry: string, nonce: string): string {
  return createHmac('sha256', apiToken).update(`inspector session|${expiry}|${nonce}`).digest('base64url')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function withoutSession({ authorization, cookie }: IncomingHttpHeaders): Objection {
  const isTried = authorization !== undefined || cookiesOf(cookie).length > 0
  const got = isTried ? 'one that is not valid, or no longer' : 'neither'
  const detail = `expected the cookie of a session, or "Authorization: Bearer <API token>", got ${got}`
  return { status: 401, code: 'SESSION_INVALID', detail }
}

/** All of that name: another path or domain may have left one of its own. */
function cookiesOf(header = ''): string[] {
  const pairs = header.split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => pair.startsWith(`${COOKIE}=`)).map((pair) => pair.slice(COOKIE.length + 1))
}

/** Whether a browser speaks to this machine itself and not, by way of a proxy on it, to the public URL. */
function isPlainLoopback({ host = '', origin = '', ...others }: IncomingHttpHeaders): boolean {
  const url = `http://${host}`
  if (!URL.canParse(url) || !isLoopback(new URL(url).hostname)) return false
  return !origin.startsWith('https:') && !String(others['x-forwarded-proto'] ?? '').startsWith('https')
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined
}
