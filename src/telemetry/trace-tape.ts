import { type Attributes, type Context, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { CallTape, Happening, StateName, Transition } from '../recorder.ts'
import { BargeInWatch } from './barge-in-watch.ts'

/** Beside changes of state, what is worth an event, by the chart's own word for it. */
const EDGES: ReadonlySet<string> = new Set([
  'stream.lost',
  'stream.stopped',
  'stream.refused',
  'queue.stalled',
  'call.hangUp',
  'call.finish',
  'leg.detected',
  'call.transfer',
  'call.left',
  'call.returned',
  'dial.ringing',
  'dial.answered',
  'bridge.presumed',
  'dial.ended',
  'call.hold',
  'call.resume',
  'call.record',
  'call.pauseRecording',
  'call.resumeRecording',
  'call.stopRecording',
])
/** Words from closed lists; whatever else an event says stays here. */
const TOLD_FIELDS = ['outcome', 'reason', 'answeredBy']
/** An SDK keeps the latest 128: an hour of barge-ins must not push out how the call began. */
const MAX_EDGES = 80

export interface TraceTapeOptions {
  readonly tracer: Tracer
  readonly span: Span
  /** Where the call's span is the active one. */
  readonly inside: Context
  readonly isSidKnown: boolean
}

type Rest = Extract<Happening, { what: 'rest' }>
type Ending = Extract<Happening, { what: 'end' }>

/** What happens in a call, as events on its span and as spans below it. Ends with the call, and its span with it. */
export class TraceTape implements CallTape {
  readonly #options: TraceTapeOptions
  readonly #span: Span
  /** Requests to the carrier that are not answered yet, oldest first. */
  #asked: { readonly command: string; readonly span: Span }[] = []
  readonly #bargeIns = new BargeInWatch()
  #isSidKnown: boolean
  #state = ''
  #edges = 0

  constructor(options: TraceTapeOptions) {
    this.#options = options
    this.#span = options.span
    this.#isSidKnown = options.isSidKnown
  }

  note(at: number, happening: Happening): void {
    switch (happening.what) {
      case 'transition':
        // What a child's chart does shows as the child's span.
        if (happening.actor === undefined) this.#noteTransition(at, happening)
        return
      case 'rest':
        return happening.outcome === 'asked' ? this.#noteAsked(happening) : this.#noteAnswered(happening)
      case 'end':
        return this.#noteEnd(happening)
      default:
    }
  }

  close(): void {
    for (const { span } of this.#asked) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'the call was over first' })
      span.end()
    }
    this.#asked = []
    if (this.#edges > MAX_EDGES) this.#span.setAttribute('callchart.events_left_out', this.#edges - MAX_EDGES)
    this.#span.end()
  }

  #noteTransition(at: number, { event, from, fields, edges = [], after }: Transition): void {
    const callSid = fields?.['callSid']
    if (!this.#isSidKnown && typeof callSid === 'string') {
      this.#isSidKnown = true
      this.#span.setAttribute('callchart.call.sid', callSid)
    }
    if (this.#bargeIns.note(event, at) !== undefined) this.#noteEdge('barge-in')
    if (edges.length > 0 && EDGES.has(event)) {
      const told = TOLD_FIELDS.filter((name) => fields?.[name] !== undefined)
      this.#noteEdge(event, {
        ...(from === undefined ? {} : { 'callchart.from': from }),
        ...Object.fromEntries(told.map((name) => [`callchart.${name}`, fields?.[name]])),
      })
    }
    const state = pathOf(after)
    if (state === this.#state) return
    this.#state = state
    this.#span.addEvent('state', { 'callchart.state': state })
  }

  #noteEdge(name: string, attributes: Attributes = {}): void {
    this.#edges += 1
    if (this.#edges <= MAX_EDGES) this.#span.addEvent(name, attributes)
  }

  #noteAsked({ command }: Rest): void {
    const { tracer, inside } = this.#options
    const options = { kind: SpanKind.CLIENT, attributes: { 'callchart.command': command } }
    this.#asked.push({ command, span: tracer.startSpan(`callchart.carrier ${command}`, options, inside) })
  }

  #noteAnswered({ command, outcome, code, status }: Rest): void {
    const at = this.#asked.findIndex((request) => request.command === command)
    const span = this.#asked.splice(at, at < 0 ? 0 : 1)[0]?.span
    if (span === undefined) return
    if (status !== undefined) span.setAttribute('http.response.status_code', status)
    if (outcome === 'failed') {
      span.setAttribute('error.type', code ?? 'unexpected')
      span.setStatus({ code: SpanStatusCode.ERROR, message: code ?? 'unexpected' })
    }
    span.end()
  }

  /** Its cause is left out: it may be what somebody's code threw, in any words. */
  #noteEnd({ state, reason }: Ending): void {
    this.#span.setAttributes({ 'callchart.end_state': state, 'callchart.reason': reason })
    if (state === 'error') this.#span.setStatus({ code: SpanStatusCode.ERROR, message: reason })
  }
}

/** `connecting.ringing`; of states that are several at once, the name of what they are in. */
function pathOf(state: StateName): string {
  if (typeof state === 'string') return state
  const [only, ...others] = Object.entries(state)
  if (only === undefined || others.length > 0) return ''
  const [name, inner = ''] = only
  const rest = pathOf(inner)
  return rest === '' ? name : `${name}.${rest}`
}
