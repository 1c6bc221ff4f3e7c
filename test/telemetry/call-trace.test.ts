import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CallFacts } from '../../src/directory.ts'
import type { CallTape, Happening, StateName } from '../../src/recorder.ts'
import { traceCall } from '../../src/telemetry/call-trace.ts'
import { AsyncContext } from './async-context.ts'
import { openTelemetry } from './telemetry-rig.ts'

const FACTS: CallFacts = {
  id: 'call_aaaaaaaaaaaaaaaaaaaa',
  direction: 'inbound',
  callSid: `CA${'1'.repeat(32)}`,
  from: '+15551234567',
  to: '+15550100000',
  agent: 'greeter',
  parameters: { pin: 'canary' },
  startedAt: 0,
}

function openTraces({ facts, sampler }: { readonly facts?: Partial<CallFacts>; readonly sampler?: Sampler } = {}) {
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler === undefined ? {} : { sampler }),
  })
  const tracer = provider.getTracer('callchart')
  const traced = traceCall(tracer, { ...FACTS, ...facts })
  if (traced === undefined) throw new Error('expected a trace, got none')
  const span = (name: string): ReadableSpan => {
    const found = exporter.getFinishedSpans().find((one) => one.name === name)
    if (found === undefined) throw new Error(`expected a finished span ${name}, got none`)
    return found
  }
  return { traced, tracer, exporter, span, ...taping(traced.tape) }
}

function taping(tape: CallTape | undefined) {
  let at = 0
  const note = (happening: Happening) => tape?.note((at += 10), happening)
  return {
    note,
    move: (event: string, after: StateName, fields?: Readonly<Record<string, string>>) =>
      note({ what: 'transition', event, edges: ['an edge'], before: '', after, ...(fields && { fields }) }),
    end: (state: 'ended' | 'error', reason: string, cause?: string) => {
      note({ what: 'end', state, reason, cause, stats: {} })
      tape?.close()
    },
  }
}

const ACTIVE: StateName = { active: { floor: 'idle', stream: 'flowing' } }

beforeEach(() => {
  context.setGlobalContextManager(new AsyncContext())
})
afterEach(() => {
  context.disable()
})

describe('the span of a call', () => {
  it('is the server’s for an incoming call, with who and how but not what numbers or parameters', () => {
    const { end, span, exporter } = openTraces()
    end('ended', 'caller hung up')
    const { kind, attributes, status } = span('callchart.call')
    expect(kind).toBe(SpanKind.SERVER)
    expect(attributes).toEqual({
      'callchart.call.id': FACTS.id,
      'callchart.call.sid': FACTS.callSid,
      'callchart.direction': 'inbound',
      'callchart.agent': 'greeter',
      'callchart.end_state': 'ended',
      'callchart.reason': 'caller hung up',
    })
    expect(status.code).toBe(SpanStatusCode.UNSET)
    expect(exporter.getFinishedSpans()).toHaveLength(1)
  })

  it('is a client’s for an outgoing call, and learns the CallSid when the carrier tells it', () => {
    const { move, end, span } = openTraces({ facts: { direction: 'outbound', callSid: undefined } })
    move('leg.ringing', { connecting: 'ringing' }, { callSid: 'CA22' })
    move('leg.answered', { connecting: 'awaitingStream' }, { callSid: 'CA33' })
    end('ended', 'busy')
    const { kind, attributes } = span('callchart.call')
    expect(kind).toBe(SpanKind.CLIENT)
    expect(attributes['callchart.call.sid']).toBe('CA22')
  })

  it('tells each state once, by its path, and of parallel ones what they are in', () => {
    const { move, end, span } = openTraces()
    move('xstate.init', 'idle')
    move('call.connect', { connecting: { dialing: 'wanted' } })
    move('stream.started', ACTIVE)
    move('speech.started', { active: { floor: 'listening', stream: 'flowing' } })
    move('call.finish', { stopping: 'draining' })
    end('ended', 'agent finished')
    const states = span('callchart.call').events.filter(({ name }) => name === 'state')
    expect(states.map(({ attributes }) => attributes?.['callchart.state'])).toEqual([
      'idle',
      'connecting.dialing.wanted',
      'active',
      'stopping.draining',
    ])
  })

  it('tells of barge-ins, lost streams, holds, recordings and transfers, with words from closed lists only', () => {
    const { move, note, end, span } = openTraces()
    for (const event of ['playback.started', 'speech.started', 'playback.cleared']) move(event, ACTIVE)
    move('stream.lost', ACTIVE, { streamSid: 'MZ1', cause: 'canary' })
    for (const event of ['call.hold', 'call.resume', 'call.record', 'call.transfer']) move(event, ACTIVE)
    move('dial.ended', ACTIVE, { outcome: 'no-answer', to: '+15559998888' })
    note({ what: 'transition', event: 'call.hold', edges: [], before: ACTIVE, after: ACTIVE })
    note({ what: 'transition', actor: 'hangUp', event: 'call.hold', edges: ['e'], before: 'a', after: 'b' })
    end('ended', 'transferred')
    const events = span('callchart.call').events.filter(({ name }) => name !== 'state')
    expect(events.map(({ name }) => name)).toEqual([
      'barge-in',
      'stream.lost',
      'call.hold',
      'call.resume',
      'call.record',
      'call.transfer',
      'dial.ended',
    ])
    expect(events.at(-1)?.attributes).toEqual({ 'callchart.outcome': 'no-answer' })
    expect(JSON.stringify(span('callchart.call').events)).not.toMatch(/canary|555/)
  })

  it('fails with the reason of an error, and keeps what was thrown to itself', () => {
    const { end, span } = openTraces()
    end('error', 'agent failed', 'canary')
    const { status, attributes } = span('callchart.call')
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'agent failed' })
    expect(JSON.stringify(attributes)).not.toContain('canary')
  })

  it('keeps its beginning and its end in a call of a thousand barge-ins', () => {
    const { move, end, span } = openTraces()
    move('stream.started', ACTIVE)
    for (let times = 0; times < 1_000; times += 1) {
      for (const event of ['playback.started', 'speech.started', 'playback.cleared', 'speech.ended'])
        move(event, ACTIVE)
    }
    move('stream.stopped', 'ended')
    end('ended', 'caller hung up')
    const { events, attributes } = span('callchart.call')
    expect(events.length).toBeLessThan(128)
    expect(events.at(0)?.attributes).toEqual({ 'callchart.state': 'active' })
    expect(events.at(-1)?.attributes).toEqual({ 'callchart.state': 'ended' })
    expect(attributes['callchart.events_left_out']).toBeGreaterThan(900)
  })

  it('of an incoming call is a trace of its own that points at the webhook; of an outgoing one, part of who dialled', () => {
    const { tracer, exporter } = openTraces()
    const outer = tracer.startSpan('the request')
    const { traceId, spanId } = outer.spanContext()
    context.with(trace.setSpan(ROOT_CONTEXT, outer), () => {
      traceCall(tracer, FACTS)?.tape?.close()
      traceCall(tracer, { ...FACTS, direction: 'outbound' })?.tape?.close()
    })
    const [inbound, outbound] = exporter.getFinishedSpans()
    expect(inbound?.spanContext().traceId).not.toBe(traceId)
    expect(inbound?.links.map((link) => link.context.spanId)).toEqual([spanId])
    expect(outbound?.spanContext().traceId).toBe(traceId)
    expect(outbound?.parentSpanContext?.spanId).toBe(spanId)
  })
})

describe('a request to the carrier', () => {
  it('is a span below the call’s, for as long as it took', () => {
    const { note, end, span } = openTraces()
    note({ what: 'rest', command: 'placeCall', outcome: 'asked' })
    note({ what: 'rest', command: 'placeCall', outcome: 'done' })
    end('ended', 'busy')
    const rest = span('callchart.carrier placeCall')
    expect(rest.kind).toBe(SpanKind.CLIENT)
    expect(rest.parentSpanContext?.spanId).toBe(span('callchart.call').spanContext().spanId)
    expect(rest.status.code).toBe(SpanStatusCode.UNSET)
  })

  it('says what the carrier refused', () => {
    const { note, end, span } = openTraces()
    note({ what: 'rest', command: 'hangUp', outcome: 'asked' })
    note({ what: 'rest', command: 'hangUp', outcome: 'failed', code: 'CARRIER_RATE_LIMITED', status: 429 })
    end('ended', 'busy')
    const { status, attributes } = span('callchart.carrier hangUp')
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'CARRIER_RATE_LIMITED' })
    expect(attributes).toMatchObject({ 'http.response.status_code': 429, 'error.type': 'CARRIER_RATE_LIMITED' })
  })

  it('is told apart from another of its kind that is under way', () => {
    const { note, end, exporter } = openTraces()
    note({ what: 'rest', command: 'hangUp', outcome: 'asked' })
    note({ what: 'rest', command: 'hangUp', outcome: 'asked' })
    note({ what: 'rest', command: 'hangUp', outcome: 'done' })
    note({ what: 'rest', command: 'hangUp', outcome: 'failed', code: 'CARRIER_TIMEOUT' })
    note({ what: 'rest', command: 'hangUp', outcome: 'done' })
    end('ended', 'busy')
    const names = exporter.getFinishedSpans().map(({ name, status }) => [name, status.code])
    expect(names).toEqual([
      ['callchart.carrier hangUp', SpanStatusCode.UNSET],
      ['callchart.carrier hangUp', SpanStatusCode.ERROR],
      ['callchart.call', SpanStatusCode.UNSET],
    ])
  })

  it('that the call did not wait for ends with the call', () => {
    const { note, end, span } = openTraces()
    note({ what: 'rest', command: 'hangUp', outcome: 'asked' })
    end('error', 'internal error')
    expect(span('callchart.carrier hangUp').status.code).toBe(SpanStatusCode.ERROR)
  })
})

describe('the agent', () => {
  it('runs within the span of its call: what it starts, now or later, are children', async () => {
    const { traced, tracer, end, span } = openTraces()
    const agent = async () => {
      tracer.startSpan('at once').end()
      await Promise.resolve()
      tracer.startSpan('later').end()
      return 'done'
    }
    expect(await traced.within(agent)).toBe('done')
    end('ended', 'agent finished')
    const { spanId } = span('callchart.call').spanContext()
    expect(span('at once').parentSpanContext?.spanId).toBe(spanId)
    expect(span('later').parentSpanContext?.spanId).toBe(spanId)
  })
})

describe('tracing', () => {
  it('is nothing at all while no SDK is registered', () => {
    expect(traceCall(trace.getTracer('callchart'), FACTS)).toBeUndefined()
    expect(openTelemetry().telemetry.traceCall(FACTS)).toBeUndefined()
  })

  it('begins with the SDK that is registered later', () => {
    const { telemetry } = openTelemetry()
    const exporter = new InMemorySpanExporter()
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
    try {
      telemetry.traceCall(FACTS)?.tape?.close()
    } finally {
      trace.disable()
    }
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['callchart.call'])
  })

  it('watches no call that the sampler left out, and the agent’s spans are left out with it', () => {
    const { traced, tracer, exporter } = openTraces({ sampler: new AlwaysOffSampler() })
    expect(traced.tape).toBeUndefined()
    expect(traced.within(() => trace.getActiveSpan()?.spanContext().traceFlags)).toBe(0)
    traced.within(() => tracer.startSpan('left out')).end()
    expect(exporter.getFinishedSpans()).toEqual([])
  })

  it('that fails is told of, and the call is not traced', () => {
    const faults: unknown[] = []
    const broken = {
      startSpan: () => {
        throw new Error('a broken SDK')
      },
      startActiveSpan: () => undefined as never,
    }
    const { telemetry } = openTelemetry({ tracer: broken, onFault: (error) => faults.push(error) })
    expect(telemetry.traceCall(FACTS)).toBeUndefined()
    expect(faults).toEqual([new Error('a broken SDK')])
  })
})
