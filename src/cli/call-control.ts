import { apiAt } from './api-client.ts'
import { standingOf } from './progress-words.ts'

/** What can be asked of a call that is under way, by our id or by CallSid. */

interface ControlOptions {
  readonly server: string
}

export interface TransferOptions extends ControlOptions {
  readonly agent?: string
  readonly from?: string
  readonly ringTimeout?: number
}

export async function hangUp(id: string, { server }: ControlOptions): Promise<void> {
  const call = await apiAt(server).hangUp(id)
  print(call.id, standingOf(call))
}

/** @param to E.164, or a SIP URI where the server allows its domain. */
export async function transfer(id: string, to: string, options: TransferOptions): Promise<void> {
  const { server, agent, from, ringTimeout: ringTimeoutSeconds } = options
  const call = await apiAt(server).transfer(id, { to, agent, from, ringTimeoutSeconds })
  print(call.id, `is being transferred to ${to}`)
}

export async function hold(id: string, { server }: ControlOptions): Promise<void> {
  print((await apiAt(server).hold(id)).id, 'is on hold')
}

export async function resume(id: string, { server }: ControlOptions): Promise<void> {
  print((await apiAt(server).resume(id)).id, 'is off hold')
}

function print(id: string, what: string): void {
  process.stdout.write(`${id}  ${what}\n`)
}
