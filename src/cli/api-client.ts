import type { CallView } from '../call-view.ts'
import { messageOf } from '../errors.ts'
import type { DialRequest } from '../http/desks.ts'
import { CommandFailure } from './command-failure.ts'

/** Longer than the server itself waits for its carrier. */
const TIMEOUT_MS = 15_000

/** A running server's HTTP API. Every method rejects with {@link CommandFailure}. */
export class ApiClient {
  readonly #server: string
  readonly #token: string

  constructor(server: string, token: string | undefined) {
    if (token === undefined || token === '') {
      throw new CommandFailure('expected CALLCHART_API_TOKEN to be set here as it is on the server, got none')
    }
    this.#server = server.replace(/\/+$/, '')
    this.#token = token
  }

  dial(request: DialRequest): Promise<CallView> {
    return this.#ask('POST', '/calls', request)
  }

  find(id: string): Promise<CallView> {
    return this.#ask('GET', `/calls/${encodeURIComponent(id)}`)
  }

  hangUp(id: string): Promise<CallView> {
    return this.#ask('DELETE', `/calls/${encodeURIComponent(id)}`)
  }

  async #ask(method: string, path: string, body?: unknown): Promise<CallView> {
    const response = await fetch(this.#server + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((error: unknown) => {
      throw this.#unreachable(error)
    })
    const answer = (await response.json().catch(() => undefined)) as Answer | undefined
    if (answer?.code !== undefined) throw new CommandFailure(`the server refused (${answer.code}): ${answer.detail}`)
    if (response.ok && answer !== undefined) return answer
    throw new CommandFailure(
      `expected a callchart server at ${this.#server}, got HTTP ${response.status} to ${method} ${path}`,
    )
  }

  /** What `fetch` throws says only that it failed; why is in its cause. */
  #unreachable(error: unknown): CommandFailure {
    const why = error instanceof Error && error.cause !== undefined ? error.cause : error
    const words = `expected a callchart server at ${this.#server}, could not reach it: ${messageOf(why)}`
    return new CommandFailure(words, { cause: error })
  }
}

/** A call, or why there is none (`application/problem+json`). */
type Answer = CallView & { readonly code?: string; readonly detail?: string }
