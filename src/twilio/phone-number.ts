/**
 * Phone numbers as E.164, and which of them may be dialled.
 *
 * A number is accepted when it is *possible* (its country exists and its length fits), not only when it is known to be
 * assigned: numbering plans move faster than any table, and the numbers of tests and documentation, +15005550006 and
 * +15551234567, are assigned to nobody.
 */

// The largest of the library's tables, which tells what kind a number is; one of them in memory is enough.
import { parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { UsageError } from '../errors.ts'

declare const brand: unique symbol

/** E.164: `+` and at most fifteen ASCII digits. */
export type PhoneNumber = string & { readonly [brand]: 'PhoneNumber' }

/** Long enough for fifteen digits with punctuation between them. */
const LONGEST_TEXT = 40

/**
 * Reads a number with its country code; spaces, hyphens, dots and parentheses may group the digits.
 * Throws UsageError PHONE_NUMBER_INVALID. The message says what is wrong with the number but does not repeat it.
 */
export function parsePhoneNumber(text: string): PhoneNumber {
  const wrong = objection(text)
  if (wrong !== undefined) throw invalid(wrong)
  const parsed = parsePhoneNumberFromString(text, { extract: false })
  if (parsed === undefined) throw invalid('one whose country code or length does not exist')
  if (!parsed.isPossible()) throw invalid(`one too short or too long for +${parsed.countryCallingCode}`)
  const number: string = parsed.number
  if (!isE164(number)) throw invalid('one that is too long')
  // A trunk prefix (the 0 of +44 (0)20...) is taken off; where another comes to light, nobody can say what was meant.
  if (parsePhoneNumberFromString(number)?.number !== number) throw invalid('one that can be read in two ways')
  return number
}

function isE164(text: string): text is PhoneNumber {
  return /^\+[1-9][0-9]{1,14}$/.test(text)
}

/** What a look at the characters shows; the library would quietly read other scripts' digits, and extensions. */
function objection(text: string): string | undefined {
  if (text === '') return 'nothing'
  if (text.length > LONGEST_TEXT) return `${text.length} characters`
  if (!text.startsWith('+')) return 'one without a leading +'
  const odd = /[^0-9 ().-]/u.exec(text.slice(1))
  return odd === null ? undefined : `one with ${JSON.stringify(odd[0])} in it`
}

function invalid(got: string): UsageError {
  return new UsageError(
    'PHONE_NUMBER_INVALID',
    `expected a phone number in E.164 form such as +15551234567, got ${got}`,
  )
}

/** The longest of the prefixes that the number begins with; undefined when there is none. */
export function longestPrefix(number: PhoneNumber, prefixes: readonly string[]): string | undefined {
  const matching = prefixes.filter((prefix) => prefix !== '' && number.startsWith(prefix))
  return matching.toSorted((a, b) => b.length - a.length)[0]
}
