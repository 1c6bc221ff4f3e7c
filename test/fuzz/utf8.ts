import { Buffer } from 'node:buffer'

/** A text as it comes out of UTF-8, which has no way to write half a character. */
export function throughUtf8(text: string): string {
  return Buffer.from(text).toString()
}

export function isUtf8(text: string): boolean {
  return throughUtf8(text) === text
}
