import { fromPromise } from 'xstate'
import type { ChildInput } from '../../machines/index.ts'
import type { SessionOf } from './call-session.ts'
import { CallHandle } from './call-handle.ts'

/** The `agent` actor: runs the user's code, with a signal that is aborted when the call leaves `active`. */
export function createAgentActor(sessionOf: SessionOf) {
  return fromPromise<void, ChildInput>(async ({ input, signal }) => {
    const session = sessionOf(input.callId)
    const ending = new AbortController()
    const call = new CallHandle(session, {
      signal: ending.signal,
      hangUp: (now) => session.send({ type: now ? 'call.hangUp' : 'call.finish', reason: 'agent finished' }),
    })
    signal.addEventListener('abort', () => ending.abort(signal.reason))
    await new Promise<void>((resolve, reject) => {
      // A chart that died aborts nothing: the session does. `AbortSignal.any` would take a kilobyte more for each call.
      session.attend({ end: (reason) => ending.abort(reason), fail: reject })
      session.within(() => session.agent(call)).then(resolve, reject)
    })
  })
}
