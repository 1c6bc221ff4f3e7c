import { setTimeout as sleep } from 'node:timers/promises'
import type { CallView } from '../call-view.ts'
import { messageOf } from '../errors.ts'
import { parsePhoneNumber } from '../twilio/phone-number.ts'
import { ApiClient } from './api-client.ts'

export interface DialOptions {
  readonly server: string
  readonly agent?: string
  readonly from?: string
}

const LOOK_EVERY_MS = 250

/**
 * Places a call through a running server and prints its progress until it ends; Ctrl-C hangs up. True when it ended
 * without a fault: that nobody answered is none.
 */
export async function dial(number: string, { server, agent, from }: DialOptions): Promise<boolean> {
  const to = parsePhoneNumber(number)
  const api = new ApiClient(server, process.env['CALLCHART_API_TOKEN'])
  let call = await api.dial({ to, agent, from })
  process.on('SIGINT', () => {
    api.hangUp(call.id).catch((error: unknown) => process.stderr.write(`callchart: ${messageOf(error)}\n`))
  })
  process.stdout.write(`${call.id}  ${call.callSid ?? ''}\n`)
  let shown = ''
  for (;;) {
    const line = progressOf(call)
    if (line !== shown) process.stdout.write(`${new Date().toISOString()}  ${line}\n`)
    shown = line
    if (call.endedAt !== null) return call.state === 'ended'
    await sleep(LOOK_EVERY_MS)
    call = await api.find(call.id)
  }
}

function progressOf({ state, reason, cause }: CallView): string {
  return [state, reason, cause].filter((part) => part !== null).join(' · ')
}
