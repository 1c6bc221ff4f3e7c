import { loadConfig } from '../config.ts'
import { createEndpoints } from '../endpoints.ts'
import { createSwitchboardCarrier } from '../switchboard.ts'
import { parsePhoneNumber } from '../twilio/phone-number.ts'

/** Points one of the account's numbers at a server: the one in PUBLIC_URL, or another public origin. */
export async function setNumber(phoneNumber: string, options: { readonly server?: string }): Promise<void> {
  const config = loadConfig({ ...process.env, ...(options.server === undefined ? {} : { PUBLIC_URL: options.server }) })
  const { voiceUrl } = createEndpoints(config.publicUrl)
  const number = await createSwitchboardCarrier(config).pointNumber(parsePhoneNumber(phoneNumber), voiceUrl)
  process.stdout.write(`${number.phoneNumber} now asks ${number.voiceUrl}\n`)
}
