/**
 * Text frames of a WebSocket client. A client masks what it sends (RFC 6455, 5.3), and a server pays for unmasking it;
 * so that we do not pay as well, one key serves for everything and what does not change is masked once.
 * https://www.rfc-editor.org/rfc/rfc6455#section-5.2
 */

/** Any key but zero, which `ws` would notice and skip the work. */
const KEY = Uint8Array.of(0x37, 0xfa, 0x21, 0x3d)
const FINAL_TEXT = 0x81
const FINAL_PING = 0x89
const FINAL_PONG = 0x8a
const FINAL_CLOSE = 0x88
const MASKED = 0x80
/** In the place of a length: two bytes of length follow. */
const MEDIUM = 126
const MEDIUM_HEADER = 8

/** The byte of the key that covers the byte at `position` of a payload. */
export function maskAt(position: number): number {
  return KEY[position & 3] ?? 0
}

/** Bytes as they stand at `position` of a masked payload. */
export function masked(bytes: Uint8Array, position = 0): Buffer {
  return Buffer.from(bytes.map((byte, index) => byte ^ maskAt(position + index)))
}

/** A whole text frame, of 126 to 65,535 bytes of text or less than 126. */
export function textFrame(text: string): Buffer {
  return frame(FINAL_TEXT, Buffer.from(text))
}

export function pingFrame(): Buffer {
  return frame(FINAL_PING, new Uint8Array(0))
}

export function pongFrame(payload: Uint8Array): Buffer {
  return frame(FINAL_PONG, payload)
}

/** Without a status code, as Twilio closes. */
export function closeFrame(): Buffer {
  return frame(FINAL_CLOSE, new Uint8Array(0))
}

/** Where the payload of a frame with so many bytes begins. */
export function headerLength(payloadLength: number): number {
  return payloadLength < MEDIUM ? MEDIUM_HEADER - 2 : MEDIUM_HEADER
}

function frame(opcode: number, payload: Uint8Array): Buffer {
  if (payload.length > 0xffff) {
    throw new RangeError(`expected a message of at most 65535 bytes, got ${payload.length}`)
  }
  const { length } = payload
  const sizes = length < MEDIUM ? [MASKED | length] : [MASKED | MEDIUM, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.of(opcode, ...sizes, ...KEY), masked(payload)])
}
