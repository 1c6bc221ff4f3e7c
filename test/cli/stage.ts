import { findFreePort } from '../../src/cli/free-port.ts'
import { createSimulatedCarrier } from '../../src/simulator/simulated-carrier.ts'
import { startCallchart } from './program.ts'

/** `callchart serve` in a process of its own, and a simulated carrier in ours, in real time. */

export const OUR_NUMBER = '+15550100000'
export const API_TOKEN = 'a-token-for-tests-only'

export interface StageOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export async function openStage({ args = [], env = {} }: StageOptions = {}) {
  const carrier = await createSimulatedCarrier()
  const port = String(await findFreePort())
  const url = `http://127.0.0.1:${port}`
  const server = startCallchart(['serve', ...args], {
    env: {
      PORT: port,
      PUBLIC_URL: url,
      TWILIO_ACCOUNT_SID: carrier.accountSid,
      TWILIO_AUTH_TOKEN: carrier.authToken,
      TWILIO_API_URL: carrier.url,
      TWILIO_FROM: OUR_NUMBER,
      CALLCHART_API_TOKEN: API_TOKEN,
      CALLCHART_ALLOWED_DESTINATIONS: '+1555',
      ...env,
    },
  })
  await server.says(/"msg":"listening"/)

  return {
    carrier,
    server,
    url,

    /** An inbound call whose stream is up. */
    async caller() {
      const caller = carrier.caller('+15551110001')
      const call = await caller.dials(OUR_NUMBER, { voiceUrl: `${url}/twiml` })
      await carrier.until(() => call.isStreaming, { what: 'the stream to be up' })
      return { caller, call }
    },

    async [Symbol.asyncDispose](): Promise<void> {
      await server[Symbol.asyncDispose]()
      await carrier.settled()
      for (const call of carrier.calls) if (!call.isOver) call.finish({ status: 'completed', by: 'carrier' })
      await carrier.close()
    },
  }
}
