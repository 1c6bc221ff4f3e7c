import { UsageError } from '../errors.ts'

/**
 * Refuses an output buffer that is too short. A typed array drops writes past its end without a word, which would be
 * heard as missing audio and seen nowhere.
 *
 * @throws {UsageError} `AUDIO_SOURCE_INVALID`.
 */
export function requireRoom(needed: number, out: { readonly length: number }): void {
  if (out.length >= needed) return
  throw new UsageError('AUDIO_SOURCE_INVALID', `expected room for ${needed} in the output buffer, got ${out.length}`)
}
