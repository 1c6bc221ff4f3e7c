import { describe, expect, it } from 'vitest'
import type { Carrier } from '../../src/carrier.ts'
import { createTwilioCarrier } from '../../src/twilio/rest.ts'
import { streamTwiml } from './small-server.ts'
import { onStage, OUR_NUMBER, type Stage } from './stage.ts'

const CALLEE = '+15552223333'
const PAUSE = '<Response><Pause length="60"/></Response>'
const ORDER = {
  to: CALLEE,
  from: OUR_NUMBER,
  twiml: PAUSE,
  statusCallbackUrl: 'http://127.0.0.1:1/',
  ringTimeoutSeconds: 20,
  timeLimitSeconds: 60,
}

const clientOf = ({ carrier }: Stage): Carrier => {
  const { accountSid, authToken, url: apiUrl } = carrier
  return createTwilioCarrier({ accountSid, authToken, apiUrl })
}

describe('the official client', () => {
  it('places calls, hangs them up and points numbers, as with the real carrier', async () => {
    await onStage({}, async (stage) => {
      const { carrier, clock } = stage
      const client = clientOf(stage)
      const { callSid, status } = await client.placeCall(ORDER)
      expect(status).toBe('queued')
      await clock.advance(3_000)
      expect(carrier.calls[0]?.status).toBe('in-progress')
      await client.hangUp(callSid)
      await client.hangUp(callSid)
      expect(carrier.calls[0]).toMatchObject({ status: 'completed', endedBy: 'api' })
      await expect(client.placeCall({ ...ORDER, to: '+15005550003' })).rejects.toMatchObject({ carrierCode: 21215 })
      carrier.number(OUR_NUMBER)
      const pointed = await client.pointNumber(OUR_NUMBER, 'https://example.test/twiml')
      expect(pointed).toEqual({ phoneNumber: OUR_NUMBER, voiceUrl: 'https://example.test/twiml' })
      carrier.rest.answerNext({ status: 429, headers: { 'retry-after': '3' } })
      await expect(client.placeCall(ORDER)).rejects.toMatchObject({ code: 'CARRIER_RATE_LIMITED', retryAfterMs: 3_000 })
    })
  })

  it('finds a call that was created although the answer was an error', async () => {
    await onStage({}, async (stage) => {
      const { carrier } = stage
      const client = clientOf(stage)
      const traits = { to: CALLEE, from: OUR_NUMBER, since: Date.now() - 1_000 }
      expect(await client.findCalls(traits)).toEqual([])
      carrier.rest.answerNext({ operation: 'create', status: 500, takesEffect: true })
      await expect(client.placeCall(ORDER)).rejects.toMatchObject({ ambiguous: true })
      expect(await client.findCalls(traits)).toEqual([{ callSid: carrier.calls[0]?.sid, status: 'queued' }])
    })
  })

  it('gives a call other instructions', async () => {
    await onStage({}, async (stage) => {
      const { clock, server, dial } = stage
      const call = await dial()
      await clientOf(stage).redirect(call.sid, streamTwiml(server.origin))
      await clock.advance(100)
      expect(call.streams).toHaveLength(2)
    })
  })

  it('asks who answered, and is told', async () => {
    await onStage({ server: { answer: () => 204 } }, async (stage) => {
      const { carrier, clock, server } = stage
      carrier.callee(CALLEE, { answeredBy: 'machine', greetingMs: 2_000 })
      const callbackUrl = `${server.origin}/detected`
      const machineDetection = { mode: 'detectMessageEnd', callbackUrl, timeoutSeconds: 20 } as const
      await clientOf(stage).placeCall({ ...ORDER, machineDetection })
      await clock.advance(5_000)
      expect(server.of('/detected')[0]?.params.get('AnsweredBy')).toBe('machine_end_beep')
      expect(carrier.warnings.filter(({ code }) => code === 21262)).toEqual([])
    })
  })

  it('records a call, pauses, goes on and stops', async () => {
    await onStage(
      { server: { answer: ({ path }, origin) => (path === '/recorded' ? 204 : streamTwiml(origin)) } },
      async (stage) => {
        const { clock, server, dial } = stage
        const client = clientOf(stage)
        const call = await dial()
        const request = { statusCallbackUrl: `${server.origin}/recorded`, channels: 'dual' } as const
        const sid = await client.startRecording(call.sid, request)
        await expect(client.startRecording(call.sid, request)).rejects.toMatchObject({ carrierCode: 21220 })
        for (const status of ['paused', 'in-progress', 'stopped', 'stopped'] as const) {
          await clock.advance(2_000)
          await client.changeRecording(call.sid, sid, status)
        }
        await clock.advance(2_000)
        expect(call.recordings).toMatchObject([{ sid, status: 'completed', channels: 'dual' }])
        expect(server.of('/recorded').map(({ params }) => params.get('RecordingStatus'))).toEqual([
          'in-progress',
          'completed',
        ])
      },
    )
  })
})
