import { Buffer } from 'node:buffer'
import * as fc from 'fast-check'
import { describe } from 'vitest'
import { textFrame } from '../../src/sockets/text-frame.ts'
import { clearMessage, markMessage, mediaMessage } from '../../src/twilio/outbound-messages.ts'
import { STREAM_SID } from '../twilio/wire-messages.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedText } from './mutated-text.ts'
import { isUtf8 } from './utf8.ts'
import { must } from './verdict.ts'

/** Keys in their order and what they hold: an extra one would be answered with a warning. */
function mustSay(text: string, expected: object): void {
  must(JSON.stringify(JSON.parse(text)) === JSON.stringify(expected), `expected the documented keys, got ${text}`)
}

/** The text of a frame as RFC 6455, 5.2, has it, read by other code than wrote it. */
function textIn(frame: Buffer): string {
  must(frame[0] === 0x81, 'expected a whole text, got another kind of frame')
  const short = frame[1] ?? 0
  must(short <= 126, 'expected neither a mask nor eight bytes of length')
  const [length, head] = short === 126 ? [frame.readUInt16BE(2), 4] : [short, 2]
  must(frame.length === head + length, `expected ${head + length} bytes, got ${frame.length}`)
  must(short < 126 || length > 125, 'expected the shortest way to write the length')
  return frame.subarray(head).toString('latin1')
}

describe('a message to the carrier', () => {
  barrage('of audio is text of the documented keys, and a frame that holds it whole or not at all', {
    cases: fc.oneof(
      { arbitrary: fc.uint8Array({ maxLength: 400 }), weight: 4 },
      { arbitrary: fc.nat(60_000).map((length) => new Uint8Array(length).fill(length)), weight: 1 },
    ),
    outcome: (audio) => {
      const payload = Buffer.from(audio).toString('base64')
      const text = mediaMessage(STREAM_SID, payload)
      mustSay(text, { event: 'media', streamSid: STREAM_SID, media: { payload } })
      const frame = textFrame(text)
      if (frame === undefined) {
        must(text.length > 0xffff, 'expected a frame for a text that fits into one')
        return 'too long for a frame'
      }
      must(textIn(Buffer.from(frame, 'latin1')) === text, 'expected the text back')
      return 'a frame'
    },
    outcomes: ['a frame', 'too long for a frame'],
  })

  barrage('with a mark brings its name back, whatever it is', {
    cases: fc.oneof(
      mutatedText(['greeting', 'a "name"', 'half a \ud83d', '{"event":"clear"}']),
      fc.string({ unit: 'binary' }),
    ),
    outcome: (name) => {
      const text = markMessage(STREAM_SID, name)
      mustSay(text, { event: 'mark', streamSid: STREAM_SID, mark: { name } })
      // A lone surrogate has no place in UTF-8, which the socket is made of.
      must(isUtf8(text), 'expected text that a socket can carry')
      mustSay(clearMessage(STREAM_SID), { event: 'clear', streamSid: STREAM_SID })
      return isUtf8(name) ? 'a name' : 'a name with half a character'
    },
    outcomes: ['a name', 'a name with half a character'],
  })

  growsLinearly(
    'takes time in proportion to its length',
    (payload: string) => textFrame(mediaMessage(STREAM_SID, payload)) ?? markMessage(STREAM_SID, payload),
    { audio: (size) => 'A'.repeat(size), 'a name to be escaped': (size) => '\ud800"'.repeat(size / 2) },
    8_000,
  )
})
