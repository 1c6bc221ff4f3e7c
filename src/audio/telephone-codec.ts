/**
 * The two directions of a call's audio, each one object with state of its own: mu-law 8 kHz in to 16 kHz PCM, and PCM
 * at 8, 16 or 24 kHz out to mu-law 8 kHz. Neither allocates, neither leaves a trace of where its chunks began.
 */
import { Downsampler24to8 } from './decimator-24.ts'
import type { PcmRate } from './format.ts'
import { requirePcmRate } from './format.ts'
import { decodeMulaw, encodeMulaw } from './g711.ts'
import type { HalfBand } from './half-band-arithmetic.ts'
import { Downsampler16to8, Upsampler8to16 } from './half-band.ts'
import { BLOCK_SAMPLES } from './polyphase.ts'
import { requireRoom } from './room.ts'

/** Bytes that {@link TelephoneEncoder.flush} writes at most. */
export const MAX_FLUSH_BYTES = 31

/** The end of an utterance between filter and table; like the filters' scratch, it holds nothing from call to call. */
const tail = new Int16Array(MAX_FLUSH_BYTES)

/** What the caller says: mu-law 8 kHz to PCM 16 kHz, 1.94 ms late. Keeps 96 bytes. */
export class TelephoneDecoder {
  readonly #upsampler: Upsampler8to16

  /** @param halfBand how to compute the filter; the fastest way this machine has unless said. */
  constructor(halfBand?: HalfBand) {
    this.#upsampler = new Upsampler8to16(halfBand)
  }

  /**
   * Returns the samples written: exactly two for each byte.
   *
   * @throws {UsageError} `AUDIO_SOURCE_INVALID` when `out` is too short.
   */
  decode(mulaw: Uint8Array, out: Int16Array): number {
    requireRoom(2 * mulaw.length, out)
    let written = 0
    for (let from = 0; from < mulaw.length; from += BLOCK_SAMPLES) {
      const count = decodeMulaw(mulaw, this.#upsampler.input, from, Math.min(from + BLOCK_SAMPLES, mulaw.length))
      const wide = this.#upsampler.filterInput(count)
      out.set(wide, written)
      written += wide.length
    }
    return written
  }

  /** Forgets what was heard: for a fresh stream. */
  reset(): void {
    this.#upsampler.reset()
  }
}

/** What the agent says: PCM to mu-law 8 kHz, 0 (8 kHz), 1.94 (16 kHz) or 1.75 ms (24 kHz) late. Keeps at most 181 bytes. */
export class TelephoneEncoder {
  readonly #downsampler: Downsampler16to8 | Downsampler24to8 | undefined
  readonly #samplesPerByte: number

  /**
   * @param halfBand how to compute the filter at 16 kHz; the fastest way this machine has unless said.
   * @throws {UsageError} `AUDIO_FORMAT_UNSUPPORTED` for a rate in Hz other than the three.
   */
  constructor(rate: PcmRate, halfBand?: HalfBand) {
    this.#samplesPerByte = requirePcmRate(rate) / 8000
    if (rate === 16000) this.#downsampler = new Downsampler16to8(halfBand)
    if (rate === 24000) this.#downsampler = new Downsampler24to8()
  }

  /** Room that {@link encode} needs for a chunk of so many samples, whatever remainder is being carried. */
  maxBytes(samples: number): number {
    return Math.ceil(samples / this.#samplesPerByte)
  }

  /**
   * Any number of samples; what does not yet make a byte is carried to the next call. Returns the bytes written, which
   * over a whole utterance are its samples / (rate / 8000).
   *
   * @throws {UsageError} `AUDIO_SOURCE_INVALID` when `out` is too short.
   */
  encode(pcm: Int16Array, out: Uint8Array): number {
    if (this.#downsampler === undefined) return encodeMulaw(pcm, out)
    requireRoom(this.#downsampler.countFor(pcm.length), out)
    let written = 0
    for (let from = 0; from < pcm.length; from += BLOCK_SAMPLES) {
      const narrow = this.#downsampler.block(pcm, from, Math.min(from + BLOCK_SAMPLES, pcm.length))
      written += encodeMulaw(narrow, out, narrow.length, written)
    }
    return written
  }

  /** At the end of an utterance: the last sample's echo, at most {@link MAX_FLUSH_BYTES}; then the encoder is as new. */
  flush(out: Uint8Array): number {
    if (this.#downsampler === undefined) return 0
    return encodeMulaw(tail, out, this.#downsampler.flush(tail))
  }

  /** Forgets the utterance: it was cut off. */
  reset(): void {
    this.#downsampler?.reset()
  }
}
