import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DialLimiter } from '../../src/dial-limiter.ts'
import { AdmissionError } from '../../src/errors.ts'
import { DialPolicy } from '../../src/exchange/dial-policy.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'

function policyOf(allowedDestinations: readonly string[], perHour = 1_000): DialPolicy {
  const limiter = new DialLimiter(new VirtualClock(), { perHour, perNumberPerHour: perHour })
  return new DialPolicy({ limiter, allowedDestinations, allowedSipDomains: ['sip.example.com'] })
}

/** What the policy says of a number: undefined when it may be dialled. Anything else thrown is thrown on. */
function objectionOf(number: string, allowed: readonly string[]): string | undefined {
  try {
    policyOf(allowed).requireNumber(number)
    return undefined
  } catch (error) {
    if (error instanceof AdmissionError && error.code === 'DESTINATION_NOT_ALLOWED') return error.message
    throw error
  }
}

describe('an ordinary destination', () => {
  it.each([
    ['+15551234567', ['+1']],
    ['+15551234567', ['+44', '+1555']],
    ['+442079460958', ['+4']],
    ['+442079460958', ['+442079460958']],
    // However it is grouped, it is the number that counts.
    ['+44 (0)20 7946-0958', ['+4420']],
  ])('%s may be dialled with %j', (number, allowed) => {
    expect(objectionOf(number, allowed)).toBeUndefined()
  })

  it.each([
    ['+15551234567', []],
    ['+15551234567', ['+44', '+1666']],
    ['+442079460958', ['+4421', '+44207946095800']],
  ])('%s may not be dialled with %j', (number, allowed) => {
    expect(objectionOf(number, allowed)).toBe(
      `expected a destination that CALLCHART_ALLOWED_DESTINATIONS allows (${allowed.join(', ') || 'none'}), got another`,
    )
  })
})

describe('a destination that may cost anything', () => {
  it.each([
    ['+19005551212', ['+1'], 'a premium-rate number, which is allowed only by +1900 or a longer prefix'],
    ['+19005551212', ['+1', '+190'], 'a premium-rate number, which is allowed only by +1900 or a longer prefix'],
    ['+8816512345678', ['+8', '+88'], 'a satellite number, which is allowed only by +881 or a longer prefix'],
    ['+447012345678', ['+44', '+447'], 'a personal number, which is allowed only by +4470 or a longer prefix'],
    ['+4911833', ['+49', '+4911'], 'a short number, which is allowed only when it is listed in full'],
    [
      '+18765551234',
      ['+1', '+187'],
      'a number of another country or territory within +1, which is allowed only by +1876 or a longer prefix',
    ],
  ])('%s is not allowed by %j, and the rule is named', (number, allowed, got) => {
    expect(objectionOf(number, allowed)).toBe(
      `expected a destination that CALLCHART_ALLOWED_DESTINATIONS allows (${allowed.join(', ')}), got ${got}`,
    )
  })

  it.each([
    ['+19005551212', ['+1900']],
    ['+19005551212', ['+1', '+1900555', '+44']],
    ['+8816512345678', ['+881']],
    ['+447012345678', ['+44', '+4470']],
    ['+4911833', ['+49', '+4911833']],
    ['+18765551234', ['+1', '+1876']],
  ])('%s is allowed by the longest of %j', (number, allowed) => {
    expect(objectionOf(number, allowed)).toBeUndefined()
  })

  it('is refused as the target of a transfer, too, and is not counted', () => {
    const policy = policyOf(['+1'], 1)
    expect(() => policy.requireTarget('+1 900 555 1212')).toThrow(AdmissionError)
    expect(policy.requireTarget('+15551234567').kind).toBe('number')
    expect(() => policy.requireTarget('+15551234568')).toThrow(expect.objectContaining({ code: 'DIAL_LIMIT' }))
  })
})

describe('the list of destinations', () => {
  const risky = [
    '+1900',
    '+1876',
    '+44909',
    '+4470',
    '+33899',
    '+49900',
    '+881651',
    '+870773',
    '+49118',
    '+979',
    '+882',
  ]
  const heads = fc.constantFrom(...risky, '+1555', '+4420', '+4930', '+3314', '+39389')
  const digits = fc.stringMatching(/^\d{4,9}$/)
  const numbers = fc.tuple(heads, digits).map(([head, rest]) => head + rest)
  const read = numbers.filter((number) => isNumber(number))
  const lists = fc.array(
    fc.tuple(heads, fc.integer({ min: 2, max: 6 })).map(([head, length]) => head.slice(0, length)),
    { maxLength: 4 },
  )

  it('allows whatever it names in full, and nothing that it does not begin (property)', () => {
    fc.assert(
      fc.property(read, lists, (number, list) => {
        expect(objectionOf(number, [...list, number])).toBeUndefined()
        const others = list.filter((prefix) => !number.startsWith(prefix))
        expect(objectionOf(number, others)).toBeDefined()
      }),
      { numRuns: 500 },
    )
  })

  it('refuses nothing for being longer, in whatever order it stands, and never repeats the number (property)', () => {
    fc.assert(
      fc.property(read, lists, heads, (number, list, more) => {
        const objection = objectionOf(number, list)
        expect(objectionOf(number, list.toReversed())).toBe(
          objection?.replace(list.join(', ') || 'none', list.toReversed().join(', ') || 'none'),
        )
        const withMore = objectionOf(number, [...list, more])
        expect(objection === undefined && withMore !== undefined).toBe(false)
        expect(`${objection} ${withMore}`).not.toContain(number.slice(1))
      }),
      { numRuns: 500 },
    )
  })
})

function isNumber(text: string): boolean {
  try {
    return policyOf([text]).requireNumber(text) === text
  } catch {
    return false
  }
}
