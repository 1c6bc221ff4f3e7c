import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { register } from 'prom-client'
import { describe, expect, it } from 'vitest'
import { REASONS } from '../../machines/index.ts'
import { openTelemetry } from './telemetry-rig.ts'

const PROMISED: Readonly<Record<string, string>> = {
  callchart_calls_active: 'gauge',
  callchart_calls_total: 'counter',
  callchart_calls_rejected_total: 'counter',
  callchart_call_duration_seconds: 'histogram',
  callchart_call_setup_duration_seconds: 'histogram',
  callchart_media_frames_total: 'counter',
  callchart_media_underruns_total: 'counter',
  callchart_media_pacing_lateness_seconds: 'histogram',
  callchart_media_send_buffer_bytes: 'gauge',
  callchart_ws_closes_total: 'counter',
  callchart_ws_protocol_errors_total: 'counter',
  callchart_barge_in_clear_seconds: 'histogram',
  callchart_twilio_requests_total: 'counter',
  callchart_twilio_request_duration_seconds: 'histogram',
  callchart_webhook_signature_failures_total: 'counter',
  callchart_webhook_failures_total: 'counter',
  callchart_api_requests_limited_total: 'counter',
  callchart_dial_queue_depth: 'gauge',
  callchart_records_waiting: 'gauge',
  callchart_records_lost_total: 'counter',
  callchart_circuit_open: 'gauge',
  callchart_build_info: 'gauge',
  nodejs_eventloop_lag_p99_seconds: 'gauge',
  process_cpu_seconds_total: 'counter',
  process_resident_memory_bytes: 'gauge',
}

describe('what a scraper reads', () => {
  it('is all there from the beginning, each with its type and a sentence of help', async () => {
    const { types, helps } = await openTelemetry().scrape()
    for (const [name, type] of Object.entries(PROMISED)) {
      expect([name, types.get(name)]).toEqual([name, type])
      expect(helps.get(name)).toMatch(/\w+ \w+/)
    }
    expect([...types.keys()].filter((name) => name.startsWith('callchart_'))).toHaveLength(
      Object.keys(PROMISED).filter((name) => name.startsWith('callchart_')).length,
    )
  })

  it('keeps the conventions: counters end in _total and nothing else does, durations are seconds', async () => {
    const { types } = await openTelemetry().scrape()
    const ours = [...types].filter(([name]) => name.startsWith('callchart_'))
    expect(ours.filter(([name, type]) => (type === 'counter') !== name.endsWith('_total'))).toEqual([])
    expect(ours.filter(([name, type]) => type === 'histogram' && !name.endsWith('_seconds'))).toEqual([])
  })

  it('has series for every way a call can end before any has, so that a first one shows as a rate', async () => {
    const { samples } = await openTelemetry().scrape()
    for (const outcome of Object.keys(REASONS)) {
      expect(samples.get(`callchart_calls_total{direction="outbound",outcome="${outcome}"}`)).toBe(0)
    }
    expect(samples.get('callchart_calls_rejected_total{reason="NODE_FULL"}')).toBe(0)
  })

  it('tells which version answers', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    const { samples } = await openTelemetry().scrape()
    expect(samples.get(`callchart_build_info{version="${version}"}`)).toBe(1)
  })

  it('is of one switchboard alone, and leaves the default registry of its process to others', async () => {
    const [one, other] = [openTelemetry(), openTelemetry()]
    one.admit()
    expect((await one.scrape()).samples.get('callchart_calls_active{direction="inbound"}')).toBe(1)
    expect((await other.scrape()).samples.get('callchart_calls_active{direction="inbound"}')).toBe(0)
    expect(register.getMetricsAsArray()).toEqual([])
  })

  it('is worked out once a second at most, however often it is asked for', async () => {
    const { telemetry, clock, admit } = openTelemetry()
    const first = await telemetry.text()
    admit()
    clock.advance(999)
    expect(await telemetry.text()).toBe(first)
    clock.advance(1)
    expect(await telemetry.text()).not.toBe(first)
  })
})

describe('the figures of calls', () => {
  it('count a call as active from its admission to its end, and then by how it ended', async () => {
    const { admit, scrape } = openTelemetry()
    const [inbound, outbound] = [admit('inbound'), admit('outbound')]
    const { samples: during } = await scrape()
    expect(during.get('callchart_calls_active{direction="inbound"}')).toBe(1)
    expect(during.get('callchart_calls_active{direction="outbound"}')).toBe(1)
    inbound.end({ reason: 'caller hung up' })
    outbound.end({ reason: 'no answer' })
    const { samples } = await scrape()
    expect(samples.get('callchart_calls_active{direction="inbound"}')).toBe(0)
    expect(samples.get('callchart_calls_total{direction="inbound",outcome="caller hung up"}')).toBe(1)
    expect(samples.get('callchart_calls_total{direction="outbound",outcome="no answer"}')).toBe(1)
  })

  it('count each call once, whoever tells of its end again', async () => {
    const { admit, scrape } = openTelemetry()
    const call = admit()
    call.plane.figures.framesIn = 7
    call.end()
    call.end()
    const { samples } = await scrape()
    expect(samples.get('callchart_calls_total{direction="inbound",outcome="caller hung up"}')).toBe(1)
    expect(samples.get('callchart_media_frames_total{direction="inbound"}')).toBe(7)
  })

  it('tell setup and duration of a call that was answered, and neither of one that was not', async () => {
    const { admit, scrape } = openTelemetry()
    admit('outbound').end({ startedAt: 10_000, answeredAt: 14_000, mediaStartedAt: 14_500, endedAt: 74_000 })
    admit('outbound').end({ startedAt: 10_000, endedAt: 70_000, reason: 'no answer' })
    const { samples } = await scrape()
    expect(samples.get('callchart_call_setup_duration_seconds_sum')).toBe(4.5)
    expect(samples.get('callchart_call_setup_duration_seconds_count')).toBe(1)
    expect(samples.get('callchart_call_duration_seconds_sum')).toBe(60)
    expect(samples.get('callchart_call_duration_seconds_count')).toBe(1)
  })

  it('make no negative duration of a wall clock that was set back', async () => {
    const { admit, scrape } = openTelemetry()
    admit().end({ startedAt: 3_600_000, mediaStartedAt: 500, endedAt: 100 })
    const { samples } = await scrape()
    expect(samples.get('callchart_call_duration_seconds_sum')).toBe(0)
    expect(samples.get('callchart_call_duration_seconds_count')).toBe(1)
  })

  it('tell how long the agent spoke on over somebody', async () => {
    const { admit, clock, scrape } = openTelemetry()
    const call = admit()
    call.edge('playback.started')
    call.edge('speech.started')
    clock.advance(120)
    call.edge('playback.cleared')
    const { samples } = await scrape()
    expect(samples.get('callchart_barge_in_clear_seconds_sum')).toBe(0.12)
    expect(samples.get('callchart_barge_in_clear_seconds_bucket{le="0.1"}')).toBe(0)
    expect(samples.get('callchart_barge_in_clear_seconds_bucket{le="0.2"}')).toBe(1)
  })
})

describe('the figures of media', () => {
  it('are read from the live calls, and buffered bytes from the streams that are attached', async () => {
    const { admit, scrape } = openTelemetry()
    const [one, other] = [admit(), admit('outbound')]
    one.plane.figures.framesIn = 50
    one.plane.stream = { bufferedBytes: () => 900 }
    other.plane.figures.framesOut = 40
    other.plane.figures.underruns = 2
    other.plane.stream = { bufferedBytes: () => 100 }
    const { samples } = await scrape()
    expect(samples.get('callchart_media_frames_total{direction="inbound"}')).toBe(50)
    expect(samples.get('callchart_media_frames_total{direction="outbound"}')).toBe(40)
    expect(samples.get('callchart_media_underruns_total')).toBe(2)
    expect(samples.get('callchart_media_send_buffer_bytes')).toBe(1_000)
  })

  it('never go down, whatever calls come, go on and end between two scrapes', async () => {
    const step = fc.record({
      do: fc.constantFrom('admit', 'grow', 'end', 'scrape'),
      which: fc.nat(20),
      by: fc.nat(500),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { admit, scrape } = openTelemetry()
        const live: ReturnType<typeof admit>[] = []
        const scrapes = [await scrape()]
        let frames = 0
        for (const { do: what, which, by } of steps) {
          const at = which % Math.max(1, live.length)
          if (what === 'admit') live.push(admit())
          else if (what === 'scrape') scrapes.push(await scrape())
          else if (what === 'end') live.splice(at, 1)[0]?.end()
          else {
            const call = live[at]
            if (call === undefined) continue
            call.plane.figures.framesIn += by
            frames += by
          }
        }
        scrapes.push(await scrape())
        const counts = scrapes.map((one) => one.samples.get('callchart_media_frames_total{direction="inbound"}') ?? -1)
        expect(counts).toEqual(counts.toSorted((a, b) => a - b))
        expect(counts.at(-1)).toBe(frames)
        for (const [index, { samples, types }] of scrapes.slice(1).entries()) {
          const fallen = [...samples].filter(
            ([name, value]) =>
              types.get(name.replace(/\{.*/, '')) === 'counter' && value < (scrapes[index]?.samples.get(name) ?? 0),
          )
          expect(fallen).toEqual([])
        }
      }),
      { numRuns: 30 },
    )
  })

  it('tell how late ticks fired as a histogram that adds up', async () => {
    const counts: (readonly [number, number])[] = [
      [0, 90],
      [3, 8],
      [15, 1],
      [5_000, 1],
    ]
    const { scrape } = openTelemetry({ sources: { pacingLateness: () => counts } })
    const { samples } = await scrape()
    const at = (le: string) => samples.get(`callchart_media_pacing_lateness_seconds_bucket{le="${le}"}`)
    expect([at('0.001'), at('0.005'), at('0.01'), at('0.02'), at('1.28'), at('+Inf')]).toEqual([
      90, 98, 98, 99, 99, 100,
    ])
    expect(samples.get('callchart_media_pacing_lateness_seconds_count')).toBe(100)
    expect(samples.get('callchart_media_pacing_lateness_seconds_sum')).toBeCloseTo(0.024 + 0.015 + 5)
  })
})

describe('a label', () => {
  it('takes no value from outside: a thousand different calls, sockets and codes make no more series than ten', async () => {
    const seriesAfter = async (calls: number) => {
      const { admit, scrape, telemetry } = openTelemetry()
      for (let each = 0; each < calls; each += 1) {
        const call = admit(each % 2 === 0 ? 'inbound' : 'outbound')
        call.edge(`made.up.${each}`)
        call.end({ reason: each < 5 ? undefined : `a reason of +1555000${each}` })
        telemetry.socketClosed(4_000 + each)
      }
      const { samples } = await scrape()
      return [...samples.keys()].filter((name) => name.startsWith('callchart_')).toSorted()
    }
    const few = await seriesAfter(10)
    expect(await seriesAfter(1_000)).toEqual(few)
    expect(few.join('\n')).not.toContain('555')
  })

  it('calls an ending that nobody wrote down an internal error', async () => {
    const { admit, scrape } = openTelemetry()
    admit().end({ reason: 'the moon' })
    const { samples } = await scrape()
    expect(samples.get('callchart_calls_total{direction="inbound",outcome="internal error"}')).toBe(1)
  })
})

describe('what was turned away', () => {
  it('is counted by why', async () => {
    const { telemetry, scrape } = openTelemetry()
    telemetry.rejected('NODE_FULL')
    telemetry.socketClosed(1008)
    telemetry.socketClosed(1006)
    telemetry.socketClosed(4999)
    telemetry.protocolError('binary')
    telemetry.signatureFailed()
    telemetry.webhookFailed()
    telemetry.requestLimited()
    const { samples } = await scrape()
    expect(samples.get('callchart_calls_rejected_total{reason="NODE_FULL"}')).toBe(1)
    expect(samples.get('callchart_ws_closes_total{code="1008"}')).toBe(1)
    expect(samples.get('callchart_ws_closes_total{code="1006"}')).toBe(1)
    expect(samples.get('callchart_ws_closes_total{code="other"}')).toBe(1)
    expect(samples.get('callchart_ws_protocol_errors_total{kind="binary"}')).toBe(1)
    expect(samples.get('callchart_ws_protocol_errors_total{kind="message"}')).toBe(0)
    expect(samples.get('callchart_webhook_signature_failures_total')).toBe(1)
    expect(samples.get('callchart_webhook_failures_total')).toBe(1)
    expect(samples.get('callchart_api_requests_limited_total')).toBe(1)
  })
})

describe('the rest of the node', () => {
  it('is asked at each scrape how it stands', async () => {
    let lost = 0
    const { scrape } = openTelemetry({
      sources: {
        dialQueue: () => ({ queued: 4, dialing: 1, doubtful: 0 }),
        recordsWaiting: () => 12,
        recordsLost: () => (lost += 3),
        isCircuitOpen: () => true,
      },
    })
    const { samples } = await scrape()
    expect(samples.get('callchart_dial_queue_depth{state="queued"}')).toBe(4)
    expect(samples.get('callchart_dial_queue_depth{state="doubtful"}')).toBe(0)
    expect(samples.get('callchart_records_waiting')).toBe(12)
    expect(samples.get('callchart_circuit_open')).toBe(1)
    expect(samples.get('callchart_records_lost_total')).toBe(3)
    expect((await scrape()).samples.get('callchart_records_lost_total')).toBe(6)
  })

  it('is not asked before anybody scrapes', () => {
    const asked: string[] = []
    openTelemetry({ sources: { recordsWaiting: () => asked.push('waiting') } })
      .admit()
      .end()
    expect(asked).toEqual([])
  })
})

describe('a histogram', () => {
  it('has rising buckets whose last is its count', async () => {
    const { admit, scrape, telemetry } = openTelemetry({ sources: { pacingLateness: () => [[3, 4]] } })
    for (const seconds of [0.5, 3, 70, 100_000]) {
      admit().end({ startedAt: 0, mediaStartedAt: 0, endedAt: seconds * 1_000 })
      telemetry.carrierRequest('placeCall', 'ok', seconds)
    }
    const { samples } = await scrape()
    const series = new Map<string, number[]>()
    for (const [name, value] of samples) {
      if (!/^callchart_.*_bucket\{/.test(name)) continue
      const rest = name
        .replace(/le="[^"]*",?/, '')
        .replace('{}', '')
        .replace('_bucket', '_count')
      series.set(rest, [...(series.get(rest) ?? []), value])
    }
    expect(series.size).toBe(5)
    for (const [name, values] of series) {
      expect(values).toEqual(values.toSorted((a, b) => a - b))
      expect([name, values.at(-1)]).toEqual([name, samples.get(name)])
    }
    expect(samples.get('callchart_call_duration_seconds_count')).toBe(4)
  })
})
