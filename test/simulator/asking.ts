/** Asks the carrier's REST interface as any program would, with bare HTTP. */

import type { SimulatedCarrier } from '../../src/simulator/index.ts'

export interface Asked {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Headers
}

type Form = Record<string, string> | [string, string][]

/** With a form it is a POST; `auth` is `name:password`, by default the account's own. */
export async function ask(carrier: SimulatedCarrier, path: string, form?: Form, auth = ''): Promise<Asked> {
  const credentials = Buffer.from(auth || `${carrier.accountSid}:${carrier.authToken}`).toString('base64')
  const response = await fetch(`${carrier.url}/2010-04-01/Accounts/${carrier.accountSid}/${path}`, {
    method: form ? 'POST' : 'GET',
    headers: { authorization: `Basic ${credentials}` },
    ...(form ? { body: new URLSearchParams(form) } : {}),
  })
  const body: Record<string, unknown> = JSON.parse(await response.text())
  return { status: response.status, body, headers: response.headers }
}
