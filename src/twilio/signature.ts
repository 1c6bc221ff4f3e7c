/**
 * Twilio's request signature: base64(HMAC-SHA1(auth token, URL + sorted names and values)), made and checked.
 * https://www.twilio.com/docs/usage/security
 *
 * What was signed is the URL *as it was configured*, so nothing here re-encodes or normalises one; where Twilio
 * documents that it may have signed another spelling (no port, a trailing slash), every spelling is tried.
 *
 * Invariants: verifying never throws, compares in constant time, and an empty token verifies nothing.
 */

import { createHash, timingSafeEqual } from 'node:crypto'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import type { FormParams } from './webhooks.ts'

export interface SignedRequest {
  /** The full public URL, with its query, as given to Twilio; a fragment (connection overrides) is never signed. */
  readonly url: string
  /** The `X-Twilio-Signature` header, if there was one. */
  readonly signature: string | undefined
  /** Every auth token that may have signed: the primary, and a secondary one while it is being rotated. */
  readonly tokens: readonly string[]
}

export interface SignedUpgrade extends Pick<SignedRequest, 'tokens'> {
  readonly publicUrl: string
  readonly path: string
}

/** Was this form POST (or GET, with no params) signed by one of the tokens? All params count, blank ones too. */
export function verifyWebhook(request: SignedRequest & { readonly params: FormParams }): boolean {
  return isSignedBy(request, webhookSpellings(request.url), request.params)
}

/**
 * Was this JSON POST signed by one of the tokens? Twilio adds `bodySHA256` to the URL and signs the URL alone;
 * `rawBody` is the body as it came, before any parsing.
 */
export function verifyJsonWebhook(request: SignedRequest & { readonly rawBody: string }): boolean {
  const claimed = /[?&]bodySHA256=([0-9a-fA-F]{64})(?:&|#|$)/.exec(request.url)?.[1]
  if (claimed === undefined) return false
  const actual = createHash('sha256').update(request.rawBody).digest('hex')
  return isSame(claimed.toLowerCase(), actual) && isSignedBy(request, webhookSpellings(request.url), {})
}

/**
 * Was this WebSocket upgrade signed by one of the tokens? Twilio signs the wss URL of the TwiML with no parameters,
 * perhaps with a slash appended. `publicUrl` is the public https origin (http, hence ws, for a loopback host only).
 */
export function verifyUpgrade(request: SignedUpgrade & Pick<SignedRequest, 'signature'>): boolean {
  return createUpgradeVerifier(request)(request.signature)
}

/** The same for one endpoint: what Twilio signs there is no different from call to call, so it is reckoned once. */
export function createUpgradeVerifier({ publicUrl, path, tokens }: SignedUpgrade): (signature?: string) => boolean {
  const url = socketUrl(publicUrl, path)
  const expected = url === undefined ? [] : [...expectedSignatures(tokens, upgradeSpellings(url), {})]
  return (signature) => isOneOf(signature, expected)
}

/** The signature Twilio would send with a form POST of `params` to `url`. */
export function signWebhook(request: {
  readonly url: string
  readonly params: FormParams
  readonly token: string
}): string {
  const { asGiven, withoutPort } = spellings(request.url)
  // Over https, voice webhooks are signed without user info and port; over http with both.
  const signed = /^https:/i.test(request.url) ? withoutPort : asGiven
  return getExpectedTwilioSignature(request.token, signed, request.params)
}

/** The signature Twilio would send with the WebSocket upgrade to `url`, the `wss://` URL of the TwiML. */
export function signUpgrade(request: { readonly url: string; readonly token: string }): string {
  return getExpectedTwilioSignature(request.token, spellings(request.url).asGiven, {})
}

function isSignedBy(
  { signature, tokens }: Pick<SignedRequest, 'signature' | 'tokens'>,
  urls: readonly string[],
  params: FormParams,
): boolean {
  return isOneOf(signature, expectedSignatures(tokens, urls, params))
}

/** One after the other, since the first is mostly the right one. */
function* expectedSignatures(
  tokens: readonly string[],
  urls: readonly string[],
  params: FormParams,
): Generator<string, void> {
  for (const token of tokens.filter((each) => each !== '')) {
    for (const url of urls) yield getExpectedTwilioSignature(token, url, params)
  }
}

function isOneOf(signature: string | undefined, expected: Iterable<string>): boolean {
  if (typeof signature !== 'string' || signature === '') return false
  for (const each of expected) if (isSame(signature, each)) return true
  return false
}

function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  // The length is fixed by the algorithm and no secret, so looking at it first gives nothing away.
  return a.length === b.length && timingSafeEqual(a, b)
}

function webhookSpellings(url: string): string[] {
  return [...new Set(Object.values(spellings(url)))]
}

function upgradeSpellings(url: string): string[] {
  return webhookSpellings(url).flatMap((spelling) => [spelling, `${spelling}/`])
}

interface Spellings {
  readonly asGiven: string
  readonly withoutPort: string
  readonly withPort: string
}

const URL_PARTS = /^(https?|wss?)(:\/\/)(?:[^/?#]*@)?(\[[^\]/?#]*\]|[^/?#:]*)(:\d+)?(.*)$/is

/** The ways one URL may have been written when it was signed; user info is dropped together with the port. */
function spellings(url: string): Spellings {
  const asGiven = url.split('#', 1)[0] ?? ''
  const parts = URL_PARTS.exec(asGiven)
  if (parts === null) return { asGiven, withoutPort: asGiven, withPort: asGiven }
  const [, scheme = '', slashes = '', host = '', port, rest = ''] = parts
  const standardPort = /s$/i.test(scheme) ? ':443' : ':80'
  return {
    asGiven,
    withoutPort: `${scheme}${slashes}${host}${rest}`,
    withPort: `${scheme}${slashes}${host}${port ?? standardPort}${rest}`,
  }
}

const LOOPBACK_ORIGIN = /^http:\/\/(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?(?:\/|$)/i

function socketUrl(publicUrl: string, path: string): string | undefined {
  const isPlain = LOOPBACK_ORIGIN.test(publicUrl)
  if (!isPlain && !/^https:\/\//i.test(publicUrl)) return undefined
  const origin = publicUrl.replace(/^https?/i, isPlain ? 'ws' : 'wss').replace(/\/+$/, '')
  return `${origin}/${path.replace(/^\/+/, '')}`
}
