import type { DialLimiter } from '../dial-limiter.ts'
import { AdmissionError } from '../errors.ts'
import { longestPrefix, parsePhoneNumber, type PhoneNumber } from '../twilio/phone-number.ts'
import { riskOf } from '../twilio/risky-numbers.ts'
import { isSipDomainAllowed, parseTransferTarget, type TransferTarget } from '../twilio/transfer-target.ts'

export interface DialPolicyOptions {
  readonly limiter: DialLimiter
  /** E.164 prefixes; none means nothing may be dialled. */
  readonly allowedDestinations: readonly string[]
  readonly allowedSipDomains: readonly string[]
}

/** Whom this node may have called: it is asked for whatever costs money, whoever wants it. */
export class DialPolicy {
  readonly #options: DialPolicyOptions

  constructor(options: DialPolicyOptions) {
    this.#options = options
  }

  /** Throws UsageError `PHONE_NUMBER_INVALID`, or AdmissionError `DESTINATION_NOT_ALLOWED`. */
  requireNumber(text: string): PhoneNumber {
    const number = parsePhoneNumber(text)
    this.#requireAllowed(number)
    return number
  }

  /** The same for a number or a SIP URI; counts it. Throws UsageError or AdmissionError. */
  requireTarget(text: string): TransferTarget {
    const target = parseTransferTarget(text)
    if (target.kind === 'number') this.#requireAllowed(target.number)
    else this.#requireDomain(target.domain)
    this.count(target.kind === 'number' ? target.number : target.uri)
    return target
  }

  /** Counts one dial. Throws AdmissionError `DIAL_LIMIT`, and counts nothing, when it would be one too many. */
  count(to: string): void {
    this.#options.limiter.admit(to)
  }

  /** A number that may cost anything wants a prefix that is meant for it: one that reaches as far as its risk does. */
  #requireAllowed(number: PhoneNumber): void {
    const { allowedDestinations: allowed } = this.#options
    const prefix = longestPrefix(number, allowed)
    if (prefix === undefined) throw notAllowed('DESTINATIONS', allowed, 'another')
    const risk = riskOf(number)
    if (risk === undefined || prefix.length >= risk.head.length) return
    // Of a number that it would have to name in full, nothing is repeated.
    const least = risk.head === number ? 'only when it is listed in full' : `only by ${risk.head} or a longer prefix`
    throw notAllowed('DESTINATIONS', allowed, `${risk.what}, which is allowed ${least}`)
  }

  #requireDomain(domain: string): void {
    const { allowedSipDomains } = this.#options
    if (!isSipDomainAllowed(domain, allowedSipDomains)) throw notAllowed('SIP_DOMAINS', allowedSipDomains, 'another')
  }
}

function notAllowed(what: 'DESTINATIONS' | 'SIP_DOMAINS', allowed: readonly string[], got: string): AdmissionError {
  return new AdmissionError(
    'DESTINATION_NOT_ALLOWED',
    `expected a destination that CALLCHART_ALLOWED_${what} allows (${allowed.join(', ') || 'none'}), got ${got}`,
  )
}
