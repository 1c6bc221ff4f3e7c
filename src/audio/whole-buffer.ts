/**
 * Twice and half the sample rate of a whole buffer, with the live path's filters but without their delay: sample n of
 * the one is heard at the same moment as sample 2n of the other. Not for the chunks of a stream, which need the state.
 */
import { Downsampler16to8, HALF_BAND_DELAY_16K, Upsampler8to16 } from './half-band.ts'

const FLUSH_ROOM = 64

/** 8 kHz to 16 kHz, or any rate to twice of it; exactly twice as many samples. */
export function doubleRate(samples: Int16Array): Int16Array {
  const filter = new Upsampler8to16()
  const out = new Int16Array(2 * samples.length + FLUSH_ROOM)
  const written = filter.process(samples, out)
  filter.flush(out.subarray(written))
  return out.slice(HALF_BAND_DELAY_16K, HALF_BAND_DELAY_16K + written)
}

/** 16 kHz to 8 kHz, or any rate to half of it; half as many samples, rounded up. */
export function halveRate(samples: Int16Array): Int16Array {
  const filter = new Downsampler16to8()
  const out = new Int16Array((samples.length >> 1) + FLUSH_ROOM)
  // The delay of 31 samples is an odd number: one zero ahead makes it 32, which is 16 after halving.
  let written = filter.process(new Int16Array(1), out)
  written += filter.process(samples, out.subarray(written))
  filter.flush(out.subarray(written))
  const delay = (HALF_BAND_DELAY_16K + 1) / 2
  return out.slice(delay, delay + Math.ceil(samples.length / 2))
}
