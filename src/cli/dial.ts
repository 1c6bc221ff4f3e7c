import { setTimeout as sleep } from 'node:timers/promises'
import type { CallView } from '../call-view.ts'
import { ApiClient } from './api-client.ts'

export interface DialOptions {
  readonly server: string
  readonly agent?: string
  readonly from?: string
}

const LOOK_EVERY_MS = 250
const OVER = new Set(['ended', 'error'])

/** Places a call through a running server and prints its progress until it ends. True when it ended as it should. */
export async function dial(to: string, options: DialOptions): Promise<boolean> {
  const api = new ApiClient(options.server, process.env['CALLCHART_API_TOKEN'])
  let call = await api.dial({ to, agent: options.agent, from: options.from })
  process.on('SIGINT', () => void api.hangUp(call.id))
  process.stdout.write(`${call.id}  ${call.callSid ?? ''}\n`)
  let shown = ''
  for (;;) {
    const line = progressOf(call)
    if (line !== shown) process.stdout.write(`${new Date().toISOString()}  ${line}\n`)
    shown = line
    if (OVER.has(call.state)) return call.state === 'ended'
    await sleep(LOOK_EVERY_MS)
    call = await api.find(call.id)
  }
}

function progressOf({ state, reason, cause }: CallView): string {
  return [state, reason, cause].filter((part) => part !== null).join(' · ')
}
