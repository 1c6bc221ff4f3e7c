import { context, trace, type Tracer } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Agent } from '../../src/agents/agent.ts'
import { AsyncContext } from '../telemetry/async-context.ts'
import { parseExposition } from '../telemetry/exposition.ts'
import { openStage, OUR_NUMBER, PUBLIC_URL, type Stage } from './stage.ts'

async function textOf(stage: Stage): Promise<string> {
  // A scrape is answered with the last one's text for a second.
  await stage.clock.advance(1_000)
  return stage.meanwhile(fetch(`${stage.url}/metrics`).then((response) => response.text()))
}

async function scrape(stage: Stage): Promise<(series: string) => number | undefined> {
  const { samples } = parseExposition(await textOf(stage))
  return (series) => samples.get(`callchart_${series}`)
}

/** An SDK for everybody in this process, until the test is over. */
function registerSdk(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter()
  context.setGlobalContextManager(new AsyncContext())
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  onTestFinished(() => {
    trace.disable()
    context.disable()
  })
  return exporter
}

describe('a scraper', () => {
  it('finds all nought while nobody has called', async () => {
    await using stage = await openStage()
    const figure = await scrape(stage)
    expect(figure('calls_active{direction="inbound"}')).toBe(0)
    expect(figure('calls_total{direction="inbound",outcome="caller hung up"}')).toBe(0)
    expect(figure('media_frames_total{direction="inbound"}')).toBe(0)
    expect(figure('media_pacing_lateness_seconds_count')).toBe(0)
  })

  it('follows a call from its beginning to its end, and finds nothing lost of it afterwards', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    await stage.clock.advance(2_000)
    const during = await scrape(stage)
    expect(during('calls_active{direction="inbound"}')).toBe(1)
    expect(during('media_frames_total{direction="inbound"}')).toBeGreaterThan(100)
    expect(during('media_pacing_lateness_seconds_count')).toBeGreaterThan(100)
    await caller.hangsUp()
    const { stats } = await stage.over(call.sid)
    const after = await scrape(stage)
    expect(after('calls_active{direction="inbound"}')).toBe(0)
    expect(after('calls_total{direction="inbound",outcome="caller hung up"}')).toBe(1)
    expect(after('media_frames_total{direction="inbound"}')).toBe(stats['framesIn'])
    expect(after('media_frames_total{direction="outbound"}')).toBe(stats['framesOut'])
    expect(after('call_setup_duration_seconds_count')).toBe(1)
    expect(after('call_duration_seconds_count')).toBe(1)
    expect((after('ws_closes_total{code="1000"}') ?? 0) + (after('ws_closes_total{code="1005"}') ?? 0)).toBe(1)
  })

  it('reads of what was asked of the carrier, and of whom the node turned away, but no number', async () => {
    await using stage = await openStage({ env: { CALLCHART_MAX_CALLS: '1' } })
    const callee = stage.carrier.callee('+15551234567')
    await stage.meanwhile(stage.switchboard.dial({ to: callee.number }))
    await stage.carrier.caller('+15551110002').dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
    await stage.switchboard.dial({ to: '+4915112345678' }).catch(() => {})
    await stage.meanwhile(
      fetch(`${stage.url}/twiml`, { method: 'POST', body: new URLSearchParams({ CallSid: 'CA1' }) }),
    )
    const text = await textOf(stage)
    const { samples } = parseExposition(text)
    expect(samples.get('callchart_twilio_requests_total{op="placeCall",status="ok"}')).toBe(1)
    expect(samples.get('callchart_calls_rejected_total{reason="NODE_FULL"}')).toBe(1)
    expect(samples.get('callchart_calls_rejected_total{reason="DESTINATION_NOT_ALLOWED"}')).toBe(1)
    expect(samples.get('callchart_webhook_signature_failures_total')).toBe(1)
    expect(text).not.toMatch(/555123|555111|491511/)
  })
})

describe('a tracer', () => {
  it('is given a call, its states, its requests, and what its agent traces, in one trace', async () => {
    const exporter = registerSdk()
    let tracer: Tracer | undefined
    const thinking: Agent = async (call) => {
      tracer = trace.getTracer('the user')
      await call.play(new Int16Array(8_000)).finished
      tracer.startSpan('thinking').end()
    }
    await using stage = await openStage({ agent: 'thinking', agents: { thinking } })
    const { caller, call } = await stage.caller()
    await caller.isHungUpOn()
    const { id } = await stage.over(call.sid)
    const spans = exporter.getFinishedSpans()
    const named = (name: string) => spans.find((one) => one.name === name)
    const whole = named('callchart.call')
    expect(whole?.attributes).toMatchObject({
      'callchart.call.id': id,
      'callchart.call.sid': call.sid,
      'callchart.agent': 'thinking',
      'callchart.reason': 'agent finished',
    })
    const states = whole?.events
      .filter(({ name }) => name === 'state')
      .map((event) => event.attributes?.['callchart.state'])
    expect(states).toEqual([
      'idle',
      'connecting.awaitingStream',
      'active',
      'stopping.draining',
      'stopping.hangingUp',
      'stopping.releasing',
      'ended',
    ])
    const parent = whole?.spanContext().spanId
    expect(named('thinking')?.parentSpanContext?.spanId).toBe(parent)
    expect(named('callchart.carrier hangUp')?.parentSpanContext?.spanId).toBe(parent)
    const told = JSON.stringify(spans.map(({ name, attributes, events }) => ({ name, attributes, events })))
    expect(told).not.toContain(caller.number)
    expect(told).not.toContain(OUR_NUMBER)
  })
})
