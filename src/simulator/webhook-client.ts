/**
 * Asks servers as Twilio's proxy does: a signed form, fifteen seconds for the whole answer, no second try of its own.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
 */

import type { Clock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { signWebhook } from '../twilio/signature.ts'
import type { Activity } from './activity.ts'
import { type Reach, reachable } from './addresses.ts'
import type { HttpMethod } from './twiml-element.ts'
import type { WarningCode } from './warnings.ts'

export interface WebhookRequest {
  /** As configured, that is with the public origin. */
  readonly url: string
  readonly method: HttpMethod
  readonly params: Readonly<Record<string, string>>
  /** Abandons the request, e.g. because the call is over. */
  readonly signal?: AbortSignal
}

export interface WebhookAnswer {
  readonly status: number
  /** Without parameters, lower case. */
  readonly contentType: string
  readonly body: string
}

/** A request the server did not answer as it should; `code` is what Twilio's debugger would show. */
export class WebhookFailure extends Error {
  override readonly name = 'WebhookFailure'
  readonly code: WarningCode
  /** The HTTP status, when there was an answer. */
  readonly status: number | undefined

  constructor(code: WarningCode, message: string, options: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options)
    this.code = code
    this.status = options.status
  }

  /** The server may be away only for a moment. */
  get isTransient(): boolean {
    return this.status === undefined || this.status >= 500
  }
}

export interface WebhookClientOptions {
  /** Undefined leaves the requests unsigned. */
  readonly authToken: string | undefined
  readonly reach: Reach
  readonly clock: Clock
  readonly activity: Activity
  readonly answerTimeoutMs: number
  /** Abandons everything under way. */
  readonly closing: AbortSignal
}

export class WebhookClient {
  readonly #options: WebhookClientOptions

  constructor(options: WebhookClientOptions) {
    this.#options = options
  }

  /** Resolves with any 2xx answer. Rejects with {@link WebhookFailure} 11200 (other statuses) or 11205 (no answer). */
  async send(request: WebhookRequest): Promise<WebhookAnswer> {
    const { clock, activity, answerTimeoutMs, closing } = this.#options
    const tooLate = new AbortController()
    const timer = clock.setTimeout(
      () => tooLate.abort(new Error(`no answer within ${answerTimeoutMs} ms`)),
      answerTimeoutMs,
    )
    const signals = [tooLate.signal, closing, ...(request.signal ? [request.signal] : [])]
    try {
      return await activity.during(this.#fetch(request, AbortSignal.any(signals)))
    } catch (thrown) {
      if (thrown instanceof WebhookFailure) throw thrown
      throw new WebhookFailure(11205, `expected an answer from ${request.url}, got: ${reasonOf(thrown)}`, {
        cause: thrown,
      })
    } finally {
      clock.clearTimeout(timer)
    }
  }

  async #fetch(request: WebhookRequest, signal: AbortSignal): Promise<WebhookAnswer> {
    const { method, params } = request
    const isPost = method === 'POST'
    const [address = ''] = request.url.split('#', 1)
    const url = isPost ? address : withQuery(address, params)
    const response = await fetch(reachable(url, this.#options.reach), {
      method,
      headers: this.#headers(url, isPost ? params : {}),
      ...(isPost ? { body: new URLSearchParams(params).toString() } : {}),
      signal,
    })
    const body = await response.text()
    if (!response.ok) {
      const { status } = response
      throw new WebhookFailure(11200, `expected a 2xx answer from ${request.url}, got ${status}`, { status })
    }
    const [contentType = ''] = (response.headers.get('content-type') ?? '').split(';', 1)
    return { status: response.status, contentType: contentType.trim().toLowerCase(), body }
  }

  #headers(url: string, params: Readonly<Record<string, string>>): Record<string, string> {
    const { authToken: token } = this.#options
    return {
      'user-agent': 'TwilioProxy/1.1',
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      accept: '*/*',
      'x-home-region': 'us1',
      // A pooled connection would fail on a server that was restarted in the meantime.
      connection: 'close',
      ...(token === undefined ? {} : { 'x-twilio-signature': signWebhook({ url, params, token }) }),
    }
  }
}

function withQuery(url: string, params: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(params).toString()
  return url + (url.includes('?') ? '&' : '?') + query
}

/** `fetch` hides what happened (ECONNREFUSED, a timeout) in its error's cause. */
function reasonOf(thrown: unknown): string {
  const cause = thrown instanceof Error ? thrown.cause : undefined
  return cause === undefined ? messageOf(thrown) : messageOf(cause)
}
