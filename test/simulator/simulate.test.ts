import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readWav } from '../../src/audio/wav.ts'
import { simulateCalls, VirtualClock } from '../../src/simulator/index.ts'
import { parseFormBody } from '../../src/twilio/webhooks.ts'
import { verifyWebhook } from '../../src/twilio/signature.ts'
import { echo, startSmallServer } from './small-server.ts'

const SPEECH = 'src/examples/speech/caller.wav'
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'simulate-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('simulating calls against a server', () => {
  it('speaks, presses keys, hangs up in time, and records what each caller heard', async () => {
    const server = await startSmallServer({ onMessage: echo })
    const said: string[] = []
    const results = await simulateCalls({
      voiceUrl: server.voiceUrl,
      wavPath: SPEECH,
      recordPath: join(folder, 'heard.wav'),
      calls: 2,
      seconds: 6,
      digits: '12#',
      clock: new VirtualClock(),
      onProgress: ({ what }) => said.push(what),
    })
    expect(results).toHaveLength(2)
    for (const [index, result] of results.entries()) {
      const recording = join(folder, `heard-${index + 1}.wav`)
      expect(result).toMatchObject({
        status: 'completed',
        isStreamed: true,
        streams: 1,
        endedBy: 'caller',
        recording,
        problems: [],
      })
      expect(result.report.framesSent).toBeGreaterThan(290)
      expect(result.report.roundTripMs?.p50).toBeLessThan(5)
      const { sampleRate, samples } = readWav(await readFile(recording))
      expect(sampleRate).toBe(8_000)
      expect(samples.length / 8_000).toBeCloseTo(6, 1)
      // The speech of 4.4 s is said again from the beginning.
      expect(samples.subarray(5 * 8_000).some((sample) => Math.abs(sample) > 1_000)).toBe(true)
    }
    expect(
      server
        .ofEvent('dtmf')
        .map(({ dtmf }) => dtmf.digit)
        .join(''),
    ).toMatch(/^(?:[12#]){6}$/)
    expect(said.filter((what) => what === 'its media stream started')).toHaveLength(2)
    expect(said.at(-1)).toBe('ended: caller hung up')
    await server.close()
  })

  it('signs the public URL with the given token', async () => {
    const server = await startSmallServer({ answer: () => '<Response><Reject/></Response>' })
    const [result] = await simulateCalls({
      voiceUrl: `${server.voiceUrl}?a=1`,
      publicUrl: 'https://example.test/',
      accountSid: `AC${'1'.repeat(32)}`,
      authToken: 'secret',
      clock: new VirtualClock(),
    })
    const [told] = server.told
    const params = parseFormBody(told?.params.toString() ?? '')
    expect(params['AccountSid']).toBe(`AC${'1'.repeat(32)}`)
    const signature = String(told?.headers['x-twilio-signature'])
    expect(verifyWebhook({ url: 'https://example.test/twiml?a=1', params, signature, tokens: ['secret'] })).toBe(true)
    expect(result).toMatchObject({ status: 'no-answer', isStreamed: false, streams: 0, endedBy: 'twiml' })
    await server.close()
  })

  it('says in words what is wrong with a server', async () => {
    const server = await startSmallServer({ upgrade: 403 })
    const [result] = await simulateCalls({ voiceUrl: server.voiceUrl, clock: new VirtualClock() })
    expect(result).toMatchObject({ isStreamed: false, streams: 1, endedBy: 'twiml' })
    expect(result?.problems).toEqual(['31920 stream: handshake error: expected HTTP status 101, got 403'])
    await server.close()
  })

  it('rejects when there is no such recording', async () => {
    const missing = join(folder, 'missing.wav')
    await expect(simulateCalls({ voiceUrl: 'http://127.0.0.1:1/', wavPath: missing })).rejects.toThrow('missing.wav')
  })

  it('runs in real time as well', async () => {
    const server = await startSmallServer({ onMessage: echo })
    const [result] = await simulateCalls({ voiceUrl: server.voiceUrl, seconds: 1 })
    expect(result).toMatchObject({ status: 'completed', isStreamed: true, endedBy: 'caller' })
    expect(result?.report.framesSent).toBeGreaterThan(20)
    await server.close()
  })
})
