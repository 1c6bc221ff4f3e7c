import { describe, expect, it } from 'vitest'
import { CALL_PATH, carrierAnswering, faultOf } from './carrier-rig.ts'
import { json, text } from './carrier-server.ts'
import { CALL_SID } from './wire-messages.ts'

const RECORDING_SID = `RE${'0123456789abcdef'.repeat(2)}`
const RECORDING_PATH = `${CALL_PATH}/Recordings/${RECORDING_SID}.json`
const REQUEST = { statusCallbackUrl: 'https://voice.example/recorded?call=call_1', channels: 'dual' } as const
const OVER = json(400, { code: 21220, message: 'Call is not in-progress.' })
const UNKNOWN = json(404, { code: 20404, message: 'The requested resource was not found' })

describe('starting a recording', () => {
  it.each(['mono', 'dual'] as const)(
    'asks for a %s one and for all news of it, and yields its sid',
    async (channels) => {
      const { carrier, server } = await carrierAnswering(json(201, { sid: RECORDING_SID, status: 'in-progress' }))
      expect(await carrier.startRecording(CALL_SID, { ...REQUEST, channels })).toBe(RECORDING_SID)
      expect(server.asked).toHaveLength(1)
      expect(server.asked[0]).toMatchObject({ method: 'POST', path: `${CALL_PATH}/Recordings.json` })
      expect({ ...server.asked[0]?.form }).toEqual({
        RecordingStatusCallback: REQUEST.statusCallbackUrl,
        RecordingStatusCallbackMethod: 'POST',
        RecordingStatusCallbackEvent: ['in-progress', 'completed', 'absent'],
        RecordingChannels: channels,
      })
    },
  )

  it.each([
    ['the call is over', OVER, 'CARRIER_REFUSED'],
    ['the call is unknown', UNKNOWN, 'CARRIER_NOT_FOUND'],
    ['the answer has no sid of a recording', json(201, { sid: CALL_SID }), 'CARRIER_GIBBERISH'],
    ['the carrier fails', text(502, '<html>'), 'CARRIER_UNAVAILABLE'],
  ] as const)('fails when %s', async (_, reply, code) => {
    const { carrier, server } = await carrierAnswering(reply)
    expect(await faultOf(carrier.startRecording(CALL_SID, REQUEST))).toMatchObject({ code })
    expect(server.asked).toHaveLength(1)
  })

  it('refuses what is no CallSid without asking', async () => {
    const { carrier, server } = await carrierAnswering(OVER)
    expect(await faultOf(carrier.startRecording('CA1', REQUEST))).toMatchObject({ code: 'CARRIER_REFUSED' })
    expect(server.asked).toEqual([])
  })
})

describe('changing a recording', () => {
  it.each([
    ['paused', { Status: 'paused', PauseBehavior: 'silence' }],
    ['in-progress', { Status: 'in-progress' }],
    ['stopped', { Status: 'stopped' }],
  ] as const)('makes it %s; a pause is silence in it', async (status, form) => {
    const { carrier, server } = await carrierAnswering(json(200, { sid: RECORDING_SID, status }))
    await expect(carrier.changeRecording(CALL_SID, RECORDING_SID, status)).resolves.toBeUndefined()
    expect(server.asked).toHaveLength(1)
    expect(server.asked[0]).toMatchObject({ method: 'POST', path: RECORDING_PATH })
    expect({ ...server.asked[0]?.form }).toEqual(form)
  })

  it.each([
    ['over', OVER],
    ['unknown', UNKNOWN],
  ])('succeeds when it is %s', async (_, reply) => {
    const { carrier } = await carrierAnswering(reply)
    await expect(carrier.changeRecording(CALL_SID, RECORDING_SID, 'stopped')).resolves.toBeUndefined()
  })

  it.each([
    ['the answer is about another one', json(200, { sid: `RE${'f'.repeat(32)}` }), 'CARRIER_GIBBERISH'],
    ['the wrong server answers 404', text(404, '<html>Not Found</html>'), 'CARRIER_NOT_FOUND'],
    ['the carrier refuses otherwise', json(400, { code: 20001 }), 'CARRIER_REFUSED'],
    ['the carrier fails', text(500, ''), 'CARRIER_UNAVAILABLE'],
  ] as const)('fails when %s, since it may go on', async (_, reply, code) => {
    const { carrier } = await carrierAnswering(reply)
    expect(await faultOf(carrier.changeRecording(CALL_SID, RECORDING_SID, 'stopped'))).toMatchObject({ code })
  })

  it.each([
    ['CA1', RECORDING_SID, 'expected a CallSid, got "CA1"'],
    [CALL_SID, 'Twilio.CURRENT', 'expected a RecordingSid, got "Twilio.CURRENT"'],
  ])('refuses %s and %s without asking', async (callSid, recordingSid, message) => {
    const { carrier, server } = await carrierAnswering(OVER)
    const fault = await faultOf(carrier.changeRecording(callSid, recordingSid, 'paused'))
    expect(fault).toMatchObject({ code: 'CARRIER_REFUSED', message })
    expect(server.asked).toEqual([])
  })
})
