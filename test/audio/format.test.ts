import { describe, expect, it } from 'vitest'
import { describeFormat, requirePcmRate, requireTelephoneFormat } from '../../src/audio/format.ts'
import { ProtocolError, UsageError } from '../../src/errors.ts'

const telephone = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }

describe('the format of a media stream', () => {
  it('is described in one line', () => {
    expect(describeFormat(telephone)).toBe('audio/x-mulaw 8000 Hz mono')
    expect(describeFormat({ encoding: 'audio/l16', sampleRate: 48000, channels: 2 })).toBe('audio/l16 48000 Hz stereo')
    expect(describeFormat({ encoding: 'audio/l16', sampleRate: 48000, channels: 6 })).toMatch(/6 channels$/)
  })

  it('is accepted when it is the telephone format', () => {
    expect(() => requireTelephoneFormat(telephone)).not.toThrow()
  })

  it.each([
    [{ ...telephone, encoding: 'audio/l16', sampleRate: 16000 }, 'audio/l16 16000 Hz mono'],
    [{ ...telephone, sampleRate: 16000 }, 'audio/x-mulaw 16000 Hz mono'],
    [{ ...telephone, channels: 2 }, 'audio/x-mulaw 8000 Hz stereo'],
  ])('is refused by name when it is another: %j', (format, name) => {
    const refuse = (): void => requireTelephoneFormat(format)
    expect(refuse).toThrow(ProtocolError)
    expect(refuse).toThrow(
      expect.objectContaining({
        code: 'MEDIA_FORMAT_UNSUPPORTED',
        message: `expected audio/x-mulaw 8000 Hz mono, got ${name}`,
      }),
    )
  })
})

describe('the rate an agent speaks at', () => {
  it.each([8000, 16000, 24000])('may be %i Hz', (rate) => {
    expect(requirePcmRate(rate)).toBe(rate)
  })

  it.each([44100, 0, Number.NaN])('may not be %d Hz', (rate) => {
    const refuse = (): unknown => requirePcmRate(rate)
    expect(refuse).toThrow(UsageError)
    expect(refuse).toThrow(
      expect.objectContaining({ code: 'AUDIO_FORMAT_UNSUPPORTED', message: expect.stringContaining(`got ${rate}`) }),
    )
  })
})
