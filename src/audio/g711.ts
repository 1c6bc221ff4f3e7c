/**
 * G.711 mu-law by table. Both tables are alawmulaw's own answers (all 256 decode values equal ITU-T G.711), asked once
 * when the module loads: looking them up costs a third of asking again for every sample.
 *
 * alawmulaw is CommonJS without named exports that Node can see: a named import type-checks and then fails at run time.
 */
/* oxlint-disable import/default, import/no-named-as-default-member -- the linter reads the package's bundler entry */
/* oxlint-disable typescript/no-non-null-assertion -- sample loops: every index is inside the loop's bound */
import alawmulaw from 'alawmulaw'
import { requireRoom } from './room.ts'

/** The byte that decodes to 0; what an idle line carries. */
export const MULAW_SILENCE = 0xff

/** Indexed by the byte. */
const DECODED = Int16Array.from({ length: 0x100 }, (_, byte) => alawmulaw.mulaw.decodeSample(byte))

/** Indexed by the sample's 16 bits. The package answers with negative numbers, which storing as a byte masks. */
const ENCODED = Uint8Array.from({ length: 0x10000 }, (_, bits) => alawmulaw.mulaw.encodeSample((bits << 16) >> 16))

/**
 * Decodes `bytes[from, to)` to the beginning of `out`, one 16-bit sample a byte; returns the samples written.
 *
 * @throws {UsageError} `AUDIO_SOURCE_INVALID` when `out` is too short.
 */
export function decodeMulaw(bytes: Uint8Array, out: Int16Array, from = 0, to = bytes.length): number {
  requireRoom(to - from, out)
  for (let i = from; i < to; i++) out[i - from] = DECODED[bytes[i]!]!
  return to - from
}

/**
 * Encodes the first `length` samples into `out` from `at` on, one byte a sample; returns the bytes written.
 *
 * @throws {UsageError} `AUDIO_SOURCE_INVALID` when `out` is too short.
 */
export function encodeMulaw(pcm: Int16Array, out: Uint8Array, length = pcm.length, at = 0): number {
  requireRoom(at + length, out)
  for (let i = 0; i < length; i++) out[at + i] = ENCODED[pcm[i]! & 0xffff]!
  return length
}
