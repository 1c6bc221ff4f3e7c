import { Counter, type Registry } from 'prom-client'
import type { AdmissionError } from '../errors.ts'

/** What the far end of a media socket did wrong. */
export type ProtocolErrorKind = keyof typeof PROTOCOL_ERRORS

const PROTOCOL_ERRORS = {
  /** No WebSocket traffic at all, or more of it than a message may be. */
  frame: true,
  /** A binary message. */
  binary: true,
  /** A text that is none of the documented messages. */
  message: true,
  /** One that comes too early, or for another stream. */
  order: true,
  /** Audio that is not base64. */
  audio: true,
  /** No `start` in time. */
  late: true,
  /** A `start` that names no call of ours. */
  token: true,
  /** One error too many: the socket was closed for it. */
  flood: true,
} as const

/** All of them, by the compiler's word. */
const REJECTIONS: Readonly<Record<AdmissionError['code'], true>> = {
  DESTINATION_NOT_ALLOWED: true,
  DIAL_LIMIT: true,
  DIAL_QUEUE_FULL: true,
  NODE_FULL: true,
  NODE_OVERLOADED: true,
  NODE_DRAINING: true,
}

/** Of RFC 6455, 7.4.1, those that a socket ends with; a peer may make up four thousand others. */
const CLOSE_CODES = new Set([1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014])

/** Whom and what this node turned away, and how its media sockets ended. */
export class BorderMetrics {
  readonly #rejected: Counter
  readonly #closes: Counter
  readonly #protocolErrors: Counter
  readonly #unsigned: Counter
  readonly #failed: Counter
  readonly #limited: Counter

  constructor(registry: Registry) {
    const registers = [registry]
    this.#rejected = new Counter({
      name: 'callchart_calls_rejected_total',
      help: 'Calls that were not admitted, incoming or outgoing, by why.',
      labelNames: ['reason'],
      registers,
    })
    for (const reason of Object.keys(REJECTIONS)) this.#rejected.inc({ reason }, 0)
    this.#closes = new Counter({
      name: 'callchart_ws_closes_total',
      help: 'Media sockets that are closed, by their close code.',
      labelNames: ['code'],
      registers,
    })
    this.#protocolErrors = new Counter({
      name: 'callchart_ws_protocol_errors_total',
      help: 'What came over media sockets and is not what the protocol promises, by kind.',
      labelNames: ['kind'],
      registers,
    })
    for (const kind of Object.keys(PROTOCOL_ERRORS)) this.#protocolErrors.inc({ kind }, 0)
    this.#unsigned = new Counter({
      name: 'callchart_webhook_signature_failures_total',
      help: 'Webhooks and media sockets that were refused because the carrier had not signed them.',
      registers,
    })
    this.#failed = new Counter({
      name: 'callchart_webhook_failures_total',
      help: 'Questions of the carrier about a call that failed here, so that it was told to hang up.',
      registers,
    })
    this.#limited = new Counter({
      name: 'callchart_api_requests_limited_total',
      help: 'Requests to the API that were refused because there were too many of them in a second.',
      registers,
    })
  }

  noteRejected(reason: AdmissionError['code']): void {
    this.#rejected.inc({ reason })
  }

  noteClosed(code: number): void {
    this.#closes.inc({ code: CLOSE_CODES.has(code) ? String(code) : 'other' })
  }

  noteProtocolError(kind: ProtocolErrorKind): void {
    this.#protocolErrors.inc({ kind })
  }

  noteUnsigned(): void {
    this.#unsigned.inc()
  }

  noteFailed(): void {
    this.#failed.inc()
  }

  noteLimited(): void {
    this.#limited.inc()
  }
}
