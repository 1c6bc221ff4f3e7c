import { randomBytes } from 'node:crypto'

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'

/** `call_` and 20 lower-case base-32 characters: 100 random bits. */
export function createCallId(): string {
  let id = 'call_'
  // 256 is a multiple of 32, so the low five bits of a random byte are uniform.
  for (const byte of randomBytes(20)) id += ALPHABET[byte & 31]
  return id
}

export function isCallId(text: string): boolean {
  return /^call_[a-z2-7]{20}$/.test(text)
}
