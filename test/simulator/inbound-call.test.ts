import { describe, expect, it } from 'vitest'
import { parseVoiceWebhook, parseFormBody, parseStatusCallback } from '../../src/twilio/webhooks.ts'
import { verifyWebhook } from '../../src/twilio/signature.ts'
import { createSimulatedCarrier, VirtualClock } from '../../src/simulator/index.ts'
import { type Answer, startSmallServer, streamTwiml, type Told } from './small-server.ts'
import { CALLER, onStage, OUR_NUMBER, type Stage } from './stage.ts'

const codesOf = ({ carrier }: Stage): number[] => carrier.warnings.map(({ code }) => code)
const streamEventsOf = ({ server }: Stage): (string | null)[] =>
  server.of('/streams').map(({ params }) => params.get('StreamEvent'))
const answering = (answer: Answer) => ({ server: { answer: () => answer } })
const verbs = (xml: string) => answering(`<Response>${xml}</Response>`)

/** Answers the first webhook with a stream that has an action, and what the action asks with the given answers. */
const withAction = (...answers: Answer[]) => ({
  server: {
    answer: ({ path }: Told, origin: string): Answer =>
      path === '/next' ? (answers.shift() ?? '<Response/>') : streamTwiml(origin, '', 'action="/next"'),
  },
})

describe('an incoming call', () => {
  it('asks the voice URL with a signed form, blank fields included', async () => {
    await onStage({}, async ({ carrier, server, caller }) => {
      const voiceUrl = `${server.voiceUrl}?agent=a%20b`
      const call = await caller.dials(OUR_NUMBER, { voiceUrl })
      const [told] = server.of('/twiml?agent=a%20b')
      const params = parseFormBody(told?.params.toString() ?? '')
      // A server that was restarted in the meantime must not be asked over an old connection.
      expect(told?.headers.connection).toBe('close')
      expect(params).toMatchObject({
        CallStatus: 'ringing',
        FromCity: '',
        ApiVersion: '2010-04-01',
        Called: OUR_NUMBER,
      })
      expect(parseVoiceWebhook(params)).toMatchObject({
        callSid: call.sid,
        from: CALLER,
        to: OUR_NUMBER,
        direction: 'inbound',
      })
      const signature = String(told?.headers['x-twilio-signature'])
      const check = { url: voiceUrl, params, signature }
      expect(verifyWebhook({ ...check, tokens: [carrier.authToken] })).toBe(true)
      expect(verifyWebhook({ ...check, tokens: [carrier.authToken], params: { ...params, FromCity: 'x' } })).toBe(false)
    })
  })

  it('signs the public URL while the bytes go to where the server listens', async () => {
    const clock = new VirtualClock()
    const server = await startSmallServer({
      answer: (_, origin) => streamTwiml(origin).replace(/ws:\/\/[^/]+/, 'wss://example.test'),
    })
    const carrier = await createSimulatedCarrier({ clock, reach: { 'https://example.test': server.origin } })
    const caller = carrier.caller(CALLER)
    const call = await caller.dials(OUR_NUMBER, { voiceUrl: 'https://example.test/twiml' })
    await clock.advance(100)
    expect(call.isStreaming).toBe(true)
    const [told] = server.of('/twiml')
    const params = parseFormBody(told?.params.toString() ?? '')
    const signature = String(told?.headers['x-twilio-signature'])
    expect(verifyWebhook({ url: 'https://example.test/twiml', params, signature, tokens: [carrier.authToken] })).toBe(
      true,
    )
    await caller.hangsUp()
    await carrier.close()
    await server.close()
  })

  it('sends nothing signed without a token', async () => {
    await onStage({ carrier: { authToken: null } }, async ({ server, dial }) => {
      await dial()
      expect(server.told.map(({ headers }) => headers['x-twilio-signature'])).toEqual([undefined, undefined])
    })
  })

  it('uses the voice URL of the number, and tells its status callback of the end', async () => {
    await onStage({}, async ({ carrier, server, clock, caller }) => {
      carrier.number(OUR_NUMBER, { voiceUrl: server.voiceUrl, statusCallback: `${server.origin}/status` })
      const call = await caller.dials(OUR_NUMBER)
      await clock.advance(2_500)
      await caller.hangsUp()
      const callbacks = server.of('/status').map(({ params }) => parseFormBody(params.toString()))
      expect(callbacks).toHaveLength(1)
      expect(callbacks[0]).toMatchObject({ CallDuration: '3', Duration: '1', CallbackSource: 'call-progress-events' })
      expect(parseStatusCallback(callbacks[0] ?? {})).toMatchObject({
        callSid: call.sid,
        callStatus: 'completed',
        sequenceNumber: 0,
      })
    })
  })

  it('refuses to dial a number without a voice URL', async () => {
    await onStage({}, async ({ caller }) => {
      await expect(caller.dials(OUR_NUMBER)).rejects.toThrow(`expected a voice URL for ${OUR_NUMBER}, got none`)
    })
  })

  it.each([
    ['<Reject reason="busy"/>', { status: 'busy', rejection: 'busy' }],
    ['<Reject/>', { status: 'no-answer', rejection: 'rejected' }],
  ])('is refused by %s without having been answered', async (xml, expected) => {
    await onStage(verbs(xml), async ({ dial }) => {
      expect(await dial()).toMatchObject({ ...expected, endedBy: 'twiml', answeredAt: undefined })
    })
  })

  it.each(['<Hangup/>', ''])('is answered and ended by %j', async (xml) => {
    await onStage(verbs(xml), async ({ dial }) => {
      const call = await dial()
      expect(call).toMatchObject({ status: 'completed', endedBy: 'twiml', durationMs: 0 })
    })
  })

  it('stays up and silent during a Pause, then goes on', async () => {
    await onStage(verbs('<Pause length="5"/><Hangup/>'), async ({ clock, dial }) => {
      const call = await dial()
      await clock.advance(4_900)
      expect(call.status).toBe('in-progress')
      await clock.advance(100)
      expect(call).toMatchObject({ status: 'completed', endedBy: 'twiml' })
    })
  })

  it('ends at a verb that is not known here, and notes 12200', async () => {
    await onStage(verbs('<Say>Hello</Say><Pause length="60"/>'), async (stage) => {
      const call = await stage.dial()
      expect(codesOf(stage)).toEqual([12200])
      expect(call.endedBy).toBe('twiml')
    })
  })

  it.each<[string, Answer, number]>([
    ['a status that is no success', 500, 11200],
    ['a broken document', '<Response>', 12100],
    ['no TwiML', '<html/>', 12100],
    ['another content type', { type: 'application/json', body: '{}' }, 12300],
  ])('ends with a warning when the voice URL answers with %s', async (_, answer, code) => {
    await onStage(answering(answer), async (stage) => {
      const call = await stage.dial()
      expect(codesOf(stage)).toEqual([code])
      expect(call).toMatchObject({ status: 'completed', endedBy: 'carrier', isRouted: true })
    })
  })

  it('waits fifteen seconds for the answer, and not longer', async () => {
    await onStage(answering(null), async (stage) => {
      const { clock, server, caller } = stage
      const call = await caller.dials(OUR_NUMBER, { voiceUrl: server.voiceUrl })
      expect(clock.now()).toBe(15_000)
      expect(codesOf(stage)).toEqual([11205])
      expect(stage.carrier.warnings[0]?.message).toContain('no answer within 15000 ms')
      expect(call.isOver).toBe(true)
    })
  })

  it('notes 11205 when nobody listens', async () => {
    await onStage({}, async (stage) => {
      const gone = await startSmallServer()
      await gone.close()
      await stage.caller.dials(OUR_NUMBER, { voiceUrl: gone.voiceUrl })
      expect(codesOf(stage)).toEqual([11205])
      expect(stage.carrier.warnings[0]?.message).toContain('ECONNREFUSED')
    })
  })

  it('can be given up by the caller before it is answered', async () => {
    await onStage(answering(null), async ({ carrier, server, clock, caller }) => {
      const call = carrier.connect(CALLER, OUR_NUMBER, { voiceUrl: server.voiceUrl })
      caller.joins(call)
      await clock.advance(1_000)
      await caller.hangsUp()
      expect(call).toMatchObject({ status: 'canceled', endedBy: 'caller' })
      expect(carrier.warnings).toEqual([])
    })
  })

  it('keeps parameters of the test under those of the TwiML', async () => {
    const parameter = '<Parameter name="a" value="TwiML"/>'
    const options = { answer: (_: Told, origin: string) => streamTwiml(origin, '', '', parameter) }
    await onStage({ server: options }, async ({ server, clock, caller }) => {
      const customParameters = { a: 'test', b: 'test' }
      await caller.dials(OUR_NUMBER, { voiceUrl: server.voiceUrl, customParameters })
      await clock.advance(50)
      expect(server.ofEvent('start')[0]?.start.customParameters).toEqual({ a: 'TwiML', b: 'test' })
    })
  })
})

describe('after a media stream', () => {
  it('the action is asked what is next, and may bring a fresh stream of the same call', async () => {
    const answers: Answer[] = []
    await onStage(withAction(...answers, '<Response><Pause/></Response>'), async ({ server, clock, dial }) => {
      const call = await dial()
      server.sockets[0]?.close()
      await clock.advance(10)
      const [told] = server.of('/next')
      expect(told?.params.get('CallStatus')).toBe('in-progress')
      expect(told?.params.get('CallSid')).toBe(call.sid)
      expect(call.status).toBe('in-progress')
      await clock.advance(1_000)
      expect(call.endedBy).toBe('twiml')
    })
  })

  it('a fresh stream has a new SID and counts from 1 again, and hearing goes on', async () => {
    const options = { server: { answer: (_: Told, origin: string) => streamTwiml(origin, '', 'action="/twiml"') } }
    await onStage(options, async ({ server, clock, dial }) => {
      const call = await dial()
      server.speak(100)
      await clock.advance(200)
      call.loseStream()
      await clock.advance(100)
      server.speak(50)
      await clock.advance(200)
      const starts = server.ofEvent('start')
      expect(starts.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['1', '1'])
      expect(new Set(starts.map(({ streamSid }) => streamSid)).size).toBe(2)
      expect(new Set(starts.map(({ start }) => start.callSid))).toEqual(new Set([call.sid]))
      expect(call.positionHeardMs).toBe(150)
      expect(call.heard().filter((sample) => sample !== 0)).toHaveLength(150 * 8)
    })
  })

  it('the action is asked again while the server is away, for fifteen seconds at most', async () => {
    await onStage(withAction(503, 503, '<Response><Pause length="9"/></Response>'), async (stage) => {
      const { server, clock, dial } = stage
      const call = await dial()
      server.sockets[0]?.close()
      await clock.advance(2_100)
      expect(server.of('/next')).toHaveLength(3)
      expect(call.status).toBe('in-progress')
      expect(codesOf(stage)).toEqual([31921])
    })
    const away = Array.from({ length: 30 }, () => 503)
    await onStage(withAction(...away), async (stage) => {
      const { server, clock, dial } = stage
      const call = await dial()
      server.sockets[0]?.close()
      await clock.advance(14_900)
      expect(call.isOver).toBe(false)
      await clock.advance(200)
      expect(server.of('/next')).toHaveLength(16)
      expect(codesOf(stage)).toEqual([31921, 11200])
      expect(call.endedBy).toBe('carrier')
    })
  })

  it('a call outlives the restart of its server', async () => {
    const clock = new VirtualClock()
    const options = { answer: (_: Told, origin: string) => streamTwiml(origin, '', 'action="/twiml"') }
    const first = await startSmallServer(options)
    const carrier = await createSimulatedCarrier({ clock })
    const caller = carrier.caller(CALLER)
    const call = await caller.dials(OUR_NUMBER, { voiceUrl: first.voiceUrl })
    await clock.advance(500)
    await first.close()
    await clock.advance(3_000)
    expect(call.status).toBe('in-progress')
    const second = await startSmallServer({ ...options, port: first.port })
    await clock.advance(1_500)
    expect(call.isStreaming).toBe(true)
    expect(call.warnings.map(({ code }) => code)).toEqual([31903])
    await caller.hangsUp()
    await carrier.close()
    await second.close()
  })

  it('a client error of the action ends the call at once', async () => {
    await onStage(withAction(403), async (stage) => {
      const call = await stage.dial()
      stage.server.sockets[0]?.close()
      await stage.clock.advance(10)
      expect(codesOf(stage)).toEqual([31921, 11200])
      expect(call.isOver).toBe(true)
    })
  })

  it('the stream status callback is told of start, stop and error', async () => {
    const callback = 'statusCallback="/streams" name="mine"'
    const answer = (_: Told, origin: string): string => streamTwiml(origin).replace('<Stream', `<Stream ${callback}`)
    await onStage({ server: { answer } }, async (stage) => {
      const call = await stage.dial()
      await stage.caller.hangsUp()
      expect(streamEventsOf(stage)).toEqual(['stream-started', 'stream-stopped'])
      const [told] = stage.server.of('/streams')
      expect(Object.fromEntries(told?.params ?? [])).toMatchObject({
        StreamSid: call.stream?.sid,
        StreamName: 'mine',
        CallSid: call.sid,
      })
      expect(told?.params.get('Timestamp')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)
    })
    await onStage({ server: { answer, upgrade: 404 } }, async (stage) => {
      await stage.dial()
      expect(streamEventsOf(stage)).toEqual(['stream-error'])
      expect(stage.server.of('/streams')[0]?.params.get('StreamError')).toContain('got 404')
    })
  })
})
