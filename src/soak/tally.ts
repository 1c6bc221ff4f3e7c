import { createHash } from 'node:crypto'
import type { SimulatedCall } from '../simulator/call.ts'
import type { Breach } from './breach.ts'
import type { Verdict } from './judge.ts'
import type { Performance } from './performance.ts'
import type { TroubleKind } from './trouble.ts'

/** More of them tell nothing new. */
const MOST_BREACHES = 200

/** What a soak has come to so far. */
export class Tally {
  calls = 0
  /** Calls that nothing was to befall, and those of them whose audio could be looked at. */
  unharmed = 0
  heard = 0
  worstGapMs = 0
  breachCount = 0
  readonly breaches: Breach[] = []
  readonly endings = new Map<string, number>()
  readonly troubles = new Map<TroubleKind, number>()
  readonly roles = new Map<string, number>()
  readonly #onCall: (line: string) => void
  /** The sum of a hash of each call's course, so that the order in which they end does not count. */
  #sum = 0n

  /** @param onCall is told the course of each call, in one line. */
  constructor(onCall: (line: string) => void = () => {}) {
    this.#onCall = onCall
  }

  note({ plan, call, beganAt, endedAt }: Performance, { breaches, reason, worstGapMs, isUnharmed }: Verdict): void {
    this.calls += 1
    count(this.endings, `${plan.direction}, ${reason}`)
    count(this.roles, plan.role.kind)
    for (const { kind } of plan.troubles) count(this.troubles, kind)
    if (isUnharmed) this.unharmed += 1
    if (worstGapMs !== undefined) {
      this.heard += 1
      this.worstGapMs = Math.max(this.worstGapMs, worstGapMs)
    }
    for (const breach of breaches) this.complain(breach)
    const lengthMs = (call?.endedAt ?? endedAt) - beganAt
    this.#noteCourse(`${plan.key} ${plan.direction} ${reason}, ${lengthMs} ms, ${framesOf(call)} frames`)
  }

  complain(breach: Breach): void {
    this.breachCount += 1
    if (this.breaches.length < MOST_BREACHES) this.breaches.push(breach)
  }

  /** The same for the same course of all calls: two runs can be told apart by it. */
  get digest(): string {
    return this.#sum.toString(16).padStart(16, '0')
  }

  #noteCourse(course: string): void {
    this.#onCall(course)
    const hash = createHash('sha256').update(course).digest().readBigUInt64BE()
    this.#sum = BigInt.asUintN(64, this.#sum + hash)
  }
}

function framesOf(call: SimulatedCall | undefined): number {
  return call?.streams.reduce((sum, { framesSent }) => sum + framesSent, 0) ?? 0
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
