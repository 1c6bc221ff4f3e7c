import { fromPromise } from 'xstate'
import type { ChildInput } from '../../machines/index.ts'
import type { SessionOf } from './call-session.ts'
import { CallHandle } from './call-handle.ts'

/** The `agent` actor: runs the user's code, with a signal that is aborted when the call leaves `active`. */
export function createAgentActor(sessionOf: SessionOf) {
  return fromPromise<void, ChildInput>(async ({ input, signal }) => {
    const session = sessionOf(input.callId)
    const call = new CallHandle(session, {
      // The chart's own signal, and the session's: a chart that died aborts nothing.
      signal: AbortSignal.any([signal, session.signal]),
      hangUp: (now) => session.send({ type: now ? 'call.hangUp' : 'call.finish', reason: 'agent finished' }),
    })
    await Promise.race([session.within(() => session.agent(call)), session.listenerFault])
  })
}
