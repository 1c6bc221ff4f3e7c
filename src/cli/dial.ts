import type { CallView } from '../call-view.ts'
import type { MachineDetection } from '../carrier.ts'
import { messageOf } from '../errors.ts'
import type { Progress } from '../http/progress-desk.ts'
import { parsePhoneNumber } from '../twilio/phone-number.ts'
import { type ApiClient, apiAt } from './api-client.ts'
import { followCall } from './follow-call.ts'
import { ProgressWords } from './progress-words.ts'
import { toLocalTime } from './times.ts'

export interface DialOptions {
  readonly server: string
  readonly agent?: string
  readonly from?: string
  readonly machineDetection?: MachineDetection
  readonly record?: true
  readonly json?: boolean
}

/**
 * Places a call through a running server and prints its progress until it ends; Ctrl-C hangs up, and once more leaves at
 * once. True when it ended without a fault: that nobody answered is none.
 */
export async function dial(number: string, { server, json, ...options }: DialOptions): Promise<boolean> {
  const { agent, from, machineDetection, record } = options
  const to = parsePhoneNumber(number)
  const api = apiAt(server)
  const placing = api.dial({ to, agent, from, machineDetection, record })
  hangUpOnInterrupt(api, placing)
  let call = await placing
  const print = json === true ? printJson : printerOfWords()
  if (json === true) write(JSON.stringify({ type: 'dialled', ...call }))
  else write(`${call.id}  ${call.callSid ?? ''}`)
  for await (const progress of followCall(api, call.id)) {
    print(progress)
    if (progress.type === 'end') ({ call } = progress)
  }
  return call.state === 'ended'
}

function hangUpOnInterrupt(api: ApiClient, placing: Promise<CallView>): void {
  process.once('SIGINT', () => {
    // Why there is no call to hang up is told by whoever waits for it.
    placing.then(({ id }) => api.hangUp(id).catch(complain)).catch(() => {})
  })
}

function complain(error: unknown): void {
  process.stderr.write(`callchart: ${messageOf(error)}\n`)
}

function printJson(progress: Progress): void {
  write(JSON.stringify(progress.type === 'end' ? { type: 'end', ...progress.call } : progress))
}

function printerOfWords(): (progress: Progress) => void {
  const words = new ProgressWords()
  return (progress) => {
    const line = words.lineOf(progress)
    const at = progress.type === 'end' ? progress.call.endedAt : progress.at
    if (line !== undefined) write(`${toLocalTime(at)}  ${line}`)
  }
}

function write(line: string): void {
  process.stdout.write(`${line}\n`)
}
