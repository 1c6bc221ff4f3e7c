/**
 * Twilio's REST interface, as far as calls need it, on a loopback port: checks who asks, does what is asked or what was
 * prepared instead, and keeps a log without credentials. Calls and numbers themselves belong to the switch behind it.
 * https://www.twilio.com/docs/usage/requests-to-twilio
 */

import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { SimulatedCall } from './call.ts'
import type { Exchange } from './exchange.ts'
import type { PhoneBook } from './phone-book.ts'
import {
  type CallOrder,
  callResource,
  type CallUpdate,
  isListed,
  parseCallOrder,
  parseCallUpdate,
} from './rest-calls.ts'
import { type PreparedAnswer, RestFaults, type RestOperation } from './rest-faults.ts'
import { answerForNumbers } from './rest-numbers.ts'
import { toPage } from './rest-pages.ts'
import { problemForStatus, RestProblem } from './rest-problem.ts'
import { answerForRecordings } from './rest-recordings.ts'
import { sleep } from './waiting.ts'

/** What the REST interface commands. */
export interface CallSwitch {
  readonly calls: readonly SimulatedCall[]
  place(order: CallOrder): SimulatedCall
  update(call: SimulatedCall, update: CallUpdate): void
}

export interface RestServerOptions {
  readonly exchange: Exchange
  readonly calls: CallSwitch
  readonly book: PhoneBook
  readonly authToken: string
  readonly apiKey: { readonly sid: string; readonly secret: string } | undefined
  /** Refuse caller ids that are not numbers of the account. */
  readonly ownNumbersOnly: boolean
}

/** A request as logged: whatever was sent, but for the credentials. */
export interface LoggedRequest {
  /** The clock's milliseconds. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly operation: RestOperation | undefined
  readonly params: Readonly<Record<string, string | readonly string[]>>
  /** Of the answer; undefined while there is none. */
  status: number | undefined
}

interface RestAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

interface Route {
  readonly operation: RestOperation
  readonly run: (params: URLSearchParams) => RestAnswer
}

interface RecordingsPlace {
  readonly isPost: boolean
  readonly path: string
  /** Undefined: of the whole account. */
  readonly callSid: string | undefined
  readonly sid: string | undefined
}

const LONGEST_BODY = 256 * 1024
/** The oldest go first. */
const MOST_LOGGED = 10_000

export class RestServer {
  readonly requests: LoggedRequest[] = []
  readonly #options: RestServerOptions
  readonly #faults = new RestFaults()
  readonly #server: Server

  constructor(options: RestServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      void this.#handle(request, response).catch((thrown: unknown) => {
        response.destroy()
        // A client that goes away in the middle is no fault of ours; anything else is.
        if (request.errored === null) throw thrown
      })
    })
  }

  /** Prepares the answer to the next request (of a kind, or about something). Returns what takes it back. */
  answerNext(answer: PreparedAnswer): () => void {
    return this.#faults.add(answer)
  }

  /** Prepared answers that no request has taken yet. */
  get answersLeft(): number {
    return this.#faults.left
  }

  /** Resolves with the base URL. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(0, '127.0.0.1', resolve)
    })
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('expected a TCP port to listen on, got none')
    return `http://127.0.0.1:${address.port}`
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, activity, closing } = this.#options.exchange
    // Counts as under way until it is answered or waits for the clock.
    const rest = activity.begin()
    response.once('close', rest)
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const params = request.method === 'POST' ? new URLSearchParams(await readBody(request)) : url.searchParams
    const route = this.#route(request.method ?? 'GET', url.pathname)
    const entry = this.#log(request.method ?? 'GET', url.pathname, route?.operation, params)
    const prepared = route && this.#faults.take(route.operation, subjectsOf(url.pathname, params))
    const answer = this.#answer(request, route, params, prepared)
    if (prepared?.hang === true) return rest()
    if (prepared?.delayMs !== undefined) {
      rest()
      await sleep(clock, prepared.delayMs, closing)
    }
    if (prepared?.reset === true) return void request.socket.resetAndDestroy()
    entry.status = answer.status
    send(response, answer)
  }

  #answer(
    request: IncomingMessage,
    route: Route | undefined,
    params: URLSearchParams,
    prepared: PreparedAnswer | undefined,
  ): RestAnswer {
    const isFault = prepared?.status !== undefined || prepared?.reset === true || prepared?.hang === true
    try {
      this.#authorize(request)
      if (route === undefined) throw new RestProblem(20404, 404)
      if (!isFault) return withHeaders(route.run(params), prepared?.headers)
      if (prepared.takesEffect === true) route.run(params)
    } catch (thrown) {
      if (!(thrown instanceof RestProblem)) throw thrown
      if (!isFault) return { status: thrown.status, body: thrown.toBody() }
    }
    return preparedAnswer(prepared)
  }

  /** Basic authentication: the account's SID and token, or an API key and its secret. */
  #authorize(request: IncomingMessage): void {
    const { exchange, authToken, apiKey } = this.#options
    const [scheme, encoded = ''] = (request.headers.authorization ?? '').split(' ')
    const given = scheme === 'Basic' ? Buffer.from(encoded, 'base64').toString() : ''
    const valid = [`${exchange.accountSid}:${authToken}`, ...(apiKey ? [`${apiKey.sid}:${apiKey.secret}`] : [])]
    if (!valid.some((pair) => isSame(pair, given))) throw new RestProblem(20003, 401)
  }

  #route(method: string, path: string): Route | undefined {
    const base = `/2010-04-01/Accounts/${this.#options.exchange.accountSid}`
    if (!path.startsWith(`${base}/`)) return undefined
    const parts = path
      .slice(base.length + 1)
      .replace(/\.json$/, '')
      .split('/')
    const [resource = '', sid, within, innerSid] = parts
    const isPost = method === 'POST'
    if (!isPost && method !== 'GET') return undefined
    if (resource === 'Recordings') return this.#recordingsRoute({ isPost, path, callSid: undefined, sid })
    if (resource === 'Calls' && sid !== undefined && within === 'Recordings') {
      return this.#recordingsRoute({ isPost, path, callSid: sid, sid: innerSid })
    }
    if (parts.length > 2) return undefined
    if (resource === 'Calls') return sid === undefined ? this.#callsRoute(isPost, path) : this.#callRoute(isPost, sid)
    return resource === 'IncomingPhoneNumbers' ? this.#numbersRoute(isPost, path, sid) : undefined
  }

  #numbersRoute(isPost: boolean, path: string, sid: string | undefined): Route {
    const { book, exchange } = this.#options
    const run = (params: URLSearchParams): RestAnswer => ({
      status: 200,
      body: answerForNumbers({ isPost, path, sid, params }, book, exchange.accountSid),
    })
    return { operation: 'numbers', run }
  }

  #recordingsRoute({ isPost, path, callSid, sid }: RecordingsPlace): Route {
    const { exchange, calls } = this.#options
    const run = (params: URLSearchParams): RestAnswer => {
      const call = callSid === undefined ? undefined : this.#find(callSid)
      return answerForRecordings({ isPost, path, call, sid, params }, calls.calls, exchange)
    }
    const command = sid === undefined ? 'startRecording' : 'changeRecording'
    return { operation: isPost ? command : 'fetchRecordings', run }
  }

  #callsRoute(isPost: boolean, path: string): Route {
    const { exchange, calls, book, ownNumbersOnly } = this.#options
    if (isPost) {
      return {
        operation: 'create',
        run: (params) => {
          const own = ownNumbersOnly ? new Set(book.numbers.map((number) => number.phoneNumber)) : undefined
          const call = calls.place(parseCallOrder(params, own))
          return { status: 201, body: callResource(call, exchange) }
        },
      }
    }
    return {
      operation: 'list',
      run: (query) => {
        // Twilio lists the latest first.
        const listed = calls.calls.filter((call) => isListed(call, query, exchange)).toReversed()
        const items = listed.map((call) => callResource(call, exchange))
        return { status: 200, body: toPage(path, 'calls', items, query) }
      },
    }
  }

  #callRoute(isPost: boolean, sid: string): Route {
    const { exchange, calls } = this.#options
    const run = (params: URLSearchParams): RestAnswer => {
      const call = this.#find(sid)
      if (isPost) calls.update(call, parseCallUpdate(params))
      return { status: 200, body: callResource(call, exchange) }
    }
    return { operation: isPost ? 'update' : 'fetch', run }
  }

  #find(sid: string): SimulatedCall {
    const call = this.#options.calls.calls.find((candidate) => candidate.sid === sid)
    if (call === undefined) throw new RestProblem(20404, 404, `/Calls/${sid}.json`)
    return call
  }

  #log(method: string, path: string, operation: RestOperation | undefined, params: URLSearchParams): LoggedRequest {
    const { clock } = this.#options.exchange
    const fields = [...new Set(params.keys())].map((name) => {
      const values = params.getAll(name)
      return [name, values.length === 1 ? (values[0] ?? '') : values] as const
    })
    const entry = { at: clock.now(), method, path, operation, params: Object.fromEntries(fields), status: undefined }
    this.requests.push(entry)
    if (this.requests.length > MOST_LOGGED) this.requests.shift()
    return entry
  }
}

function preparedAnswer({ status = 500, body, headers }: PreparedAnswer): RestAnswer {
  const retryAfter = status === 429 ? { 'retry-after': '1' } : {}
  return { status, body: body ?? problemForStatus(status).toBody(), headers: { ...retryAfter, ...headers } }
}

function withHeaders(answer: RestAnswer, headers: PreparedAnswer['headers']): RestAnswer {
  return headers === undefined ? answer : { ...answer, headers }
}

function send(response: ServerResponse, { status, body, headers }: RestAnswer): void {
  if (response.destroyed) return
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(text)
}

/** The SIDs in the path, and whom a call is for. */
function subjectsOf(path: string, params: URLSearchParams): string[] {
  return [...path.replace(/\.json$/, '').split('/'), ...params.getAll('To')]
}

async function readBody(request: IncomingMessage): Promise<string> {
  let body = ''
  request.setEncoding('utf8')
  for await (const part of request) {
    body += String(part)
    if (body.length > LONGEST_BODY) request.destroy(new Error(`expected at most ${LONGEST_BODY} characters of form`))
  }
  return body
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
