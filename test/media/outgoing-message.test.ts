import { describe, expect, it } from 'vitest'
import { OutgoingMessage } from '../../src/media/outgoing-message.ts'

/** mu-law of a loud sample, and of silence. */
const [LOUD, SILENT] = [0x80, 0xff]

describe('an outgoing message', () => {
  it('grows up to its limit, and keeps what was written', () => {
    const message = new OutgoingMessage(800)
    message.reserve(100).fill(LOUD, 0, 100)
    message.reserve(800).fill(SILENT, 100, 800)
    expect([...message.first(800)]).toEqual(Array.from({ length: 800 }, (_, at) => (at < 100 ? LOUD : SILENT)))
  })

  it('of one length lies in one place, whatever is written', () => {
    const message = new OutgoingMessage(800)
    const sent = message.first(160)
    message.reserve(160).fill(LOUD, 0, 160)
    expect(message.first(160)).toBe(sent)
    expect(sent[159]).toBe(LOUD)
  })

  it('after growing sends what was written since', () => {
    const message = new OutgoingMessage(800)
    message.first(320)
    message.reserve(640).fill(LOUD, 0, 640)
    expect([...new Set(message.first(320))]).toEqual([LOUD])
  })

  it('tells the level of its end', () => {
    const message = new OutgoingMessage(800)
    message.reserve(320).fill(LOUD, 0, 160).fill(SILENT, 160, 320)
    message.first(320)
    expect(message.levelDbfs(160)).toBeLessThan(-80)
    expect(message.levelDbfs(320)).toBeGreaterThan(-10)
  })

  it('is no longer than its limit', () => {
    expect(() => new OutgoingMessage(800).reserve(801)).toThrow('expected a message of at most 800 bytes, got 801')
  })
})
