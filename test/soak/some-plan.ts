import type { CallPlan } from '../../src/soak/plan.ts'

/** An incoming call whose caller hears an echo and hangs up after five seconds, but for what is named. */
export function somePlan(plan: Partial<CallPlan> = {}): CallPlan {
  return {
    key: '3/17',
    line: 3,
    direction: 'inbound',
    pauseMs: 0,
    role: { kind: 'echo' },
    manner: 'talks',
    ending: { by: 'person', afterMs: 5_000 },
    isTold: false,
    dial: { callee: {}, ringTimeoutSeconds: 10, keepsAudio: false },
    troubles: [],
    ...plan,
  }
}
