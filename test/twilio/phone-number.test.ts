import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { longestPrefix, parsePhoneNumber } from '../../src/twilio/phone-number.ts'

/** The number, or the message it is refused with; anything else thrown is thrown on. */
function read(text: string): { number?: string; refused?: string } {
  try {
    return { number: parsePhoneNumber(text) }
  } catch (error) {
    if (error instanceof UsageError && error.code === 'PHONE_NUMBER_INVALID') return { refused: error.message }
    throw error
  }
}

describe('a phone number', () => {
  it.each([
    ['+15551234567', '+15551234567'],
    ['+15005550006', '+15005550006'],
    ['+442079460958', '+442079460958'],
    ['+1 (555) 123-4567', '+15551234567'],
    ['+44 20 7946 0958', '+442079460958'],
    ['+358.9.123.456', '+3589123456'],
  ])('%s is read as %s', (text, number) => {
    expect(parsePhoneNumber(text)).toBe(number)
  })

  it.each([
    ['', 'nothing'],
    ['15551234567', 'one without a leading +'],
    ['911', 'one without a leading +'],
    ['sip:alice@example.com', 'one without a leading +'],
    ['tel:+15551234567', 'one without a leading +'],
    [' +15551234567', 'one without a leading +'],
    ['＋15551234567', 'one without a leading +'],
    ['+١٥٥٥١٢٣٤٥٦٧', 'one with "١" in it'],
    ['+１5551234567', 'one with "１" in it'],
    ['+15551234567,wwww1', 'one with "," in it'],
    ['+15551234567x89', 'one with "x" in it'],
    ['+15551234567;ext=89', 'one with ";" in it'],
    ['+1-800-FLOWERS', 'one with "F" in it'],
    ['+15551234567\n', 'one with "\\n" in it'],
    ['++15551234567', 'one with "+" in it'],
    ['+1911', 'one too short or too long for +1'],
    ['+155512345678', 'one too short or too long for +1'],
    ['+44112', 'one too short or too long for +44'],
    ['+9500000000', 'one that can be read in two ways'],
    ['+', 'one whose country code or length does not exist'],
    ['+999123456789', 'one whose country code or length does not exist'],
    ['+1'.padEnd(60, '5'), '60 characters'],
  ])('%j is refused: %s', (text, got) => {
    expect(() => parsePhoneNumber(text)).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        code: 'PHONE_NUMBER_INVALID',
        message: `expected a phone number in E.164 form such as +15551234567, got ${got}`,
      }),
    )
  })

  it('once read, is E.164 and reads as itself; anything else is a UsageError that does not repeat it (property)', () => {
    const characters = fc.constantFrom(...'0123456789 ().-'.split(''))
    const numbers = fc.array(characters, { maxLength: 18 }).map((rest) => `+${rest.join('')}`)
    fc.assert(
      fc.property(fc.oneof(numbers, numbers, fc.string({ unit: 'binary' })), (text) => {
        const { number, refused } = read(text)
        expect(number ?? '+1000').toMatch(/^\+[1-9][0-9]{3,14}$/)
        expect(read(number ?? '').number).toBe(number)
        // The example number in every message is nobody's.
        const own = refused?.replace('+15551234567', '')
        expect(text.length > 3 && own?.includes(text)).toBeFalsy()
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('the longest prefix', () => {
  const number = parsePhoneNumber('+442079460958')

  it('is the one that says most of those the number begins with, wherever it stands in the list', () => {
    expect(longestPrefix(number, ['+4420', '+1', '+44'])).toBe('+4420')
    expect(longestPrefix(number, ['+44', '+4420', '+1'])).toBe('+4420')
    expect(longestPrefix(number, ['+44', number])).toBe(number)
  })

  it('is none where the number begins with none, and an empty one is none', () => {
    for (const prefixes of [['+4421', '+1', '44'], [''], []]) expect(longestPrefix(number, prefixes)).toBeUndefined()
  })
})
