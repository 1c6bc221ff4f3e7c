import type { Clock } from '../clock.ts'
import type { SimulatedCall } from '../simulator/call.ts'
import type { Person } from '../simulator/person.ts'
import { sleep } from '../simulator/waiting.ts'
import type { Performance } from './performance.ts'
import type { TargetPlan } from './plan.ts'
import type { Stage } from './stage.ts'

const LOOK_MS = 20

/** Whom a call may be handed over to from now on, who talks for a while if it comes to that. */
export function meetTarget(
  performance: Performance,
  { number, outcome, answersAfterMs, hangsUp, talkMs }: TargetPlan & { readonly number: string },
  { carrier, clock }: Stage,
): void {
  const target = carrier.callee(number, { outcome, answersAfterMs })
  target.call = undefined
  const { call } = performance
  const meet = async (legs: readonly SimulatedCall[]): Promise<void> => {
    const leg = call === undefined ? undefined : await nextLeg(target, { call, legs, clock })
    if (leg === undefined) return
    performance.targets.push(leg)
    while (leg.answeredAt === undefined && !leg.isOver) await sleep(clock, LOOK_MS, leg.over)
    // A transfer that was asked for twice rings twice.
    if (leg.answeredAt === undefined) return meet([...legs, leg])
    await sleep(clock, talkMs, leg.over)
    const other = hangsUp === 'person' ? call : leg
    if (!leg.isOver && other !== undefined) hangUp(other)
  }
  void meet([])
}

interface Waiting {
  readonly call: SimulatedCall
  /** Of those who have been rung already. */
  readonly legs: readonly SimulatedCall[]
  readonly clock: Clock
}

/** Undefined when the call is over before anybody was dialled for it. */
async function nextLeg(target: Person, { call, legs, clock }: Waiting): Promise<SimulatedCall | undefined> {
  const isNew = (): boolean => target.call !== undefined && !legs.includes(target.call)
  while (!isNew() && !call.isOver) await sleep(clock, LOOK_MS, call.over)
  return isNew() ? target.call : undefined
}

/** Puts the receiver down. */
export function hangUp(call: SimulatedCall): void {
  const by = call.direction === 'inbound' ? 'caller' : 'callee'
  const unanswered = by === 'caller' ? 'canceled' : 'busy'
  call.finish({ status: call.answeredAt === undefined ? unanswered : 'completed', by })
}
