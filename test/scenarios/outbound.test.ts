import { describe, expect, it } from 'vitest'
import { alignSpeech } from '../../src/audio/align.ts'
import { CALLEE_SPEECH } from '../../src/cli/speech-files.ts'
import { CarrierError } from '../../src/errors.ts'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'
import { holdingAgent, openStage } from './stage.ts'

const CALLEE = '+15552220001'

describe('an outbound call', () => {
  it('is placed, answered, echoes real speech, and ends when the callee hangs up', async () => {
    await using stage = await openStage()
    const callee = stage.carrier.callee(CALLEE)
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: CALLEE }))
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    const speech = await loadSpeech(CALLEE_SPEECH)
    await callee.says(speech)
    await stage.clock.advance(300)
    await callee.hangsUp()

    const view = await stage.over(call.sid)
    expect(view).toMatchObject({ id: dialled.id, callSid: call.sid, direction: 'outbound', to: CALLEE })
    expect(await dialled.ended).toEqual({ state: 'ended', reason: 'callee hung up', cause: undefined })
    const { correlation, snrDb } = alignSpeech(speech, call.heard(), { maxLag: 16_000 })
    expect(correlation).toBeGreaterThan(0.98)
    expect(snrDb).toBeGreaterThanOrEqual(30)
    expect(call.report().underruns).toBe(0)
  })

  it.each([
    ['busy', 'busy'],
    ['no-answer', 'no answer'],
    ['failed', 'failed'],
    ['canceled', 'canceled'],
  ] as const)('that comes out as %s is an ordinary ending: "%s"', async (outcome, reason) => {
    await using stage = await openStage()
    stage.carrier.callee(CALLEE, outcome)
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: CALLEE, ringTimeoutSeconds: 5 }))
    expect(await stage.meanwhile(dialled.ended)).toMatchObject({ state: 'ended', reason })
  })

  it('is hung up by the API while it rings, and again without harm', async () => {
    await using stage = await openStage()
    const callee = stage.carrier.callee(CALLEE, { answersAfterMs: Number.POSITIVE_INFINITY })
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
    expect(status).toBe(201)
    await stage.carrier.until(() => callee.call?.status === 'ringing')
    const hungUp = await stage.api('DELETE', `/calls/${String(body['id'])}`)
    expect(hungUp).toMatchObject({ status: 200, body: { state: 'ended', reason: 'hung up by API' } })
    expect(callee.call?.status).toBe('canceled')
    expect(await stage.api('DELETE', `/calls/${String(body['callSid'])}`)).toMatchObject({ status: 200 })
  })

  it('is hung up by the API while somebody speaks', async () => {
    await using stage = await openStage()
    const callee = stage.carrier.callee(CALLEE)
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: CALLEE }))
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    await stage.clock.advance(500)
    dialled.hangUp()
    expect(await stage.meanwhile(dialled.ended)).toMatchObject({ state: 'ended', reason: 'hung up by API' })
    await callee.isHungUpOn()
  })

  it('whose stream never comes is hung up and ends in error', async () => {
    await using stage = await openStage()
    const callee = stage.carrier.callee(CALLEE, { streamNeverComes: true })
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: CALLEE }))
    expect(await stage.meanwhile(dialled.ended)).toMatchObject({ state: 'error', reason: 'stream never came' })
    expect(callee.call?.isOver).toBe(true)
  })

  it('takes its agent and its parameters from the request, and they never reach the wire', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent } })
    const callee = stage.carrier.callee(CALLEE)
    const parameters = { customer: 'Ada', order: 'A-17' }
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: CALLEE, agent: 'holding', parameters }))
    const call = await callee.answers()
    await stage.carrier.until(() => calls.length > 0)
    expect(calls[0]?.parameters).toEqual(parameters)
    expect(Object.keys(call.stream?.customParameters ?? {})).toEqual(['token'])
    await callee.hangsUp()
    await stage.meanwhile(dialled.ended)
    expect(calls[0]?.signal.aborted).toBe(true)
  })

  it('is one call, whatever order its callbacks come in, late, twice or shuffled', async () => {
    await using stage = await openStage({ carrier: { callbacks: { delayMs: 700, duplicate: true, shuffle: true } } })
    const callee = stage.carrier.callee(CALLEE)
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: CALLEE }))
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    await stage.clock.advance(2_000)
    await callee.hangsUp()
    expect(await stage.meanwhile(dialled.ended)).toMatchObject({ state: 'ended', reason: 'callee hung up' })
    await stage.clock.advance(5_000)
    expect(stage.views()).toHaveLength(1)
    expect(stage.view(call.sid)).toMatchObject({ state: 'ended', reason: 'callee hung up' })
  })

  it('is refused before anything is dialled when the destination is not allowed or the number is none', async () => {
    await using stage = await openStage()
    expect(await stage.api('POST', '/calls', { to: '+442079460000' })).toMatchObject({
      status: 403,
      body: { code: 'DESTINATION_NOT_ALLOWED' },
    })
    for (const to of ['911', 'sip:a@b.example', '+1555123,wwww', '+1٥٥٥٢٢٢٠٠٠١', '']) {
      expect(await stage.api('POST', '/calls', { to })).toMatchObject({
        status: 400,
        body: { code: 'PHONE_NUMBER_INVALID' },
      })
    }
    expect(await stage.api('POST', '/calls', { to: CALLEE, agent: 'nobody' })).toMatchObject({
      status: 400,
      body: { code: 'AGENT_UNKNOWN' },
    })
    expect(stage.carrier.calls).toEqual([])
  })

  it('rejects a dial that the carrier refuses with what the carrier said', async () => {
    await using stage = await openStage()
    const refused = stage.meanwhile(stage.switchboard.dial({ to: CALLEE, from: '+15005550001' }))
    await expect(refused).rejects.toBeInstanceOf(CarrierError)
    await expect(refused).rejects.toMatchObject({ code: 'CARRIER_REFUSED', carrierCode: 21212 })
  })
})
