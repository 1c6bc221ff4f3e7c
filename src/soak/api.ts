/** The server's HTTP interface, as an application uses it. */

/** Real time, whatever clock is in force: nothing of ours takes as long. */
const PATIENCE_MS = 120_000

export interface ApiAnswer {
  readonly status: number
  /** An empty object for what is no JSON. */
  readonly body: Readonly<Record<string, unknown>>
  readonly text: string
}

export interface ApiOptions {
  readonly url: string
  readonly token: string
  /** Holds a simulated clock while a request is on its way. */
  readonly during: <T>(work: Promise<T>) => Promise<T>
  /** Told of each answer. */
  readonly onAnswer: (what: string, answer: ApiAnswer) => void
}

export class Api {
  readonly url: string
  readonly #options: ApiOptions

  constructor(options: ApiOptions) {
    this.url = options.url
    this.#options = options
  }

  /** Rejects only when no answer comes. */
  async ask(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const answer = await this.#options.during(this.#send(method, path, body))
    this.#options.onAnswer(`${method} ${path}`, answer)
    return answer
  }

  /** The events of a call, until `signal` aborts or they come to their end; resolves with the types of all that came. */
  async follow(id: string, signal: AbortSignal): Promise<readonly string[]> {
    const types: string[] = []
    try {
      const response = await this.#options.during(
        fetch(`${this.url}/calls/${id}/events`, { headers: this.#headers, signal }),
      )
      const text = response.body?.pipeThrough(new TextDecoderStream()) ?? []
      for await (const part of text) types.push(...[...part.matchAll(/^event: (\w+)$/gm)].map(([, type = '']) => type))
    } catch (error) {
      if (!signal.aborted) throw error
    }
    return types
  }

  async #send(method: string, path: string, body: unknown): Promise<ApiAnswer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(PATIENCE_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, text, body: toObject(text) }
  }

  get #headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#options.token}`, connection: 'close' }
  }
}

function toObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
