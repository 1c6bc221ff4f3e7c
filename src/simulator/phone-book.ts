/** The account's phone numbers and the people at the far ends. */

import type { CalleePlan } from './callee.ts'
import type { Random } from './random.ts'
import type { HttpMethod } from './twiml-element.ts'

/** A number of the account, as `IncomingPhoneNumbers` has it. */
export interface OwnNumber {
  readonly sid: string
  /** E.164. */
  readonly phoneNumber: string
  voiceUrl: string
  voiceMethod: HttpMethod
  statusCallback: string
}

export class PhoneBook {
  readonly #random: Random
  readonly #numbers = new Map<string, OwnNumber>()
  readonly #plans = new Map<string, CalleePlan>()

  constructor(random: Random) {
    this.#random = random
  }

  get numbers(): OwnNumber[] {
    return [...this.#numbers.values()]
  }

  /** The number of the account, bought now if it was not before. */
  own(phoneNumber: string): OwnNumber {
    const known = this.#numbers.get(phoneNumber)
    if (known) return known
    const sid = this.#random.sid('PN')
    const number: OwnNumber = { sid, phoneNumber, voiceUrl: '', voiceMethod: 'POST', statusCallback: '' }
    this.#numbers.set(phoneNumber, number)
    return number
  }

  find(phoneNumber: string): OwnNumber | undefined {
    return this.#numbers.get(phoneNumber)
  }

  /** Of a telephone number or a SIP address. */
  plan(address: string): CalleePlan {
    return this.#plans.get(bareAddress(address)) ?? {}
  }

  program(address: string, plan: CalleePlan): void {
    this.#plans.set(bareAddress(address), plan)
  }
}

/** Whose telephone it is: a SIP address without its parameters and headers; a number is left as it is. */
export function bareAddress(address: string): string {
  return address.replace(/^(sips?:[^;?]*).*$/i, '$1')
}
