import { describe, expect, it } from 'vitest'
import { alignSpeech } from '../../src/audio/align.ts'
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { pcm16kToTwilio, twilioToPcm16k } from '../../src/audio/twilio-payload.ts'
import { UsageError } from '../../src/errors.ts'
import { snrDb, speech } from './signals.ts'

function payloadOf(pcm: Int16Array): string {
  const bytes = new Uint8Array(pcm.length)
  encodeMulaw(pcm, bytes)
  return Buffer.from(bytes).toString('base64')
}

function pcmOf(payload: string): Int16Array {
  const bytes = Buffer.from(payload, 'base64')
  const pcm = new Int16Array(bytes.length)
  decodeMulaw(bytes, pcm)
  return pcm
}

describe('a Twilio payload as 16 kHz PCM', () => {
  it('has two samples for each byte', () => {
    expect(twilioToPcm16k(payloadOf(new Int16Array(160)))).toEqual(new Int16Array(320))
    expect(twilioToPcm16k('')).toEqual(new Int16Array(0))
  })

  it('is heard at the same moment: every second sample is the original one', () => {
    const payload = payloadOf(speech('callee'))
    const wide = twilioToPcm16k(payload)
    const everySecond = Int16Array.from({ length: wide.length / 2 }, (_, i) => wide[2 * i] ?? 0)
    expect(alignSpeech(pcmOf(payload), everySecond, { maxLag: 40 }).lagSamples).toBe(0)
  })

  it('comes back at 35 dB and better, without delay', () => {
    const payload = payloadOf(speech('caller'))
    const back = pcm16kToTwilio(twilioToPcm16k(payload))
    expect(back).toHaveLength(payload.length)
    expect(snrDb(pcmOf(payload), pcmOf(back))).toBeGreaterThanOrEqual(35)
  })

  it('has a byte for an odd sample at the end', () => {
    expect(pcmOf(pcm16kToTwilio(new Int16Array(321)))).toHaveLength(161)
    expect(pcm16kToTwilio(new Int16Array(0))).toBe('')
  })

  it.each(['f', '////*', '////=', 'data:audio/basic;base64,////', '//__'])('refuses %j: not base64', (text) => {
    const refuse = (): unknown => twilioToPcm16k(text)
    expect(refuse).toThrow(UsageError)
    expect(refuse).toThrow(
      expect.objectContaining({
        code: 'AUDIO_SOURCE_INVALID',
        message: expect.stringContaining(JSON.stringify(text.slice(0, 20))),
      }),
    )
  })

  it.each([
    [Buffer.from('abcd'), 'Buffer'],
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
  ])('refuses %j: not a string', (value, name) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what untyped code might pass
    expect(() => twilioToPcm16k(value as never)).toThrow(`expected a base64 string of mu-law bytes, got ${name}`)
  })

  it.each([
    [new Float32Array(2), 'Float32Array'],
    [Buffer.alloc(4), 'Buffer'],
    [[1, 2], 'Array'],
    [undefined, 'undefined'],
  ])('refuses to encode %j: not an Int16Array', (value, name) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what untyped code might pass
    const refuse = (): unknown => pcm16kToTwilio(value as never)
    expect(refuse).toThrow(UsageError)
    expect(refuse).toThrow(`expected an Int16Array of 16 kHz samples, got ${name}`)
  })
})
