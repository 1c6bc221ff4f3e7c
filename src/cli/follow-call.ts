import { setTimeout as sleep } from 'node:timers/promises'
import type { CallView } from '../call-view.ts'
import type { Progress } from '../http/progress-desk.ts'
import type { ApiClient } from './api-client.ts'
import { ServerUnreachable } from './command-failure.ts'

/** As the server asks for in `retry`. */
const RETRY_MS = 1_000
/** A server that is restarted has lost its live calls, but can tell what became of them. */
const MOST_FAILURES = 15

/**
 * What happens in a call, until its end. When the connection breaks, a look at the call says what was missed, and another
 * connection is tried, again and again. Rejects with CommandFailure when there is no server, or no such call, any more.
 */
export async function* followCall(
  api: Pick<ApiClient, 'progress' | 'find'>,
  id: string,
  retryMs = RETRY_MS,
): AsyncGenerator<Progress> {
  let known = ''
  for (let failures = 0; ;) {
    try {
      for await (const progress of api.progress(id)) {
        failures = 0
        if (progress.type === 'state') known = progress.state
        yield progress
        if (progress.type === 'end') return
      }
    } catch {
      // Whatever broke the connection: the look that follows tells whether there still is a call to follow.
    }
    try {
      const call = await api.find(id)
      failures = 0
      if (call.endedAt !== null) {
        yield { type: 'end', call }
        return
      }
      if (call.state !== known) yield toState(call)
      known = call.state
    } catch (error) {
      failures += 1
      if (!(error instanceof ServerUnreachable) || failures >= MOST_FAILURES) throw error
    }
    await sleep(retryMs)
  }
}

function toState({ state, reason }: CallView): Progress {
  return { type: 'state', state, path: state, reason, at: new Date().toISOString() }
}
