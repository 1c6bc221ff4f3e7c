import * as fc from 'fast-check'
import {
  type CountryCode,
  getCountries,
  Metadata,
  type NumberType,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/max'
import { describe, expect, it } from 'vitest'
import { parsePhoneNumber, type PhoneNumber } from '../../src/twilio/phone-number.ts'
import { riskOf } from '../../src/twilio/risky-numbers.ts'

type Type = NonNullable<NumberType>

/** What this version of the library does in one numbering plan, for those who know its files. */
interface Plan {
  callingCode(): string
  type(type: Type): { pattern(): string | undefined } | undefined
}

const PLANS = getCountries().map((country) => ({ country, plan: planOf(country) }))

function planOf(country: CountryCode): Plan {
  const metadata = new Metadata()
  metadata.selectNumberingPlan(country)
  return (metadata as unknown as { readonly numberingPlan: Plan }).numberingPlan
}

/** Numbers of those types, of every country that has some. Where a trunk prefix is read into one, it is another number. */
function numbersOf(types: readonly Type[]): fc.Arbitrary<PhoneNumber> {
  const patterns = PLANS.flatMap(({ plan }) =>
    types.flatMap((type) => {
      const pattern = plan.type(type)?.pattern()
      return pattern === undefined || pattern === ''
        ? []
        : [{ code: plan.callingCode(), national: new RegExp(`^(?:${pattern})$`) }]
    }),
  )
  const texts = patterns.map(({ code, national }) => fc.stringMatching(national).map((digits) => `+${code}${digits}`))
  return fc
    .oneof(...texts)
    .map(readOrNone)
    .filter((number) => number !== undefined)
}

/** Of a country within +1. */
function fixedLinesOf(country: CountryCode): fc.Arbitrary<PhoneNumber> {
  const pattern = planOf(country).type('FIXED_LINE')?.pattern() ?? ''
  return fc.stringMatching(new RegExp(`^(?:${pattern})$`)).map((digits) => parsePhoneNumber(`+1${digits}`))
}

function isOrdinary(number: PhoneNumber): boolean {
  const type = parsePhoneNumberFromString(number)?.getType()
  return type !== undefined && !RISKY.includes(type)
}

function readOrNone(text: string): PhoneNumber | undefined {
  try {
    const number = parsePhoneNumber(text)
    return number === text ? number : undefined
  } catch {
    return undefined
  }
}

const RISKY: readonly Type[] = ['PREMIUM_RATE', 'SHARED_COST', 'PERSONAL_NUMBER']

/** What the table holds against numbers that the library takes for fixed lines and mobiles. */
const ALL_THE_SAME = [
  'a satellite number',
  'a number of an international network',
  'a number of another country or territory within +1',
]

describe('a number that may cost anything', () => {
  it.each([
    ['+870773111632', 'a satellite number', '+870'],
    ['+8816512345678', 'a satellite number', '+881'],
    ['+61147123456', 'a satellite number', '+6114'],
    ['+882161234567', 'a number of an international network', '+882'],
    ['+883510012345', 'a number of an international network', '+883'],
    ['+878101234567890', 'a personal number', '+878'],
    ['+80812345678', 'a shared-cost number', '+808'],
    ['+979123456789', 'a premium-rate number', '+979'],
    ['+19005551212', 'a premium-rate number', '+1900'],
    ['+19765551212', 'a premium-rate number', '+1976'],
    ['+12129765555', 'a premium-rate number', '+1212976'],
    ['+449098790000', 'a premium-rate number', '+4490'],
    ['+448431234567', 'a premium-rate number', '+4484'],
    ['+448712345678', 'a premium-rate number', '+4487'],
    ['+447012345678', 'a personal number', '+4470'],
    ['+33899123456', 'a premium-rate number', '+33899'],
    ['+4990012345678', 'a premium-rate number', '+49900'],
    ['+39892123', 'a premium-rate number', '+39892'],
    ['+15005551234', 'a personal number', '+1500'],
    ['+18765551234', 'a number of another country or territory within +1', '+1876'],
    ['+17875551234', 'a number of another country or territory within +1', '+1787'],
    // Directory enquiries of Germany and Austria, and an emergency number with digits to spare.
    ['+4911833', 'a short number', '+4911833'],
    ['+43118200', 'a short number', '+43118200'],
    ['+4911212345', 'a short number', '+4911212345'],
    ['+19115551234', 'a short number', '+19115551234'],
    ['+14115551234', 'a short number', '+14115551234'],
  ])('%s is %s, and wants at least %s', (text, what, head) => {
    expect(riskOf(parsePhoneNumber(text))).toEqual({ what, head })
  })

  it('is each number of every country that the library calls premium, shared-cost or personal (property)', () => {
    fc.assert(
      fc.property(numbersOf(RISKY), (number) => {
        const { head = '' } = riskOf(number) ?? {}
        expect(number.startsWith(head)).toBe(true)
        // More than a country code, which is what operators list.
        expect(head.length).toBeGreaterThanOrEqual(4)
      }),
      { numRuns: 3_000 },
    )
  })

  it('is no less one with a digit or two too many (property)', () => {
    const overdialled = fc.tuple(numbersOf(['PREMIUM_RATE']), fc.stringMatching(/^\d{1,2}$/))
    const numbers = overdialled
      .map(([number, more]) => readOrNone(number + more))
      .filter((number) => number !== undefined)
      // With the digits on top it may be somebody else's ordinary number: the library knows better than the rule.
      .filter((number) => !isOrdinary(number))
    fc.assert(
      fc.property(numbers, (number) => {
        expect(riskOf(number)).toBeDefined()
      }),
      { numRuns: 1_000 },
    )
  })

  it('is whatever lies within +1 and not in the United States or Canada, as the library knows them (differential)', () => {
    const within = PLANS.filter(({ plan }) => plan.callingCode() === '1')
    expect(within.length).toBeGreaterThan(20)
    for (const { country } of within) {
      const numbers = fc.sample(fixedLinesOf(country), { numRuns: 100, seed: 1 })
      // A number may be premium as well.
      const isElsewhere = (number: PhoneNumber) => riskOf(number)?.head.length === 5 && !number.startsWith('+1900')
      const strays = numbers.filter((number) => isElsewhere(number) === /^(?:US|CA)$/.test(country))
      expect(strays.filter((number) => !/^\+1\d{3}976/.test(number))).toEqual([])
    }
  })
})

describe('an ordinary number', () => {
  it.each([
    '+15551234567',
    '+15550100000',
    '+12125551234',
    '+18085551234',
    '+14165551234',
    '+18002345678',
    '+442079460958',
    '+447911123456',
    '+4930123456',
    '+4915112345678',
    '+61412345678',
    '+8801712345678',
    '+79991234567',
    // Short, and somebody's.
    '+29051234',
    '+6834001',
    '+50051234',
  ])('%s is none', (text) => {
    expect(riskOf(parsePhoneNumber(text))).toBeUndefined()
  })

  it('is none in any country, whether a fixed line or a mobile (property)', () => {
    fc.assert(
      fc.property(numbersOf(['FIXED_LINE', 'MOBILE']).filter(isOrdinary), (number) => {
        const { what } = riskOf(number) ?? {}
        expect([undefined, ...ALL_THE_SAME]).toContain(/^\+1\d{3}976/.test(number) ? undefined : what)
      }),
      { numRuns: 5_000 },
    )
  })
})
