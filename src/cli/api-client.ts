import type { CallView } from '../call-view.ts'
import { ConfigurationError } from '../errors.ts'
import type { DialRequest } from '../http/desks.ts'

const TIMEOUT_MS = 15_000

/** A running server's HTTP API. Every method rejects with an Error whose message is fit to be shown. */
export class ApiClient {
  readonly #server: string
  readonly #token: string

  constructor(server: string, token: string | undefined) {
    if (token === undefined || token === '') {
      throw new ConfigurationError(
        'CONFIG_INVALID',
        "expected CALLCHART_API_TOKEN to hold the server's token, got none",
      )
    }
    this.#server = server.replace(/\/$/, '')
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
      throw new Error(`expected a callchart server at ${this.#server}, could not reach it`, { cause: error })
    })
    const answer = (await response.json().catch(() => ({}))) as CallView & { detail?: string; code?: string }
    if (response.ok) return answer
    throw new Error(`${answer.code ?? response.status}: ${answer.detail ?? response.statusText}`)
  }
}
