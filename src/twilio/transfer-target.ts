/**
 * Whom a call may be handed over to: a phone number, or a SIP address.
 * https://www.twilio.com/docs/voice/twiml/sip and RFC 3261, 19.1.1
 *
 * Of SIP addresses only the plain kind is read, strictly, because the domain found here is what is held against the
 * list of those allowed: the carrier must have no way to find another one in the same text. Hence no second `@`, no
 * password, no `maddr` (which says to send the call elsewhere), and no headers but an application's own.
 */

import { UsageError } from '../errors.ts'
import { excerpt } from './complaint.ts'
import { parsePhoneNumber, type PhoneNumber } from './phone-number.ts'

declare const brand: unique symbol

/** Such as `sip:alice@example.com;transport=tls`. ASCII, without spaces, under 255 characters. */
export type SipUri = string & { readonly [brand]: 'SipUri' }

export type TransferTarget =
  | { readonly kind: 'number'; readonly number: PhoneNumber }
  | {
      readonly kind: 'sip'
      readonly uri: SipUri
      /** In lower case, without the port. */
      readonly domain: string
    }

/** The carrier's limit, which excludes this number itself. */
const LENGTH_LIMIT = 255

const SCHEME = /^sips?:/i
/** Escapes, but none of a control character or of another `@`. */
const ESCAPED = '%(?!40|[01]|7[Ff])[0-9A-Fa-f]{2}'
/** Of what a user may have, `;`, `?` and `/` are left out: a hasty reader would take what is before them for a host. */
const USER = new RegExp(`^(?:[A-Za-z0-9\\-_.!~*'()&=+$,]|${ESCAPED})+$`)
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const DOMAIN = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`)
const ADDRESS_V6 = /^\[[0-9A-Fa-f:.]{2,45}\]$/
const PORT = /^[1-9]\d{0,4}$/
/** No percent sign, since what is forbidden by name could be spelt with one. */
const PARAMETER = /^[A-Za-z0-9\-_.!~*'+]+(?:=[A-Za-z0-9\-_.!~*'()[\]/:&+$]+)?$/
/** What the carrier passes on, and no more: `Route`, say, would send the call elsewhere. */
const HEADER = new RegExp(
  `^(?:x-[A-Za-z0-9-]{1,64}|user-to-user)=(?:[A-Za-z0-9\\-_.!~*'()[\\]/?:+$]|${ESCAPED})*$`,
  'i',
)

/**
 * Reads `+15551234567` (grouped as a phone number may be) or `sip:alice@example.com`.
 * Throws UsageError TRANSFER_TARGET_INVALID; the message does not repeat a number or the user of an address.
 */
export function parseTransferTarget(text: string): TransferTarget {
  if (SCHEME.test(text)) return parseSip(text)
  if (!text.startsWith('+')) throw invalid(text === '' ? 'nothing' : 'neither')
  try {
    return { kind: 'number', number: parsePhoneNumber(text) }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError('TRANSFER_TARGET_INVALID', error.message)
  }
}

/**
 * Whether calls may go to `domain`, as {@link parseTransferTarget} gives it: it is one of those allowed, in whatever
 * case they are written, or within one that is written `*.example.com`. With no domains, nothing is allowed.
 */
export function isSipDomainAllowed(domain: string, allowed: readonly string[]): boolean {
  const wanted = domain.toLowerCase()
  return allowed
    .map((each) => each.trim().toLowerCase())
    .some((each) => each !== '' && (each === wanted || (/^\*\../.test(each) && wanted.endsWith(each.slice(1)))))
}

function parseSip(text: string): TransferTarget {
  const wrong = objection(text)
  if (wrong !== undefined) throw invalid(wrong)
  const [, place = ''] = text.split('@')
  return { kind: 'sip', uri: text as SipUri, domain: authorityOf(place).host.toLowerCase() }
}

/** What is wrong with a text that begins as a SIP address. */
function objection(text: string): string | undefined {
  if (text.length >= LENGTH_LIMIT) return `${text.length} characters`
  const odd = /[^\x21-\x7e]/u.exec(text)
  if (odd !== null) return `a SIP address with ${JSON.stringify(odd[0])} in it`
  const [user = '', place, ...more] = text.replace(SCHEME, '').split('@')
  if (place === undefined) return 'a SIP address without a user'
  if (more.length > 0) return 'a SIP address with more than one @'
  if (!USER.test(user)) return 'a SIP address whose user has characters that none has'
  return objectionToPlace(place)
}

/** What follows the `@`: host, port, parameters, headers. */
function objectionToPlace(place: string): string | undefined {
  const { host, port, parameters, headers } = authorityOf(place)
  if (!DOMAIN.test(host) && !ADDRESS_V6.test(host)) return `a SIP address with the domain ${excerpt(host)}`
  if (port !== undefined && (!PORT.test(port) || Number(port) > 65_535))
    return `a SIP address with ${excerpt(port)} as its port`
  const parameter = parameters.find((each) => !PARAMETER.test(each) || /^maddr(?:=|$)/i.test(each))
  if (parameter !== undefined) return `a SIP address with the parameter ${excerpt(parameter)}`
  const header = headers.find((each) => !HEADER.test(each))
  return header === undefined ? undefined : `a SIP address with the header ${excerpt(header.split('=')[0])}`
}

interface Authority {
  readonly host: string
  readonly port: string | undefined
  readonly parameters: readonly string[]
  readonly headers: readonly string[]
}

function authorityOf(place: string): Authority {
  const mark = place.indexOf('?')
  const headers = mark < 0 ? [] : place.slice(mark + 1).split('&')
  const [hostAndPort = '', ...parameters] = (mark < 0 ? place : place.slice(0, mark)).split(';')
  const [, host = hostAndPort, port] = /^(\[[^\]]*\]|[^:]*):(.*)$/.exec(hostAndPort) ?? []
  return { host, port, parameters, headers }
}

function invalid(got: string): UsageError {
  return new UsageError(
    'TRANSFER_TARGET_INVALID',
    `expected a phone number such as +15551234567, or a SIP address such as sip:alice@example.com, got ${got}`,
  )
}
