import { fromPromise } from 'xstate'
import type { ChildInput } from '../../machines/index.ts'
import type { DialPacer } from '../dial-pacer.ts'
import type { SessionOf } from './call-session.ts'

/** The `turn` actor: waits until the carrier may be asked for one more call. A call that is given up leaves the queue. */
export function createTurnActor(sessionOf: SessionOf, pacer: DialPacer) {
  return fromPromise<void, ChildInput>(async ({ input, signal }) => {
    await pacer.take(signal, { id: input.callId })
    sessionOf(input.callId).hasTurn = true
  })
}
