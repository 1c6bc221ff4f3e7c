import type { CallRow } from '../wire.ts'

export interface CallFilter {
  /** `all`, `live`, or the name of a top-level state. */
  readonly state: string
  /** Part of a number, an id, an agent's name or a reason. */
  readonly text: string
}

export function isLive({ endedAt }: CallRow): boolean {
  return endedAt === null
}

/** Those that are wanted, the newest first. */
export function filterCalls(calls: Iterable<CallRow>, filter: CallFilter): CallRow[] {
  const text = filter.text.trim().toLowerCase()
  return [...calls]
    .filter((call) => filter.state === 'all' || (filter.state === 'live' ? isLive(call) : call.state === filter.state))
    .filter((call) => text === '' || wordsOf(call).some((word) => word.toLowerCase().includes(text)))
    .toSorted((one, other) => other.startedAt - one.startedAt || (one.id < other.id ? 1 : -1))
}

function wordsOf({ id, callSid, from, to, agent, reason }: CallRow): string[] {
  return [id, callSid ?? '', from, to, agent, reason ?? '']
}
