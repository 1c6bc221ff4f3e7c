import { describe, expect, it, vi } from 'vitest'
import type { Carrier, PlaceCallRequest } from '../../src/carrier.ts'
import { CarrierError } from '../../src/errors.ts'
import type { CarrierMeter } from '../../src/telemetry/carrier-metrics.ts'
import { instrumentCarrier } from '../../src/telemetry/instrumented-carrier.ts'
import { HandClock } from '../media/hand-clock.ts'
import { openTelemetry } from './telemetry-rig.ts'

const REQUEST: PlaceCallRequest = {
  to: '+15551234567',
  from: '+15550100000',
  twiml: '<Response/>',
  statusCallbackUrl: 'https://calls.example.com/status',
  ringTimeoutSeconds: 60,
  timeLimitSeconds: 3_600,
}
const SID = `CA${'1'.repeat(32)}`

/** A carrier that takes 250 ms over everything. */
function openCarrier() {
  const clock = new HandClock()
  const answer = <T>(value: T) => {
    clock.advance(250)
    return Promise.resolve(value)
  }
  const carrier = {
    placeCall: vi.fn<Carrier['placeCall']>(() => answer({ callSid: SID, status: 'queued' })),
    findCalls: vi.fn<Carrier['findCalls']>(() => answer([])),
    fetchCall: vi.fn<Carrier['fetchCall']>(() => answer({ callSid: SID, status: 'completed' })),
    hangUp: vi.fn<Carrier['hangUp']>(() => answer(undefined)),
    redirect: vi.fn<Carrier['redirect']>(() => answer(undefined)),
    startRecording: vi.fn<Carrier['startRecording']>(() => answer('RE1')),
    changeRecording: vi.fn<Carrier['changeRecording']>(() => answer(undefined)),
    pointNumber: vi.fn<Carrier['pointNumber']>(() => answer({ phoneNumber: '+1', voiceUrl: 'https://a' })),
  } satisfies Carrier
  const meter = { carrierRequest: vi.fn<CarrierMeter['carrierRequest']>() }
  return { clock, carrier, meter, measured: instrumentCarrier(carrier, meter, clock) }
}

describe('a carrier that is measured', () => {
  it('passes on every question and its answer as they are', async () => {
    const { carrier, measured } = openCarrier()
    const { signal } = new AbortController()
    expect(await measured.placeCall(REQUEST, signal)).toEqual({ callSid: SID, status: 'queued' })
    expect(carrier.placeCall).toHaveBeenCalledExactlyOnceWith(REQUEST, signal)
    await measured.changeRecording(SID, 'RE1', 'paused', signal)
    expect(carrier.changeRecording).toHaveBeenCalledExactlyOnceWith(SID, 'RE1', 'paused', signal)
    expect(await measured.pointNumber('+1', 'https://a')).toEqual({ phoneNumber: '+1', voiceUrl: 'https://a' })
  })

  it('tells of each method by its name and how long it took', async () => {
    const { carrier, measured, meter } = openCarrier()
    const asked: Readonly<Record<keyof Carrier, () => Promise<unknown>>> = {
      placeCall: () => measured.placeCall(REQUEST),
      findCalls: () => measured.findCalls({ to: '+1', from: '+1', since: 0 }),
      fetchCall: () => measured.fetchCall(SID),
      hangUp: () => measured.hangUp(SID),
      redirect: () => measured.redirect(SID, '<Response/>'),
      startRecording: () => measured.startRecording(SID, { statusCallbackUrl: 'https://a', channels: 'dual' }),
      changeRecording: () => measured.changeRecording(SID, 'RE1', 'stopped'),
      pointNumber: () => measured.pointNumber('+1', 'https://a'),
    }
    for (const ask of Object.values(asked)) await ask()
    expect(meter.carrierRequest.mock.calls).toEqual(Object.keys(carrier).map((op) => [op, 'ok', 0.25]))
  })

  it.each([
    ['CARRIER_RATE_LIMITED', new CarrierError('CARRIER_RATE_LIMITED', 'too many', { status: 429 })],
    ['CARRIER_TIMEOUT', new CarrierError('CARRIER_TIMEOUT', 'no answer')],
    ['error', new TypeError('a bug')],
  ] as const)('tells of a failure as %s, and fails alike', async (status, error) => {
    const { carrier, measured, meter } = openCarrier()
    carrier.hangUp.mockRejectedValueOnce(error)
    await expect(measured.hangUp(SID)).rejects.toBe(error)
    expect(meter.carrierRequest.mock.calls).toEqual([['hangUp', status, 0]])
  })

  it('tells of a request that was given up as aborted, whatever for', async () => {
    const { carrier, measured, meter } = openCarrier()
    const reason = new Error('the call is over')
    carrier.hangUp.mockRejectedValueOnce(reason)
    await expect(measured.hangUp(SID, AbortSignal.abort(reason))).rejects.toBe(reason)
    expect(meter.carrierRequest.mock.calls).toEqual([['hangUp', 'aborted', 0]])
  })

  it('is counted by question and answer', async () => {
    const { carrier, clock } = openCarrier()
    const { telemetry, scrape } = openTelemetry()
    const measured = instrumentCarrier(carrier, telemetry, clock)
    await measured.placeCall(REQUEST)
    carrier.placeCall.mockRejectedValueOnce(new CarrierError('CARRIER_REFUSED', 'no', { status: 400 }))
    await measured.placeCall(REQUEST).catch(() => {})
    const { samples } = await scrape()
    expect(samples.get('callchart_twilio_requests_total{op="placeCall",status="ok"}')).toBe(1)
    expect(samples.get('callchart_twilio_requests_total{op="placeCall",status="CARRIER_REFUSED"}')).toBe(1)
    expect(samples.get('callchart_twilio_request_duration_seconds_sum{op="placeCall"}')).toBe(0.25)
  })
})
