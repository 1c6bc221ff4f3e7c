import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { clearMessage, markMessage, mediaMessage } from '../../src/twilio/outbound-messages.ts'
import { STREAM_SID } from './wire-messages.ts'

describe('a message to the carrier', () => {
  it('media has exactly the documented keys', () => {
    const bytes = fc.uint8Array().map((audio) => Buffer.from(audio).toString('base64'))
    fc.assert(
      fc.property(bytes, (payload) => {
        const written = JSON.stringify({ event: 'media', streamSid: STREAM_SID, media: { payload } })
        expect(mediaMessage(STREAM_SID, payload)).toBe(written)
      }),
    )
  })

  it('mark has exactly the documented keys, and any name is escaped', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\u2028', '\ud800', '\n')),
        (name) => {
          const written = JSON.stringify({ event: 'mark', streamSid: STREAM_SID, mark: { name } })
          expect(markMessage(STREAM_SID, name)).toBe(written)
        },
      ),
    )
  })

  it('clear has nothing but its stream', () => {
    expect(clearMessage(STREAM_SID)).toBe(JSON.stringify({ event: 'clear', streamSid: STREAM_SID }))
  })
})
