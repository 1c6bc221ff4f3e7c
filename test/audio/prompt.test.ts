import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadPrompt, loadTelephoneSpeech, toModelRate } from '../../src/audio/prompt.ts'
import { writeWav } from '../../src/audio/wav.ts'
import { UsageError } from '../../src/errors.ts'
import { decibels, distortionDb, fit, rms, sine, speech, square } from './signals.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prompt-'))
})
afterEach(() => rm(folder, { recursive: true }))

const RATES = [8000, 11_025, 12_000, 22_050, 24_000, 32_000, 44_100, 48_000]
/** The prompt's ends fade in and out of the resampler's filter; look at the middle. */
const middle = (samples: Int16Array): Int16Array => samples.subarray(2000, -2000)
/** wave-resampler stretches the whole by one sample: a second at 8 kHz by 0.1 ms, which a fit must allow for. */
const stretched = (hz: number, rate: number, length: number): number =>
  rate === 8000 ? hz : (hz * (length - 1)) / length

describe.each(RATES)('a prompt made at %i Hz', (rate) => {
  const length = rate
  const highest = Math.min(3400, 0.425 * rate)

  it('is as long at 16 kHz', () => {
    expect(Math.abs(toModelRate(new Int16Array(length), rate).length - 16_000)).toBeLessThanOrEqual(1)
  })

  it.each([300, 1000, 2000, 3000, highest])('keeps %d Hz within 0.1 dB, and clean', (hz) => {
    const out = middle(toModelRate(sine(hz, rate, length), rate))
    const heard = stretched(hz, rate, length)
    expect(Math.abs(decibels(fit(out, heard, 16_000).amplitude / 16_384))).toBeLessThan(0.1)
    expect(distortionDb(out, heard, 16_000)).toBeLessThan(-65)
  })

  it('leaves the caller his samples', () => {
    const samples = sine(1000, rate, length)
    toModelRate(samples, rate)
    expect(samples).toEqual(sine(1000, rate, length))
  })

  it('is clamped where it overshoots, not wrapped', () => {
    const half = rate / 50
    const out = toModelRate(square(half, length), rate)
    for (let start = 0; start < 0.9 * 16_000; start += 320) {
      const plateau = [...out.subarray(start + 40, start + 280)]
      const sign = (start / 320) % 2 === 0 ? 1 : -1
      expect(plateau.every((sample) => sample * sign > 20_000)).toBe(true)
    }
    expect(Math.max(...out)).toBe(32_767)
  })
})

describe('a prompt', () => {
  it.each([
    [24_000, 9000],
    [24_000, 11_500],
    [44_100, 10_000],
    [48_000, 15_000],
  ])('of %i Hz has no alias of %i Hz', (rate, hz) => {
    const out = middle(toModelRate(sine(hz, rate, 2 * rate), rate))
    expect(decibels(rms(out) / (16_384 / Math.SQRT2))).toBeLessThan(-60)
  })

  it('keeps the overtones of an "s" at 7 kHz from whistling at 1 kHz', () => {
    const out = middle(toModelRate(sine(7000, 22_050, 44_100), 22_050))
    expect(distortionDb(out, stretched(7000, 22_050, 44_100), 16_000)).toBeLessThan(-65)
  })

  it('at 16 kHz is what it was', () => {
    const samples = speech('caller')
    expect(toModelRate(samples, 16_000)).toBe(samples)
  })

  it.each([0, -8000, 1, 7_999, 192_001, 4_294_967_295, Number.NaN, Infinity])('has no rate of %d Hz', (rate) => {
    const refuse = (): unknown => toModelRate(new Int16Array(10), rate)
    expect(refuse).toThrow(UsageError)
    expect(refuse).toThrow(
      expect.objectContaining({
        code: 'AUDIO_FORMAT_UNSUPPORTED',
        message: `expected a sample rate from 8000 to 192000 Hz, got ${rate}`,
      }),
    )
  })

  it('may have been made at the slowest rate and at the fastest', () => {
    expect(toModelRate(new Int16Array(8_000), 8_000)).toHaveLength(16_000)
    expect(Math.abs(toModelRate(new Int16Array(19_200), 192_000).length - 1_600)).toBeLessThanOrEqual(1)
  })

  it.each([1, 2_000_000_000])(
    'is refused with its path when its header says %d Hz, before anything is made of it',
    async (rate) => {
      const path = join(folder, 'slow.wav')
      await writeFile(path, writeWav(speech('callee'), rate))
      for (const load of [loadPrompt, loadTelephoneSpeech]) {
        await expect(load(path)).rejects.toMatchObject({
          code: 'AUDIO_FILE_INVALID',
          message: `${path}: expected a sample rate from 8000 to 192000 Hz, got ${rate}`,
        })
      }
    },
  )

  it('is loaded from a file', async () => {
    const path = join(folder, 'welcome.wav')
    await writeFile(path, writeWav(speech('callee'), 8000))
    expect(await loadPrompt(path)).toEqual(toModelRate(speech('callee'), 8000))
  })

  it('is refused with its path when there is no such file', async () => {
    const path = join(folder, 'nowhere.wav')
    await expect(loadPrompt(path)).rejects.toThrow(UsageError)
    await expect(loadPrompt(path)).rejects.toMatchObject({
      code: 'AUDIO_FILE_INVALID',
      message: expect.stringMatching(/nowhere\.wav: ENOENT/),
    })
  })

  it('is refused with its path when it is not a WAV file, or empty', async () => {
    const path = join(folder, 'welcome.wav')
    await writeFile(path, 'not audio')
    await expect(loadPrompt(path)).rejects.toThrow(
      /welcome\.wav: expected a WAV file.*got 9 bytes beginning "not audio"/,
    )
    await writeFile(path, writeWav(new Int16Array(0), 8000))
    await expect(loadPrompt(path)).rejects.toThrow(/welcome\.wav: expected speech, got no samples/)
  })
})
