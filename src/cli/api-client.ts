import type { CallView } from '../call-view.ts'
import { messageOf } from '../errors.ts'
import type { DialRequest, TransferRequest } from '../http/desks.ts'
import type { Progress } from '../http/progress-desk.ts'
import { CommandFailure, ServerUnreachable } from './command-failure.ts'
import { readProgress } from './progress-stream.ts'

/** Longer than the server itself waits for its carrier. */
const TIMEOUT_MS = 15_000
/** A server that has nothing to tell says so every 15 s. */
const SILENCE_MS = 40_000

/** What `GET /calls` takes; times are ISO 8601. */
export interface CallsQuery {
  readonly since?: string | undefined
  readonly until?: string | undefined
  readonly number?: string | undefined
  readonly state?: string | undefined
  readonly cursor?: string | undefined
  readonly limit?: number | undefined
}

export interface CallsPage {
  /** Newest first. */
  readonly calls: readonly CallView[]
  /** Null: there is nothing more. */
  readonly nextCursor: string | null
}

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
    return this.#ask('GET', pathOf(id))
  }

  list(query: CallsQuery): Promise<CallsPage> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined)
    const search = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
    return this.#ask('GET', `/calls?${search.toString()}`)
  }

  hangUp(id: string): Promise<CallView> {
    return this.#ask('DELETE', pathOf(id))
  }

  transfer(id: string, transfer: TransferRequest): Promise<CallView> {
    return this.#ask('POST', pathOf(id, 'transfer'), transfer)
  }

  hold(id: string): Promise<CallView> {
    return this.#ask('POST', pathOf(id, 'hold'))
  }

  resume(id: string): Promise<CallView> {
    return this.#ask('DELETE', pathOf(id, 'hold'))
  }

  /** What happens in the call. Ends with the call, or when the connection breaks, or is silent for too long. */
  async *progress(id: string): AsyncGenerator<Progress> {
    const connection = new AbortController()
    const patience = setTimeout(() => connection.abort(), SILENCE_MS)
    try {
      const path = pathOf(id, 'events')
      const response = await this.#fetch('GET', path, { signal: connection.signal })
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
      if (!isStream || response.body === null) this.#refuse('GET', path, response.status, await jsonOf(response))
      else yield* readProgress(heard(response.body, () => patience.refresh()))
    } finally {
      clearTimeout(patience)
      connection.abort()
    }
  }

  async #ask<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.#fetch(method, path, {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const answer = await jsonOf(response)
    if (!response.ok || answer === undefined) this.#refuse(method, path, response.status, answer)
    return answer as Answer
  }

  async #fetch(method: string, path: string, init: RequestInit): Promise<Response> {
    const type = init.body === undefined ? {} : { 'content-type': 'application/json' }
    const headers = { authorization: `Bearer ${this.#token}`, ...type }
    return fetch(this.#server + path, { ...init, method, headers }).catch((error: unknown) => {
      throw this.#unreachable(error)
    })
  }

  /** Why, in the server's own words (`application/problem+json`) if it is one of ours. */
  #refuse(method: string, path: string, status: number, answer: unknown): never {
    const { code, detail } = (answer ?? {}) as { readonly code?: string; readonly detail?: string }
    if (code !== undefined) throw new CommandFailure(`the server refused (${code}): ${detail ?? 'it does not say why'}`)
    throw new CommandFailure(`expected a callchart server at ${this.#server}, got HTTP ${status} to ${method} ${path}`)
  }

  /** What `fetch` throws says only that it failed; why is in its cause. */
  #unreachable(error: unknown): ServerUnreachable {
    const why = error instanceof Error && error.cause !== undefined ? error.cause : error
    const words = `expected a callchart server at ${this.#server}, could not reach it: ${messageOf(why)}`
    return new ServerUnreachable(words, { cause: error })
  }
}

/** The server that a command was told of, with the token that it has in its environment. */
export function apiAt(server: string): ApiClient {
  return new ApiClient(server, process.env['CALLCHART_API_TOKEN'])
}

function pathOf(id: string, ...more: readonly string[]): string {
  return ['/calls', encodeURIComponent(id), ...more].join('/')
}

function jsonOf(response: Response): Promise<unknown> {
  return response.json().catch(() => undefined)
}

async function* heard(bytes: AsyncIterable<Uint8Array>, note: () => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    note()
    yield chunk
  }
}
