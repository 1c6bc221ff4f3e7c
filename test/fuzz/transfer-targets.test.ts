import * as fc from 'fast-check'
import { describe } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { longestPrefix, parsePhoneNumber } from '../../src/twilio/phone-number.ts'
import { isSipDomainAllowed, parseTransferTarget, type SipUri } from '../../src/twilio/transfer-target.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedText } from './mutated-text.ts'
import { must, verdictOf } from './verdict.ts'

const NUMBER = { of: UsageError, codes: ['PHONE_NUMBER_INVALID'] } as const
const TARGET = { of: UsageError, codes: ['TRANSFER_TARGET_INVALID'] } as const

const NUMBERS = [
  '+15557654321',
  '+1 (555) 765-4321',
  '+44 20 7946 0958',
  '+442079460958',
  '+358.9.123.456',
  '+19005550100',
  '+8816123456789',
  '+81312345678',
]
const CANARY = 'canary9f8e7d'
const ADDRESSES = [
  `sip:${CANARY}@example.com`,
  `sips:${CANARY}@acme.sip.twilio.com:5061;transport=tls?X-Ticket=42&x-name=A%20B`,
  `SIP:${CANARY}@Example.COM`,
  `sip:${CANARY}@[2001:db8::1]:5060;edge=dublin`,
]

/** The example that every message has in it is nobody's. */
const EXAMPLES = /\+15551234567|sip:alice@example\.com/g

/** A stretch of six digits and more of what was given. */
function mustNotRepeat(message: string, text: string): void {
  const own = message.replaceAll(EXAMPLES, '')
  const digits = text.replaceAll(/[^0-9]/g, '')
  const told = own.match(/\d{6,}/g) ?? []
  must(!told.some((run) => digits.includes(run)), `expected no number in a complaint, got ${message}`)
}

/** Several readings of where a SIP address leads, those of hasty programs too. */
function domainsIn(uri: string): string[] {
  const bare = uri.replace(/^sips?:/i, '').toLowerCase()
  const rest = bare.slice(bare.lastIndexOf('@') + 1)
  const first = bare.slice(bare.indexOf('@') + 1)
  const host = (text: string) => /^(?:\[[^\]]*\]|[^:;?/#]*)/.exec(text)?.[0] ?? ''
  const url = `http://${bare.replace(/[;?].*$/, '')}`
  // It writes addresses in its own way, and will not have every one that looks like one.
  const byUrl = /[a-z]/.test(host(rest)) && URL.canParse(url) && !rest.startsWith('[') ? [new URL(url).hostname] : []
  return [host(rest), host(first), host(unescape(rest)), ...byUrl]
}

describe('a phone number', () => {
  barrage('is E.164 and its own reading, or a PHONE_NUMBER_INVALID that does not repeat it', {
    cases: fc.oneof(mutatedText(NUMBERS), fc.stringMatching(/^\+[0-9 ().-]{0,20}$/), fc.string({ unit: 'binary' })),
    outcome: (text) => {
      const verdict = verdictOf(() => parsePhoneNumber(text), NUMBER)
      if (verdict.is === 'refused') {
        mustNotRepeat(verdict.message, text)
        return 'refused'
      }
      const { value: number } = verdict
      must(/^\+[1-9][0-9]{3,14}$/.test(number), `expected E.164, got ${number}`)
      must(parsePhoneNumber(number) === number, 'expected a number to read as itself')
      must(/^\+[0-9 ().-]{1,39}$/.test(text), 'expected nothing but digits and what groups them')
      // A trunk prefix may go; nothing is added, moved or exchanged.
      must(isWithin(number.slice(1), text), `expected the digits that were given, got ${number}`)
      const isAllowed = longestPrefix(number, ['+1555', '+44']) !== undefined
      must(isAllowed === /^\+(?:1555|44)/.test(number), 'expected nothing beyond the prefixes to be allowed')
      must(longestPrefix(number, ['']) === undefined, 'expected nothing to be allowed')
      return isAllowed ? 'allowed' : 'not allowed'
    },
    outcomes: ['allowed', 'not allowed', 'refused'],
  })

  growsLinearly('or a target takes time in proportion to its length', attempt, {
    digits: (size) => `+${'1'.repeat(size)}`,
    'blanks and digits': (size) => `+${'1 '.repeat(size / 2)}`,
    'a domain of labels': (size) => `sip:a@${'a.'.repeat(size / 2)}`,
    'a domain of dashes': (size) => `sip:a@a${'-'.repeat(size)}`,
    parameters: (size) => `sip:a@a${';a=b'.repeat(size / 4)}`,
    headers: (size) => `sip:a@a?${'x-a=%41&'.repeat(size / 8)}`,
    escapes: (size) => `sip:${'%41'.repeat(size / 3)}@a`,
    'at signs': (size) => `sip:${'@'.repeat(size)}`,
    brackets: (size) => `sip:a@${'['.repeat(size)}`,
  })
})

describe('a transfer target', () => {
  const domains = mutatedText(['example.com', 'a.example.com', '*.example.com'])

  barrage('is a number, or an address that leads where everybody says, or a TRANSFER_TARGET_INVALID', {
    cases: fc.oneof(mutatedText(ADDRESSES), mutatedText([...ADDRESSES, ...NUMBERS])),
    outcome: (text) => {
      const verdict = verdictOf(() => parseTransferTarget(text), TARGET)
      if (verdict.is === 'refused') {
        // Of an address the domain may be told, digits and all.
        if (text.startsWith('+')) mustNotRepeat(verdict.message, text)
        return 'refused'
      }
      const { value: target } = verdict
      if (target.kind === 'number') {
        must(target.number === parsePhoneNumber(text), 'expected the number that the text is')
        return 'a number'
      }
      const { uri, domain } = target
      must(uri === text && uri.length < 255 && /^sips?:[!-~]+$/i.test(uri), 'expected the text itself, in ASCII')
      must(uri.split('@').length === 2 && !/[;?&](?:maddr|route)=/i.test(uri), 'expected one way to read it')
      const others = domainsIn(uri)
      must(
        others.every((other) => other === domain),
        `expected all to read ${domain}, got ${others.join(', ')}`,
      )
      must(isSipDomainAllowed(domain, [domain.toUpperCase()]), 'expected a domain that is named to be allowed')
      must(!isSipDomainAllowed(domain, []) && !isSipDomainAllowed(domain, ['', '*', '*.']), 'expected none to be none')
      return 'an address'
    },
    outcomes: ['a number', 'an address', 'refused'],
  })

  barrage('that is refused says nothing of its user', {
    cases: mutatedText(ADDRESSES.map((address) => address.slice(address.indexOf('@')))),
    outcome: (place) => {
      const verdict = verdictOf(() => parseTransferTarget(`sip:${CANARY}${place}`), TARGET)
      if (verdict.is === 'read') return 'read'
      must(!verdict.message.includes(CANARY), `expected no user in a complaint, got ${verdict.message}`)
      return 'refused'
    },
    outcomes: ['read', 'refused'],
  })

  barrage('goes to no domain but those allowed and, with an asterisk, those below', {
    cases: fc.tuple(domains, fc.oneof(fc.constantFrom('example.com', '*.example.com'), domains)),
    outcome: ([domain, allowed]) => {
      if (!isSipDomainAllowed(domain, [allowed])) return 'refused'
      const pattern = allowed.trim().toLowerCase()
      const wanted = domain.toLowerCase()
      const isBelow = pattern.startsWith('*.') && pattern.length > 2 && wanted.endsWith(pattern.slice(1))
      must(pattern !== '' && (wanted === pattern || isBelow), `expected ${domain} to be refused by ${allowed}`)
      must(!isBelow || wanted.length > pattern.length - 1 || wanted === pattern.slice(1), 'expected a domain below')
      return isBelow ? 'below' : 'named'
    },
    outcomes: ['named', 'below', 'refused'],
  })
})

/** Whether the characters come in that order in the text. */
function isWithin(characters: string, text: string): boolean {
  let at = -1
  for (const character of characters) {
    at = text.indexOf(character, at + 1)
    if (at < 0) return false
  }
  return true
}

function attempt(text: string): SipUri | string {
  verdictOf(() => parsePhoneNumber(text), NUMBER)
  return verdictOf(() => parseTransferTarget(text), TARGET).is
}
