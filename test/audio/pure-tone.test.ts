import { describe, expect, it } from 'vitest'
import { loadPrompt } from '../../src/audio/prompt.ts'
import { pureToneIn } from '../../src/audio/pure-tone.ts'
import { dtmfTones } from '../../src/audio/tones.ts'
import { pcm16kToTwilio, twilioToPcm16k } from '../../src/audio/twilio-payload.ts'

const SPEECH = new URL('../../src/examples/speech/', import.meta.url)

function sine(hz: number, samples = 320, rate = 16_000, amplitude = 8_000, shift = 0): Int16Array {
  return Int16Array.from({ length: samples }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * hz * i) / rate + shift)),
  )
}

function framesOf(pcm: Int16Array, size = 320): Int16Array[] {
  return Array.from({ length: Math.floor(pcm.length / size) }, (_, i) => pcm.subarray(i * size, (i + 1) * size))
}

describe('a pure tone', () => {
  it('is told by its frequency, to one in a hundred, wherever in its cycle it begins', () => {
    for (let hz = 400; hz <= 2_000; hz += 37) {
      for (const shift of [0, 1, 2.5, 4]) {
        const found = pureToneIn(sine(hz, 320, 16_000, 8_000, shift), 16_000) ?? 0
        expect(Math.abs(found - hz)).toBeLessThan(hz / 100)
      }
    }
    expect(pureToneIn(sine(1_000, 160, 8_000), 8_000)).toBeCloseTo(1_000, 0)
  })

  it('is one after it has come over a telephone line', () => {
    const heard = twilioToPcm16k(pcm16kToTwilio(sine(1_000, 16_000)))
    for (const frame of framesOf(heard).slice(1, -1)) {
      expect(Math.abs((pureToneIn(frame, 16_000) ?? 0) - 1_000)).toBeLessThan(10)
    }
  })

  it('is no key, no silence, no hum below the threshold, and no noise', () => {
    for (const frame of framesOf(dtmfTones('1A*0#', { gapMs: 0 }))) expect(pureToneIn(frame, 16_000)).toBeUndefined()
    expect(pureToneIn(new Int16Array(320), 16_000)).toBeUndefined()
    expect(pureToneIn(new Int16Array(), 16_000)).toBeUndefined()
    expect(pureToneIn(new Int16Array(320).fill(5_000), 16_000)).toBeUndefined()
    expect(pureToneIn(sine(1_000, 320, 16_000, 300), 16_000)).toBeUndefined()
    const noise = Int16Array.from({ length: 320 }, (_, i) => ((i * 7_919 * (i + 3)) % 16_001) - 8_000)
    expect(pureToneIn(noise, 16_000)).toBeUndefined()
  })

  it.each(['caller.wav', 'callee.wav', 'hours.wav', 'menu.wav', 'weather.wav', 'welcome.wav'])(
    'of 400 to 2000 Hz is nowhere in the voice of %s for as long as 100 ms',
    async (name) => {
      let longest = 0
      let run = 0
      for (const frame of framesOf(await loadPrompt(new URL(name, SPEECH).pathname))) {
        const hz = pureToneIn(frame, 16_000) ?? 0
        run = hz >= 400 && hz <= 2_000 ? run + 20 : 0
        longest = Math.max(longest, run)
      }
      expect(longest).toBeLessThan(100)
    },
  )
})
