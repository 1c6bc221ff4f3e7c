import { fromPromise } from 'xstate'
import type { ChildInput } from '../../machines/index.ts'
import type { SessionOf } from './call-session.ts'

/** The `release` actor: closes the socket and lets go of everything the call owns. */
export function createReleaseActor(sessionOf: SessionOf) {
  return fromPromise<void, ChildInput>(({ input }) => {
    sessionOf(input.callId).release()
    return Promise.resolve()
  })
}
