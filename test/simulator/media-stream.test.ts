import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { decodeMulaw } from '../../src/audio/g711.ts'
import { verifyUpgrade } from '../../src/twilio/signature.ts'
import { streamTwiml } from './small-server.ts'
import { onStage, type Stage } from './stage.ts'

/** The mark echoes, with the time since `start`. */
const echoesOf = ({ carrier }: Stage): [string, number][] => {
  const stream = carrier.calls[0]?.stream
  const echoes = stream?.log.of('mark', 'carrier') ?? []
  return echoes.map(({ at, message }) => [nameOf(message), at - (stream?.startedAt ?? 0)])
}
const nameOf = (message: unknown): string => /"name":"([^"]*)"/.exec(JSON.stringify(message))?.[1] ?? ''
const codesOf = ({ carrier }: Stage): number[] => carrier.warnings.map(({ code }) => code)

describe('the handshake of a media stream', () => {
  it('is signed over the URL of the TwiML and comes as Twilio comes: no Origin, no extensions', async () => {
    await onStage({}, async ({ carrier, server, dial }) => {
      await dial()
      const headers = server.of('/media')[0]?.headers ?? {}
      expect(headers['user-agent']).toBe('Twilio.TmeWs/1.0')
      expect(headers['origin']).toBeUndefined()
      expect(headers['sec-websocket-extensions']).toBeUndefined()
      const signature = String(headers['x-twilio-signature'])
      const check = { publicUrl: server.origin, path: '/media', signature }
      expect(verifyUpgrade({ ...check, tokens: [carrier.authToken] })).toBe(true)
      expect(verifyUpgrade({ ...check, tokens: ['another token'] })).toBe(false)
    })
  })

  it('notes 31920 when the answer is not 101, and the call goes on', async () => {
    await onStage({ server: { upgrade: 403 } }, async (stage) => {
      const call = await stage.dial()
      expect(codesOf(stage)).toEqual([31920])
      expect(stage.carrier.warnings[0]?.message).toContain('expected HTTP status 101, got 403')
      expect(call.endedBy).toBe('twiml')
    })
  })

  it('notes 31901 when there is no answer', async () => {
    await onStage({ server: { upgrade: 'ignore' }, carrier: { answerTimeoutMs: 3_000 } }, async (stage) => {
      const call = await stage.dial()
      expect(call.isOver).toBe(false)
      await stage.clock.advance(3_000)
      expect(codesOf(stage)).toEqual([31901])
    })
  })

  it('notes 31902 when nobody listens', async () => {
    await onStage({ server: { answer: () => streamTwiml('http://127.0.0.1:9') } }, async (stage) => {
      await stage.dial()
      expect(codesOf(stage)).toEqual([31902])
    })
  })

  it.each([
    ['http://example.test', 31922],
    ['ws://example.test', 31922],
    ['nonsense', 31922],
  ])('notes 31922 for %s, since only wss will do', async (origin, code) => {
    const answer = (): string => `<Response><Connect><Stream url="${origin}:443/x"/></Connect></Response>`
    await onStage({ server: { answer } }, async (stage) => {
      await stage.dial()
      expect(codesOf(stage)).toEqual([code])
      expect(stage.server.sockets).toHaveLength(0)
    })
  })

  it('notes 31920 for a query string, which Twilio does not pass on', async () => {
    const server = { answer: (_: unknown, origin: string) => streamTwiml(origin).replace('/media', '/media?token=1') }
    await onStage({ server }, async (stage) => {
      await stage.dial()
      expect(codesOf(stage)).toEqual([31920])
      expect(stage.server.told.map(({ path }) => path)).toEqual(['/twiml'])
    })
  })

  it('notes 31941 for any track but the inbound one', async () => {
    const track = '<Stream track="both_tracks"'
    const server = { answer: (_: unknown, origin: string) => streamTwiml(origin).replace('<Stream', track) }
    await onStage({ server }, async (stage) => {
      await stage.dial()
      expect(codesOf(stage)).toEqual([31941])
    })
  })
})

describe('what a media stream says', () => {
  it('is connected, then start with the parameters of the TwiML, and counts in strings from 1', async () => {
    const parameter = '<Parameter name="token" value="a&amp;&lt;&#39;b"/>'
    const options = { answer: (_: unknown, origin: string) => streamTwiml(origin, '', '', parameter) }
    await onStage({ server: options }, async ({ carrier, server, dial }) => {
      const call = await dial()
      const [connected, start, media] = server.messages
      expect(connected).toEqual({ event: 'connected', protocol: 'Call', version: '1.0.0' })
      const streamSid = call.stream?.sid
      expect(streamSid).toMatch(/^MZ[0-9a-f]{32}$/)
      expect(start).toEqual({
        event: 'start',
        sequenceNumber: '1',
        start: {
          accountSid: carrier.accountSid,
          streamSid,
          callSid: call.sid,
          tracks: ['inbound'],
          mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
          customParameters: { token: "a&<'b" },
        },
        streamSid,
      })
      expect(media).toMatchObject({
        event: 'media',
        sequenceNumber: '2',
        media: { track: 'inbound', chunk: '1' },
        streamSid,
      })
    })
  })

  it('beats every 20 ms on absolute deadlines, with two milliseconds of jitter and a first timestamp near 150', async () => {
    await onStage({}, async ({ clock, server, dial }) => {
      const call = await dial()
      await clock.advance(2_000)
      const sent = call.stream?.log.of('media', 'carrier') ?? []
      const startedAt = call.stream?.startedAt ?? 0
      const late = sent.map(({ at }, index) => at - startedAt - (index + 1) * 20)
      expect(Math.min(...late)).toBe(0)
      expect(Math.max(...late)).toBe(2)
      const stamps = server.ofEvent('media').map(({ media }) => Number(media.timestamp))
      const origin = stamps[0] ?? 0
      expect(origin).toBeGreaterThanOrEqual(148)
      expect(origin).toBeLessThanOrEqual(173)
      const stray = stamps.map((stamp, index) => Math.abs(stamp - origin - index * 20))
      expect(Math.max(...stray)).toBeGreaterThan(0)
      expect(Math.max(...stray)).toBeLessThanOrEqual(4)
      expect(server.ofEvent('media').map(({ media }) => Number(media.chunk))).toEqual(
        stamps.map((_, index) => index + 1),
      )
    })
  })

  it('is a quiet line of both mu-law zeros until the caller speaks, then the speech sample by sample', async () => {
    await onStage({}, async ({ server, caller, dial }) => {
      await dial()
      const payloadOf = (index: number): Buffer =>
        Buffer.from(server.ofEvent('media').at(index)?.media.payload ?? '', 'base64')
      const quiet = payloadOf(-1)
      expect(quiet).toHaveLength(160)
      expect(new Set(quiet)).toEqual(new Set([0xff, 0x7f]))
      await caller.says(Int16Array.from({ length: 200 }, () => 1_000))
      const spoken = new Int16Array(320)
      decodeMulaw(Buffer.concat([payloadOf(-2), payloadOf(-1)]), spoken)
      expect(new Set(spoken.subarray(0, 200))).toEqual(new Set([988]))
      expect(new Set(spoken.subarray(200))).toEqual(new Set([0]))
    })
  })

  it('sends the keys a caller presses, a tenth of a second apart', async () => {
    await onStage({}, async ({ server, caller, dial }) => {
      const call = await dial()
      await caller.presses('1#A')
      const [first, ...rest] = call.stream?.log.of('dtmf') ?? []
      expect(rest.map(({ at }) => at - (first?.at ?? 0))).toEqual([100, 200])
      expect(server.ofEvent('dtmf').map(({ dtmf }) => dtmf)).toEqual(
        ['1', '#', 'A'].map((digit) => ({ track: 'inbound_track', digit })),
      )
    })
  })

  it('says stop and closes without a code when the caller hangs up', async () => {
    await onStage({}, async ({ carrier, server, caller, dial }) => {
      const call = await dial()
      await caller.hangsUp()
      const last = server.messages.at(-1)
      expect(last).toMatchObject({ event: 'stop', stop: { accountSid: carrier.accountSid, callSid: call.sid } })
      expect(server.closeCodes).toEqual([1005])
      expect(call).toMatchObject({ status: 'completed', endedBy: 'caller', warnings: [] })
    })
  })
})

describe('what a media stream does with what it hears', () => {
  it('plays audio, and echoes a mark when the audio before it has been heard', async () => {
    await onStage({}, async (stage) => {
      const { server, clock, dial } = stage
      const call = await dial()
      const beganAt = clock.now() - (call.stream?.startedAt ?? 0)
      server.send({ event: 'mark', mark: { name: 'at once' } })
      server.speak(100)
      server.send({ event: 'mark', mark: { name: 'a' } })
      server.speak(50)
      server.send({ event: 'mark', mark: { name: 'b' } })
      await clock.advance(400)
      expect(echoesOf(stage)).toEqual([
        ['at once', beganAt],
        ['a', beganAt + 100],
        ['b', beganAt + 150],
      ])
      expect(call.positionHeardMs).toBe(150)
      const heard = call.heard().map((sample) => (sample === 0 ? 0 : 1))
      const start = heard.indexOf(1)
      expect(start / 8).toBe(beganAt + (call.stream?.startedAt ?? 0) - (call.answeredAt ?? 0))
      expect(heard.subarray(start, start + 1_200).every((one) => one === 1)).toBe(true)
      expect(heard.subarray(start + 1_200).every((one) => one === 0)).toBe(true)
    })
  })

  it('falls silent on clear, and echoes every waiting mark at once', async () => {
    await onStage({}, async (stage) => {
      const { server, clock, dial } = stage
      const call = await dial()
      const beganAt = clock.now() - (call.stream?.startedAt ?? 0)
      server.speak(1_000)
      server.send({ event: 'mark', mark: { name: 'a' } })
      server.speak(1_000)
      server.send({ event: 'mark', mark: { name: 'b' } })
      await clock.advance(300)
      server.send({ event: 'clear' })
      await clock.advance(1_000)
      expect(echoesOf(stage)).toEqual([
        ['a', beganAt + 300],
        ['b', beganAt + 300],
      ])
      expect(call.positionHeardMs).toBe(300)
    })
  })

  it('knows underruns, gaps and the delay of the first audio', async () => {
    await onStage({ carrier: { jitterMs: 0 } }, async ({ server, clock, dial }) => {
      const call = await dial()
      await clock.advance(150)
      const firstAudioMs = clock.now() - (call.stream?.startedAt ?? 0)
      for (const pause of [20, 20, 70, 2_000, 20]) {
        server.speak(20)
        await clock.advance(pause)
      }
      const underruns = { underruns: 1, gaps: 1, worstGapMs: 70 }
      expect(call.report()).toMatchObject({ framesHeard: 5, bytes: 800, heardMs: 100, firstAudioMs, ...underruns })
    })
  })

  it('discards what exceeds ten minutes and notes 31931', async () => {
    await onStage({}, async (stage) => {
      const { server, clock, dial } = stage
      await dial()
      for (let minute = 0; minute < 11; minute++) server.speak(60_000)
      await clock.advance(10)
      expect(codesOf(stage)).toEqual([31931])
      expect(stage.carrier.warnings[0]?.message).toContain('480000 bytes were discarded')
    })
  })

  it.each([
    ['no JSON', 'nonsense', 31951],
    ['an array', '[]', 31951],
    ['an unknown event', '{"event":"dtmf","streamSid":"MZ","dtmf":{}}', 31951],
    ['a missing streamSid', '{"event":"clear"}', 31951],
    ['a wrong streamSid', '{"event":"clear","streamSid":"MZ1"}', 31951],
    ['an extra field', '{"event":"clear","streamSid":"SID","sequenceNumber":"1"}', 31951],
    ['an extra field of media', '{"event":"media","streamSid":"SID","media":{"payload":"","track":"outbound"}}', 31951],
    ['a payload that is not base64', '{"event":"media","streamSid":"SID","media":{"payload":"A*BCD"}}', 31951],
    ['a mark without a name', '{"event":"mark","streamSid":"SID"}', 31951],
    ['a mark whose name is no string', '{"event":"mark","streamSid":"SID","mark":{"name":1}}', 31951],
    ['a binary frame', Buffer.from('x'), 31950],
  ])('notes %s', async (_, data, code) => {
    await onStage({}, async (stage) => {
      const { server, clock, dial } = stage
      const call = await dial()
      const sid = call.stream?.sid ?? ''
      server.sockets[0]?.send(typeof data === 'string' ? data.replace('SID', sid) : data)
      await clock.advance(1)
      expect(codesOf(stage)).toEqual([code])
      expect(call.isStreaming).toBe(true)
    })
  })

  it('notes each kind of mistake once per stream, but keeps them all for tests', async () => {
    await onStage({}, async (stage) => {
      const call = await stage.dial()
      for (let time = 0; time < 3; time++) stage.server.send({ event: 'pause' })
      await stage.clock.advance(1)
      expect(codesOf(stage)).toEqual([31951])
      expect(call.stream?.mistakes).toHaveLength(3)
    })
  })

  it('wants to hear nothing before start', async () => {
    const server = { onSocket: (socket: WebSocket) => socket.send('{"event":"clear","streamSid":""}') }
    await onStage({ server }, async (stage) => {
      await stage.dial()
      expect(codesOf(stage)).toEqual([31951])
    })
  })
})

describe('the end of a media stream', () => {
  it('is noted as 31921 when the server closes it, and the TwiML goes on', async () => {
    await onStage({}, async (stage) => {
      const call = await stage.dial()
      stage.server.speak(5_000)
      await stage.clock.advance(1_000)
      stage.server.sockets[0]?.close(1000)
      await stage.clock.advance(1)
      expect(codesOf(stage)).toEqual([31921])
      expect(call).toMatchObject({ status: 'completed', endedBy: 'twiml' })
      expect(call.positionHeardMs).toBe(1_000)
    })
  })

  it('is noted as 31903 when the connection breaks', async () => {
    await onStage({}, async (stage) => {
      await stage.dial()
      stage.server.sockets[0]?.terminate()
      await stage.clock.advance(1)
      expect(codesOf(stage)).toEqual([31903])
    })
  })

  it('is noted as 31924 when the server breaks the WebSocket protocol', async () => {
    await onStage({}, async (stage) => {
      await stage.dial()
      const [socket] = stage.server.sockets
      // A control frame that claims to be fragmented.
      Reflect.get(socket ?? {}, '_socket').write(Buffer.from([0x09, 0x00]))
      await stage.clock.advance(1)
      expect(codesOf(stage)).toEqual([31924])
    })
  })
})

describe('the trouble a test can make', () => {
  it('mutes the line while time goes on', async () => {
    await onStage({ carrier: { jitterMs: 0 } }, async ({ server, clock, dial }) => {
      const call = await dial()
      const stamps = (): number[] => server.ofEvent('media').map(({ media }) => Number(media.timestamp))
      call.mute()
      const before = stamps().length
      await clock.advance(1_000)
      expect(stamps()).toHaveLength(before)
      call.unmute()
      await clock.advance(20)
      expect((stamps().at(-1) ?? 0) - (stamps().at(-2) ?? 0)).toBe(1_020)
    })
  })

  it('skips timestamps as if frames had been lost', async () => {
    await onStage({ carrier: { jitterMs: 0 } }, async ({ server, clock, dial }) => {
      const call = await dial()
      call.skip(500)
      await clock.advance(20)
      const stamps = server.ofEvent('media').map(({ media }) => Number(media.timestamp))
      expect((stamps.at(-1) ?? 0) - (stamps.at(-2) ?? 0)).toBe(520)
    })
  })

  it('sends anything, as it is', async () => {
    await onStage({}, async ({ carrier, server, clock, dial }) => {
      const call = await dial()
      call.sendRaw('{"event":"what"}')
      await clock.advance(1)
      expect(server.messages.at(-1)).toEqual({ event: 'what' })
      // An unmasked frame, which no client may send.
      call.sendBytes(Buffer.from([0x81, 0x01, 0x61]))
      await clock.advance(1)
      expect(carrier.warnings[0]?.message).toBe('stream: the server closed the socket: close code 1002')
    })
  })

  it('loses the socket without stop, and goes on with the call', async () => {
    await onStage({}, async (stage) => {
      const call = await stage.dial()
      call.loseStream()
      await stage.clock.advance(1)
      expect(stage.server.closeCodes).toEqual([1006])
      expect(stage.server.ofEvent('stop')).toEqual([])
      expect(codesOf(stage)).toEqual([31903])
      expect(call.endedBy).toBe('twiml')
    })
  })

  it('half opens the connection, so that neither side hears of the other while the call stays up', async () => {
    await onStage({}, async ({ server, clock, dial }) => {
      const call = await dial()
      call.halfOpen()
      await clock.advance(1)
      const before = server.messages.length
      let pongs = 0
      server.sockets[0]?.on('pong', () => (pongs += 1)).ping()
      server.sockets[0]?.terminate()
      await clock.advance(60_000)
      expect(server.messages).toHaveLength(before)
      expect(pongs).toBe(0)
      expect(call.status).toBe('in-progress')
    })
  })

  it('never opens the stream', async () => {
    await onStage({}, async ({ carrier, server, clock, caller }) => {
      const options = { voiceUrl: server.voiceUrl, streamNeverComes: true }
      const call = await caller.dials('+15550100000', options)
      await clock.advance(30_000)
      expect(call.status).toBe('in-progress')
      expect(server.sockets).toHaveLength(0)
      await caller.hangsUp()
      expect(carrier.warnings).toEqual([])
    })
  })
})
