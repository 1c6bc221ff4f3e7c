import { expect } from 'vitest'
import { openStage, TALK } from '../../scenarios/stage.ts'
import { openChaosProxy } from '../chaos-proxy.ts'
import type { LoneFault } from '../fault.ts'

/** The way to the carrier's REST interface takes half a minute, and half a minute back. */

const CALLEE = '+15552220001'
const LATE_MS = 30_000
const LATE = { up: { latencyMs: LATE_MS }, down: { latencyMs: LATE_MS } }
const OTHERS = 'none: what media is there does not go this way'
/** What a leg may last that nobody wants any more. */
const A_MOMENT_MS = 100

async function lateRest() {
  const proxy = await openChaosProxy()
  const stage = await openStage({ env: { TWILIO_API_URL: proxy.url } })
  proxy.keepTime(stage.clock)
  proxy.target = stage.carrier.url
  proxy.set(LATE)
  return {
    stage,
    async [Symbol.asyncDispose]() {
      await proxy.close()
      await stage[Symbol.asyncDispose]()
    },
  }
}

const dial: LoneFault = {
  name: "30 s of latency to the carrier's REST, when a call is to be placed",
  expected:
    'told as unknown, never dialled twice; whoever is rung 30 s later is hung up on at once, not left in silence',
  others: OTHERS,
  befall: async () => {
    await using rig = await lateRest()
    const { stage } = rig
    const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 1_000 })
    const { status, body } = await stage.api('POST', '/calls', { to: CALLEE })
    expect({ status, code: body['code'] }).toEqual({ status: 502, code: 'CARRIER_TIMEOUT' })
    expect(body['detail']).toContain('not known yet whether the carrier dials')
    await stage.clock.advance(2 * LATE_MS)
    const creates = stage.carrier.rest.requests.filter(({ operation }) => operation === 'create')
    expect(creates).toHaveLength(1)
    expect(callee.call).toMatchObject({ isOver: true, endedBy: 'twiml', documents: ['Hangup'] })
    expect(callee.call?.durationMs).toBeLessThanOrEqual(A_MOMENT_MS)
    expect(stage.views()).toEqual([expect.objectContaining({ state: 'error', reason: 'carrier refused' })])
    return `502, in doubt; dialled once; the late callee heard \`<Hangup/>\`; error, \`carrier refused\``
  },
}

const hangUp: LoneFault = {
  name: "30 s of latency to the carrier's REST, when a call is to be hung up",
  expected:
    'nobody hears more; the socket is closed after 10 s, and what the carrier asks then is answered with a hangup: no leg is left',
  others: OTHERS,
  befall: async () => {
    await using rig = await lateRest()
    const { stage } = rig
    const { call } = await stage.caller()
    call.speech.repeat(TALK)
    await stage.clock.advance(1_000)
    const { heardMs } = call.report()
    const from = stage.clock.now()
    const { status, body } = await stage.api('DELETE', `/calls/${call.sid}`)
    const tookMs = stage.clock.now() - from
    expect(status).toBe(200)
    expect(body).toMatchObject({ state: 'ended', reason: 'hung up by API' })
    expect(body['cause']).toBe('the carrier did not confirm the hang-up in time')
    expect(tookMs).toBeLessThanOrEqual(12_000)
    await stage.carrier.until(() => call.isOver, { timeoutMs: 1_000, what: 'the leg to be over' })
    expect(call.endedBy).toBe('twiml')
    expect(heardMs).toBeGreaterThan(500)
    expect(call.report().heardMs - heardMs).toBeLessThan(100)
    return 'silent at once; ended, `hung up by API`, after 10 s; the leg was over by `<Hangup/>`'
  },
}

export const LATE_REST: readonly LoneFault[] = [dial, hangUp]
