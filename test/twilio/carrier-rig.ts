/** A carrier of ours that speaks to a server which says what the test wants. */

import { afterEach, expect } from 'vitest'
import type { Carrier } from '../../src/carrier.ts'
import { CarrierError } from '../../src/errors.ts'
import { createTwilioCarrier } from '../../src/twilio/rest.ts'
import { type CarrierServer, type Reply, startCarrierServer } from './carrier-server.ts'
import { ACCOUNT_SID, CALL_SID } from './wire-messages.ts'

export const CALLS_PATH = `/2010-04-01/Accounts/${ACCOUNT_SID}/Calls`
export const CALL_PATH = `${CALLS_PATH}/${CALL_SID}`

const running: CarrierServer[] = []

afterEach(async () => {
  for (const server of running.splice(0)) await server.close()
})

/** The replies come in turn, the last one from then on. */
export async function carrierAnswering(
  ...replies: [Reply, ...Reply[]]
): Promise<{ carrier: Carrier; server: CarrierServer }> {
  const server = await startCarrierServer(...replies)
  running.push(server)
  const carrier = createTwilioCarrier({ accountSid: ACCOUNT_SID, authToken: 'the-auth-token', apiUrl: server.url })
  return { carrier, server }
}

/** What the promise rejects with, which must be a CarrierError. */
export async function faultOf(promise: Promise<unknown>): Promise<CarrierError> {
  const fault: unknown = await promise.then(
    (value) => `it resolved with ${JSON.stringify(value)}`,
    (thrown: unknown) => thrown,
  )
  expect(fault).toBeInstanceOf(CarrierError)
  return fault as CarrierError
}
