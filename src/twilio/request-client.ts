/**
 * The SDK's HTTP client with what it lacks: another base URL, an AbortSignal, a deadline on our clock, bounded answers,
 * and one kind of error. The SDK's methods take no signal, so it travels beside them, in the asynchronous context, and
 * is handed to axios, which closes the socket when it aborts.
 */

import { AsyncLocalStorage } from 'node:async_hooks'
import twilio from 'twilio'
import type { Clock } from '../clock.ts'
import { CarrierError } from '../errors.ts'
import { faultOfAnswer, faultOfFailure } from './carrier-fault.ts'

export interface RequestClientOptions {
  /** Replaces scheme and host of every request, and comes before its path; absent, requests go to Twilio. */
  readonly apiUrl: URL | undefined
  readonly requestTimeoutMs: number
  readonly clock: Clock
  /** What must not appear in an error message, should the carrier repeat it. */
  readonly secrets: readonly string[]
}

/** A page of a hundred numbers is about 200 kB. */
const LARGEST_ANSWER_BYTES = 1_048_576

export class RequestClient extends twilio.RequestClient {
  readonly #options: RequestClientOptions
  readonly #signals = new AsyncLocalStorage<AbortSignal>()

  constructor(options: RequestClientOptions) {
    // Ours is the timeout that counts; the SDK's own only guards against a clock that is not running.
    super({ timeout: options.requestTimeoutMs + 30_000, autoRetry: false })
    this.#options = options
    this.axios.defaults.maxContentLength = LARGEST_ANSWER_BYTES
    this.axios.interceptors.request.use((config) => {
      const signal = this.#signals.getStore()
      return Object.assign(config, { url: this.#redirected(config.url ?? ''), ...(signal !== undefined && { signal }) })
    })
    this.axios.interceptors.response.use(
      (response) => {
        const { status: statusCode, headers, data: body } = response
        const fault = faultOfAnswer({ statusCode, headers, body }, options.secrets)
        if (fault !== undefined) throw fault
        return response
      },
      (error: unknown) => {
        throw faultOfFailure(error)
      },
    )
  }

  /**
   * Runs one method of the SDK, which makes one request and never repeats it. Rejects with CarrierError (CARRIER_TIMEOUT
   * after `requestTimeoutMs`), or with the signal's reason when it aborts; either closes the request's socket.
   */
  async send<T>(signal: AbortSignal | undefined, method: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted()
    const { clock, requestTimeoutMs } = this.#options
    const ending = new AbortController()
    const onAbort = () => ending.abort(signal?.reason)
    signal?.addEventListener('abort', onAbort)
    const timer = clock.setTimeout(() => ending.abort(timedOut(requestTimeoutMs)), requestTimeoutMs)
    try {
      return await this.#signals.run(ending.signal, method)
    } catch (error) {
      if (ending.signal.aborted) throw ending.signal.reason
      if (error instanceof CarrierError) throw error
      // What else the SDK throws is about an answer it could not read.
      throw new CarrierError('CARRIER_GIBBERISH', 'expected an answer in the documented form from the carrier')
    } finally {
      clock.clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  #redirected(url: string): string {
    const { apiUrl } = this.#options
    if (apiUrl === undefined) return url
    const { pathname, search } = new URL(url)
    return `${apiUrl.origin}${apiUrl.pathname.replace(/\/+$/, '')}${pathname}${search}`
  }
}

function timedOut(requestTimeoutMs: number): CarrierError {
  return new CarrierError(
    'CARRIER_TIMEOUT',
    `expected an answer from the carrier within ${requestTimeoutMs} ms, got none`,
  )
}
