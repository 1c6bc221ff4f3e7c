/** Past this a frame's length takes eight bytes more; no message of ours is so long. */
const LONGEST = 0xffff
const FINAL_TEXT = 0x81

/**
 * A whole WebSocket frame (RFC 6455, 5.2) with `ascii` as its text, unmasked as a server's are, as a string of one
 * character for each byte: written to the TCP socket as `latin1` it goes out in one piece, and no buffer is made for it.
 * Undefined for a text that is too long.
 */
export function textFrame(ascii: string): string | undefined {
  const { length } = ascii
  if (length > LONGEST) return undefined
  if (length < 126) return String.fromCharCode(FINAL_TEXT, length) + ascii
  return String.fromCharCode(FINAL_TEXT, 126, length >> 8, length & 0xff) + ascii
}
