import type { AnyActor } from 'xstate'
import { NEVER_MS } from '../../machines/index.ts'
import { childrenOf } from './chart-observer.ts'
import type { PendingTimer } from './wire.ts'

/** `xstate.after.DELAY.STATE`: a state's id has dots in it, a delay's name has none. */
const AFTER = /^xstate\.after\.[^.]+\.(.+)$/

/** What the chart, and the charts that it runs, are waiting for. */
export function pendingTimers(root: AnyActor): readonly PendingTimer[] {
  const { _scheduledEvents: events } = root.system.getSnapshot()
  const now = Date.now()
  const actors = new Set<unknown>([root, ...childrenOf(root.getSnapshot() as object).map(({ ref }) => ref)])
  return Object.values(events).flatMap(({ source, event, delay, startedAt }) => {
    const state = AFTER.exec(event.type)?.[1]
    // What never runs out unless somebody wishes it to is no wait.
    if (state === undefined || !actors.has(source) || delay === NEVER_MS) return []
    // Alternatives of one wait share it: the first stands for all.
    return [{ edge: `${state}/${event.type}/0`, leftMs: Math.max(0, startedAt + delay - now), ofMs: delay }]
  })
}
