import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CarrierTime } from '../../src/media/carrier-time.ts'

describe('carrier time', () => {
  it('asks for no silence, or for more than 40 ms and at most 10 s, whatever timestamps come', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20_000, max: 90_000 })), (timestamps) => {
        const time = new CarrierTime()
        for (const timestamp of timestamps) {
          const gapMs = time.gapBefore(timestamp)
          expect(gapMs === 0 || (gapMs > 40 && gapMs <= 10_000)).toBe(true)
          time.noteDelivered(gapMs + 20)
        }
      }),
    )
  })

  it('is even with the timestamp again once a gap was filled, however long it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: 41, max: 9_000 }), (jump, gap) => {
        const time = new CarrierTime()
        for (const timestamp of [500, 520 + jump]) time.noteDelivered(time.gapBefore(timestamp) + 20)
        fc.pre(Math.abs(jump) > 40)
        expect(time.gapBefore(540 + jump)).toBe(0)
        expect(time.gapBefore(540 + jump + gap)).toBe(gap)
      }),
    )
  })
})
