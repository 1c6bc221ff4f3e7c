import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DialLimits, DialLimiter } from '../src/dial-limiter.ts'
import { AdmissionError } from '../src/errors.ts'

const HOUR_MS = 3_600_000

/** A limiter on a clock that the test sets, and a dial that says whether it was let through. */
function limited(limits: DialLimits) {
  const time = { now: 0 }
  const clock = { now: () => time.now, setTimeout: () => undefined, clearTimeout: () => undefined }
  const limiter = new DialLimiter(clock, limits)
  const dial = (to: string): string => {
    try {
      limiter.admit(to)
      return 'ok'
    } catch (error) {
      if (error instanceof AdmissionError) return error.code
      throw error
    }
  }
  return { time, limiter, dial }
}

describe('a dial limiter', () => {
  it('lets as many calls through in an hour as the node may make, to whomever', () => {
    const { dial } = limited({ perHour: 3, perNumberPerHour: 3 })
    expect(['+1', '+2', '+3', '+4'].map(dial)).toEqual(['ok', 'ok', 'ok', 'DIAL_LIMIT'])
  })

  it('lets fewer through to one number, and does not hold that against another', () => {
    const { dial } = limited({ perHour: 100, perNumberPerHour: 2 })
    expect(['+1', '+1', '+1', '+2', '+1'].map(dial)).toEqual(['ok', 'ok', 'DIAL_LIMIT', 'ok', 'DIAL_LIMIT'])
  })

  it('counts nothing that it refused', () => {
    const { time, dial } = limited({ perHour: 2, perNumberPerHour: 1 })
    dial('+1')
    for (let count = 0; count < 10; count += 1) expect(dial('+1')).toBe('DIAL_LIMIT')
    expect(dial('+2')).toBe('ok')
    time.now = HOUR_MS
    expect(dial('+1')).toBe('ok')
  })

  it('forgets a call after sixty minutes, to the millisecond', () => {
    const { time, dial } = limited({ perHour: 1, perNumberPerHour: 1 })
    time.now = 500
    dial('+1')
    time.now = 500 + HOUR_MS - 1
    expect(dial('+2')).toBe('DIAL_LIMIT')
    time.now = 500 + HOUR_MS
    expect(dial('+2')).toBe('ok')
  })

  it.each([
    { perHour: 0, perNumberPerHour: 9 },
    { perHour: 9, perNumberPerHour: 0 },
  ])('lets nothing through with a limit of none: %o', (limits) => {
    expect(limited(limits).dial('+1')).toBe('DIAL_LIMIT')
  })

  it('says which limit it was, and not whose number', () => {
    const { limiter } = limited({ perHour: 5, perNumberPerHour: 1 })
    limiter.admit('+15551234567')
    expect(() => limiter.admit('+15551234567')).toThrow('expected at most 1 calls an hour to one number, got one more')
  })

  it('never lets more through in any hour than either limit says, and never refuses without need (property)', () => {
    const limits = { perHour: 5, perNumberPerHour: 2 }
    const dials = fc.array(
      fc.record({ wait: fc.integer({ min: 0, max: HOUR_MS }), to: fc.constantFrom('+1', '+2', '+3', '+4') }),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(dials, (wanted) => {
        const { time, dial } = limited(limits)
        const placed: { to: string; at: number }[] = []
        for (const { wait, to } of wanted) {
          time.now += wait
          const lately = placed.filter(({ at }) => time.now - at < HOUR_MS)
          const toThisNumber = lately.filter((each) => each.to === to)
          const isAllowed = lately.length < limits.perHour && toThisNumber.length < limits.perNumberPerHour
          expect(dial(to)).toBe(isAllowed ? 'ok' : 'DIAL_LIMIT')
          if (isAllowed) placed.push({ to, at: time.now })
        }
      }),
    )
  })
})
