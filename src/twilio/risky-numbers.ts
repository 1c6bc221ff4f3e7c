/**
 * Numbers that cost more than their country code lets one expect, or ring where nobody would look for them: what a thief
 * of a token dials first. A prefix as short as `+44` is not meant for them, so it does not allow them.
 *
 * The library knows premium, shared-cost and personal numbers of every country, as whole numbers; the table below adds
 * what it has no word for, by the first digits, so that a digit too many at the end hides nothing.
 */

import { type NumberType, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import type { PhoneNumber } from './phone-number.ts'

export interface Risk {
  /** As a noun, such as `a satellite number`. */
  readonly what: string
  /** The least that a prefix must say to allow the number: its first digits, or all of it. */
  readonly head: string
}

const PREMIUM = 'a premium-rate number'
const SHARED_COST = 'a shared-cost number'
const PERSONAL = 'a personal number'
const SATELLITE = 'a satellite number'
const INTERNATIONAL = 'a number of an international network'
const ELSEWHERE = 'a number of another country or territory within +1'
const SHORT = 'a short number'

/**
 * ITU-T E.164, list of assigned country codes: 870 Inmarsat, 881 Iridium and Globalstar, 882 and 883 networks without a
 * country (Thuraya is in 88216), 878 personal numbers, 808 shared cost, 979 premium, 888 disaster relief.
 * Within +1, NANPA: area codes outside the United States and Canada; 900, and 976 as area code or exchange, are premium.
 * +44, Ofcom's numbering plan: 09 premium, 084 and 087 by the called party's choice, 070 personal.
 * +61, ACMA's numbering plan: 014 satellite.
 */
const HEADS: readonly (readonly [what: string, head: RegExp])[] = [
  [SATELLITE, /^\+(?:870|881)/],
  [SATELLITE, /^\+6114/],
  [INTERNATIONAL, /^\+88[238]/],
  [PERSONAL, /^\+878/],
  [SHARED_COST, /^\+808/],
  [PREMIUM, /^\+979/],
  [PREMIUM, /^\+1(?:900|(?:\d{3})?976)/],
  [PREMIUM, /^\+44(?:9\d|8[47])/],
  [PERSONAL, /^\+4470/],
  [
    ELSEWHERE,
    /^\+1(?:2(?:42|46|6[48]|84)|34[05]|441|473|6(?:49|58|64|7[01]|84)|7(?:21|58|67|8[47])|8(?:09|29|49|6[89]|76)|939)/,
  ],
]

/** Of the library's types. */
const TYPES: Partial<Record<NonNullable<NumberType>, string>> = {
  PREMIUM_RATE: PREMIUM,
  SHARED_COST,
  PERSONAL_NUMBER: PERSONAL,
}

/** What makes a number premium or ordinary shows in as many digits after the country code. */
const TELLING_DIGITS = 3
/** Subscribers' numbers that are no longer are known to the library, on islands all of them. */
const SHORTEST_DIGITS = 7
/** Emergency and directory enquiries: no subscriber's number begins so where the library knows of none. */
const SERVICE_CODE = /^(?:11\d|[2-9]11|999)/

/** Undefined for a number that costs what others of its country do. */
export function riskOf(number: PhoneNumber): Risk | undefined {
  for (const [what, head] of HEADS) {
    const found = head.exec(number)
    if (found !== null) return { what, head: found[0] }
  }
  const parsed = parsePhoneNumberFromString(number)
  if (parsed === undefined) return undefined
  const { countryCallingCode: code, nationalNumber } = parsed
  const heads = code.length + 1 + TELLING_DIGITS
  if (parsed.isValid()) return ofType(parsed.getType(), number.slice(0, heads))
  if (nationalNumber.length < SHORTEST_DIGITS || SERVICE_CODE.test(nationalNumber)) return { what: SHORT, head: number }
  // Exchanges as a rule pass over digits that are dialled on top.
  for (let length = heads; length < number.length; length += 1) {
    const risk = ofType(parsePhoneNumberFromString(number.slice(0, length))?.getType(), number.slice(0, heads))
    if (risk !== undefined) return risk
  }
  return undefined
}

function ofType(type: NumberType, head: string): Risk | undefined {
  const what = type === undefined ? undefined : TYPES[type]
  return what === undefined ? undefined : { what, head }
}
