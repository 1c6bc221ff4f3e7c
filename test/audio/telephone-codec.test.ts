import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMulaw, encodeMulaw, MULAW_SILENCE } from '../../src/audio/g711.ts'
import { UP_DOWN_DELAY_8K } from '../../src/audio/half-band.ts'
import { MAX_FLUSH_BYTES, TelephoneDecoder, TelephoneEncoder } from '../../src/audio/telephone-codec.ts'
import { UsageError } from '../../src/errors.ts'
import { WAYS } from './half-band-ways.ts'
import { chunksOf, noise, snrDb, speech, square } from './signals.ts'

const RATES = [8000, 16000, 24000] as const
const sizes = fc.array(fc.integer({ min: 1, max: 1500 }), { minLength: 1, maxLength: 12 })

function mulawOf(pcm: Int16Array): Uint8Array {
  const bytes = new Uint8Array(pcm.length)
  encodeMulaw(pcm, bytes)
  return bytes
}

function pcmOf(bytes: Uint8Array): Int16Array {
  const pcm = new Int16Array(bytes.length)
  decodeMulaw(bytes, pcm)
  return pcm
}

/** Frame after frame into ONE buffer, as on the live path; what it held is copied before the next. */
function decode(decoder: TelephoneDecoder, chunks: readonly Uint8Array[]): Int16Array {
  const frame = new Int16Array(26_000)
  return Int16Array.from(chunks.flatMap((chunk) => [...frame.subarray(0, decoder.decode(chunk, frame))]))
}

function encode(encoder: TelephoneEncoder, chunks: readonly Int16Array[]): Uint8Array {
  const frame = new Uint8Array(12_000)
  const bytes = chunks.flatMap((chunk) => [...frame.subarray(0, encoder.encode(chunk, frame))])
  return Uint8Array.from([...bytes, ...frame.subarray(0, encoder.flush(frame))])
}

describe.each(WAYS)('%s,', (_name, halfBand) => {
  describe('the decoder of what the caller says', () => {
    const mulaw = mulawOf(speech('caller')).subarray(0, 12_345)

    it('makes exactly 320 samples of 160 bytes, every frame', () => {
      const decoder = new TelephoneDecoder(halfBand)
      const out = new Int16Array(320)
      expect(chunksOf(mulaw.subarray(0, 8000), [160]).map((frame) => decoder.decode(frame, out))).toEqual(
        Array(50).fill(320),
      )
    })

    it('leaves no trace of chunks of any sizes', () => {
      const whole = new Int16Array(2 * mulaw.length)
      expect(new TelephoneDecoder(halfBand).decode(mulaw, whole)).toBe(whole.length)
      expect(decode(new TelephoneDecoder(halfBand), chunksOf(mulaw, [160]))).toEqual(whole)
      fc.assert(
        fc.property(sizes, (chunkSizes) => {
          expect(decode(new TelephoneDecoder(halfBand), chunksOf(mulaw, chunkSizes))).toEqual(whole)
        }),
        { numRuns: 20 },
      )
    })

    it('forgets the old stream when reset', () => {
      const decoder = new TelephoneDecoder(halfBand)
      const fresh = decode(new TelephoneDecoder(halfBand), [mulaw])
      decode(decoder, [mulawOf(noise(500))])
      expect(decode(decoder, [mulaw])).not.toEqual(fresh)
      decoder.reset()
      expect(decode(decoder, [mulaw])).toEqual(fresh)
    })

    it('refuses a buffer too short for two samples a byte, before it has touched anything', () => {
      const decoder = new TelephoneDecoder(halfBand)
      const short = new Int16Array(3999)
      expect(() => decoder.decode(mulaw.subarray(0, 2000), short)).toThrow(UsageError)
      expect(short).toEqual(new Int16Array(3999))
      expect(decode(decoder, [mulaw])).toEqual(decode(new TelephoneDecoder(halfBand), [mulaw]))
    })
  })

  describe.each(RATES)('the encoder of an agent that speaks at %i Hz', (rate) => {
    const perByte = rate / 8000

    it('makes exactly 160 bytes of 20 ms, every frame', () => {
      const encoder = new TelephoneEncoder(rate, halfBand)
      const out = new Uint8Array(160)
      const frame = new Int16Array(160 * perByte)
      expect(Array.from({ length: 50 }, () => encoder.encode(frame, out))).toEqual(Array(50).fill(160))
    })

    it('leaves no trace of chunks of any sizes, remainders included', () => {
      const signal = noise(10_001)
      const whole = encode(new TelephoneEncoder(rate, halfBand), [signal])
      fc.assert(
        fc.property(sizes, (chunkSizes) => {
          expect(encode(new TelephoneEncoder(rate, halfBand), chunksOf(signal, chunkSizes))).toEqual(whole)
        }),
        { numRuns: 20 },
      )
    })

    it('never writes more than it said it might', () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 0, max: 1200 }), { maxLength: 20 }), (lengths) => {
          const encoder = new TelephoneEncoder(rate, halfBand)
          for (const length of lengths) {
            const room = encoder.maxBytes(length)
            expect(encoder.encode(noise(length), new Uint8Array(room))).toBeLessThanOrEqual(room)
          }
          expect(encoder.flush(new Uint8Array(MAX_FLUSH_BYTES))).toBeLessThanOrEqual(MAX_FLUSH_BYTES)
        }),
      )
    })

    it('begins anew after a flush and after a reset', () => {
      const encoder = new TelephoneEncoder(rate, halfBand)
      const signal = noise(1000)
      const fresh = encode(new TelephoneEncoder(rate, halfBand), [signal])
      encode(encoder, [noise(100, 9)])
      expect(encode(encoder, [signal])).toEqual(fresh)
      encoder.encode(noise(100, 9), new Uint8Array(200))
      encoder.reset()
      expect(encode(encoder, [signal])).toEqual(fresh)
    })

    it('says silence when it is fed silence', () => {
      expect(new Set(encode(new TelephoneEncoder(rate, halfBand), [new Int16Array(3000)]))).toEqual(
        new Set([MULAW_SILENCE]),
      )
    })

    it('never lets a full-scale square wave change its sign', () => {
      const half = 40
      const pcm = pcmOf(encode(new TelephoneEncoder(rate, halfBand), [square(half * perByte, 4000 * perByte)]))
      // Past the widest delay and the slope of an edge, either half must be loud and of one sign.
      for (let edge = half; edge < 3900; edge += half) {
        const plateau = pcm.subarray(edge + 20, edge + half)
        expect(new Set([...plateau].map((sample) => Math.sign(sample))).size).toBe(1)
        expect(Math.min(...[...plateau].map((sample) => Math.abs(sample)))).toBeGreaterThan(25_000)
      }
    })
  })

  describe('the encoder', () => {
    it.each(RATES)('refuses a buffer too short at %i Hz, before it has touched anything', (rate) => {
      const encoder = new TelephoneEncoder(rate, halfBand)
      const signal = noise(6001)
      const needed = encode(new TelephoneEncoder(rate, halfBand), [signal])
      const short = new Uint8Array(Math.floor((6001 * 8000) / rate) - 1)
      expect(() => encoder.encode(signal, short)).toThrow(UsageError)
      expect(short).toEqual(new Uint8Array(short.length))
      expect(encode(encoder, [signal])).toEqual(needed)
    })

    it('refuses a rate that is not on the list', () => {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what untyped code might pass
      expect(() => new TelephoneEncoder(44100 as 8000)).toThrow(
        expect.objectContaining({ code: 'AUDIO_FORMAT_UNSUPPORTED' }),
      )
    })
  })

  describe('a call that is echoed at 16 kHz', () => {
    it.each(['caller', 'callee'] as const)(
      'returns the %s at 35 dB and better, a whole number of samples later',
      (name) => {
        const sent = mulawOf(speech(name))
        const wide = decode(new TelephoneDecoder(halfBand), chunksOf(sent, [160]))
        const back = encode(new TelephoneEncoder(16000, halfBand), chunksOf(wide, [320]))
        expect(snrDb(pcmOf(sent), pcmOf(back).subarray(UP_DOWN_DELAY_8K))).toBeGreaterThanOrEqual(35)
      },
    )
  })
})
