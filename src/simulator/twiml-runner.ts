/**
 * Carries out what a server asks of a call: fetches documents and executes their verbs one after the other, until none
 * is left, the call is over, or other instructions take their place.
 *
 * After a media stream or a dialled call the server is asked what is next. It is asked again while it is away, for up to
 * fifteen seconds: this is how a call survives the restart of a server. It is not asked when other instructions have come
 * in the meantime; of a call that is over it is told how the dialling ended, but its answer is of no use any more.
 */

import { ProtocolError } from '../errors.ts'
import { absolute, absoluteSocket } from './addresses.ts'
import type { SimulatedCall } from './call.ts'
import { callForm } from './call-form.ts'
import { deliver, type Form } from './callback-delivery.ts'
import { dial, type DialledLeg, type LegOrder } from './dialling.ts'
import type { Exchange } from './exchange.ts'
import { MediaStream } from './media-stream.ts'
import type { StreamScript } from './replay-script.ts'
import type { DialVerb } from './twiml-dial.ts'
import type { HttpMethod } from './twiml-element.ts'
import { parseTwiml, type StreamNoun, type Verb } from './twiml.ts'
import { sleep } from './waiting.ts'
import { describeWarning, type WarningCode } from './warnings.ts'
import { type WebhookAnswer, WebhookFailure } from './webhook-client.ts'

/** An address to be asked for instructions. */
interface Inquiry {
  readonly url: string
  readonly method: HttpMethod
  /** What else is told there, besides the call. */
  readonly told?: Form
  /** Is something over that the server had asked for? */
  readonly isAction?: boolean
}

/** Where instructions come from: an address to be asked, or a document given directly. */
export type Instructions = Inquiry | { readonly twiml: string; readonly documentUrl: string }

/** What a verb leads to: the one after it, other instructions, or the end of the call. */
type Outcome = 'next verb' | 'end' | Instructions

export interface TwimlRunnerOptions {
  readonly call: SimulatedCall
  readonly exchange: Exchange
  readonly timeLimitMs: number
  readonly dialLeg: (order: LegOrder) => DialledLeg
}

const ACTION_PATIENCE_MS = 15_000
const ACTION_RETRY_MS = 1_000
/** https://www.twilio.com/docs/voice/twiml/reject: no answer is what a rejected caller's side reports. */
const REJECTED_STATUS = { busy: 'busy', rejected: 'no-answer' } as const
const KNOWN_VERBS = 'Connect/Stream, Dial (one Number or Sip), Pause, Reject or Hangup'
const XML_TYPES: ReadonlySet<string> = new Set(['text/xml', 'application/xml', 'text/html'])

export class TwimlRunner {
  readonly #call: SimulatedCall
  readonly #exchange: Exchange
  readonly #timeLimitMs: number
  readonly #dialLeg: TwimlRunnerOptions['dialLeg']
  #current = new AbortController()

  constructor({ call, exchange, timeLimitMs, dialLeg }: TwimlRunnerOptions) {
    this.#call = call
    this.#exchange = exchange
    this.#timeLimitMs = timeLimitMs
    this.#dialLeg = dialLeg
  }

  /**
   * Starts these instructions, in the place of those under way: a running stream gets `stop` and is closed, a dialled leg
   * is hung up, and a leg that was dialled leaves the one that dialled it.
   */
  start(instructions: Instructions): void {
    this.#current.abort()
    this.#call.bridge?.end()
    this.#current = new AbortController()
    void this.#run(instructions, AbortSignal.any([this.#current.signal, this.#call.over]))
  }

  async #run(first: Instructions, signal: AbortSignal): Promise<void> {
    let next: Instructions | 'end' = first
    try {
      while (typeof next === 'object') next = await this.#execute(next, signal)
    } catch (thrown) {
      this.#fail(thrown, signal)
    }
    this.#call.isRouted = true
    if (signal.aborted) return
    this.#call.answer(this.#timeLimitMs)
    this.#call.finish({ status: 'completed', by: 'twiml' })
  }

  /** A server that cannot be understood: Twilio takes the call, apologizes to the person, and hangs up. */
  #fail(thrown: unknown, signal: AbortSignal): void {
    if (!(thrown instanceof WebhookFailure || thrown instanceof ProtocolError)) throw thrown
    if (signal.aborted || this.#exchange.closing.aborted) return
    this.#warn(thrown instanceof WebhookFailure ? thrown.code : 12100, thrown.message)
    this.#call.answer(this.#timeLimitMs)
    this.#call.finish({ status: 'completed', by: 'carrier' })
  }

  /** When no verb is left, the call is at its end. */
  async #execute(instructions: Instructions, signal: AbortSignal): Promise<Instructions | 'end'> {
    const isGiven = 'twiml' in instructions
    const documentUrl = isGiven ? instructions.documentUrl : instructions.url
    const verbs = parseTwiml(isGiven ? instructions.twiml : await this.#fetch(instructions, signal))
    if (!isGiven) this.#call.documents.push(verbs.map(({ verb }) => verb).join(' and '))
    for (const verb of verbs) {
      if (signal.aborted) break
      const outcome = await this.#do(verb, documentUrl, signal)
      if (outcome !== 'next verb') return outcome
    }
    return 'end'
  }

  async #fetch({ url, method, told, isAction = false }: Inquiry, signal: AbortSignal): Promise<string> {
    const params = { ...callForm(this.#call, this.#exchange.accountSid), ...told }
    const patience = isAction ? ACTION_PATIENCE_MS : 0
    const answer = await this.#ask(
      () => this.#exchange.webhooks.send({ url, method, params, signal }),
      patience,
      signal,
    )
    if (XML_TYPES.has(answer.contentType)) return answer.body
    throw new WebhookFailure(12300, `expected text/xml from ${url}, got ${answer.contentType || 'no content type'}`)
  }

  /** Asks until there is an answer, the patience is used up, or the call is over. */
  async #ask(send: () => Promise<WebhookAnswer>, patienceMs: number, signal: AbortSignal): Promise<WebhookAnswer> {
    const { clock } = this.#exchange
    const deadline = clock.now() + patienceMs
    for (;;) {
      try {
        return await send()
      } catch (thrown) {
        const isHopeless = !(thrown instanceof WebhookFailure && thrown.isTransient)
        if (isHopeless || signal.aborted || clock.now() + ACTION_RETRY_MS > deadline) throw thrown
        await sleep(clock, ACTION_RETRY_MS, signal)
      }
    }
  }

  async #do(verb: Verb, documentUrl: string, signal: AbortSignal): Promise<Outcome> {
    if (verb.verb === 'Reject') return this.#reject(verb.reason)
    const staysRinging = verb.verb === 'Dial' && verb.answersOnBridge
    if (!staysRinging) this.#call.answer(this.#timeLimitMs)
    this.#call.isRouted = true
    if (verb.verb === 'Hangup') return 'end'
    if (verb.verb === 'Unknown') {
      this.#warn(12200, `expected ${KNOWN_VERBS}, got ${verb.name}`)
      return 'end'
    }
    if (verb.verb === 'Pause') {
      await sleep(this.#exchange.clock, verb.ms, signal)
      return 'next verb'
    }
    if (verb.verb === 'Dial') return this.#dial(verb, documentUrl, signal)
    await this.#stream(verb.stream, documentUrl, signal)
    if (verb.action === undefined || signal.aborted) return 'next verb'
    return { url: absolute(verb.action, documentUrl), method: verb.method, isAction: true }
  }

  async #dial(verb: DialVerb, documentUrl: string, signal: AbortSignal): Promise<Outcome> {
    const told = await dial(verb, {
      call: this.#call,
      exchange: this.#exchange,
      dialLeg: this.#dialLeg,
      answer: () => this.#call.answer(this.#timeLimitMs),
      documentUrl,
      signal,
    })
    if (verb.action === undefined) return 'next verb'
    const { method } = verb
    const url = absolute(verb.action, documentUrl)
    if (!signal.aborted) return { url, method, told, isAction: true }
    const form = { ...callForm(this.#call, this.#exchange.accountSid), ...told }
    if (this.#call.isOver) void deliver(this.#call, this.#exchange, { url, method, what: 'Dial action' }, [form])
    return 'end'
  }

  /** Without effect on a call that is up already. */
  #reject(reason: 'rejected' | 'busy'): Outcome {
    if (this.#call.answeredAt === undefined) {
      this.#call.rejection = reason
      this.#call.finish({ status: REJECTED_STATUS[reason], by: 'twiml' })
    }
    return 'end'
  }

  async #stream(noun: StreamNoun, documentUrl: string, signal: AbortSignal): Promise<void> {
    if (this.#call.faults.streamNeverComes === true) return aborted(signal)
    if (noun.track !== undefined && noun.track !== 'inbound_track') {
      return this.#warn(31941, `expected the track inbound_track, got ${noun.track}`)
    }
    const script = this.#call.faults.scripts?.[this.#call.streams.length]
    if (script !== undefined) await sleep(this.#exchange.clock, script.opensAfterMs, signal)
    if (signal.aborted) return
    const stream = this.#createStream(noun, documentUrl, script)
    this.#call.streams.push(stream)
    const stop = (): void => stream.stop()
    signal.addEventListener('abort', stop, { once: true })
    stream.open()
    const end = await stream.ended
    signal.removeEventListener('abort', stop)
    const isError = end.by === 'refusal' || end.by === 'network'
    this.#tellOfStream(noun, documentUrl, stream, isError ? 'stream-error' : 'stream-stopped', end.warning?.message)
  }

  #createStream(noun: StreamNoun, documentUrl: string, script: StreamScript | undefined): MediaStream {
    const { sid: callSid, speech, faults, direction } = this.#call
    const by = direction === 'inbound' ? 'caller' : 'callee'
    const stream: MediaStream = new MediaStream({
      exchange: this.#exchange,
      callSid,
      url: absoluteSocket(noun.url, documentUrl),
      name: noun.name,
      customParameters: { ...faults.customParameters, ...noun.parameters },
      speech,
      script,
      onScriptedHangup: () => this.#call.finish({ status: 'completed', by }),
      onStarted: () => this.#tellOfStream(noun, documentUrl, stream, 'stream-started'),
      onWarning: (warning) => this.#call.warn(warning),
    })
    return stream
  }

  /** https://www.twilio.com/docs/voice/twiml/stream#statuscallback */
  #tellOfStream(
    noun: StreamNoun,
    documentUrl: string,
    stream: MediaStream,
    event: 'stream-started' | 'stream-stopped' | 'stream-error',
    error?: string,
  ): void {
    if (noun.statusCallback === undefined) return
    const { accountSid, clock } = this.#exchange
    const form = {
      AccountSid: accountSid,
      CallSid: this.#call.sid,
      StreamSid: stream.sid,
      StreamName: stream.name,
      StreamEvent: event,
      ...(event === 'stream-error' ? { StreamError: error ?? '' } : {}),
      // Recorded callbacks have nanoseconds.
      Timestamp: this.#exchange.dateAt(clock.now()).toISOString().replace('Z', '000000Z'),
    }
    const target = { url: absolute(noun.statusCallback, documentUrl), method: noun.statusCallbackMethod }
    void deliver(this.#call, this.#exchange, { ...target, what: 'stream status callback' }, [form])
  }

  #warn(code: WarningCode, detail: string): void {
    const { clock } = this.#exchange
    this.#call.warn({ code, message: describeWarning(code, detail), callSid: this.#call.sid, at: clock.now() })
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
