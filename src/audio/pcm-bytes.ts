/* oxlint-disable typescript/no-non-null-assertion -- sample loops: every index is inside the loop's bound */

/**
 * Little-endian 16-bit PCM as it comes off a socket or a pipe: a chunk may end in the middle of a sample, and the half
 * is kept for the next one. The bytes need no alignment.
 */
export class PcmByteReader {
  /** The low byte of a split sample. */
  #low: number | undefined

  /** The samples completed by these bytes, in an array that is the caller's to keep. */
  push(bytes: Uint8Array): Int16Array {
    const carried = this.#low === undefined ? 0 : 1
    const samples = new Int16Array((carried + bytes.length) >> 1)
    let next = 0
    if (this.#low !== undefined && bytes.length > 0) samples[next++] = this.#low | (bytes[0]! << 8)
    for (let i = carried; i + 1 < bytes.length; i += 2) samples[next++] = bytes[i]! | (bytes[i + 1]! << 8)
    if (bytes.length > 0) this.#low = (carried + bytes.length) % 2 === 1 ? bytes[bytes.length - 1]! : undefined
    return samples
  }

  /** Forgets half a sample: what comes next begins a new recording. */
  reset(): void {
    this.#low = undefined
  }
}
