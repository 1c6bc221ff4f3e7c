import type { CallEnding } from '../agents/agent.ts'
import type { SimulatedCall } from '../simulator/call.ts'
import type { ApiAnswer } from './api.ts'
import type { CallPlan } from './plan.ts'

/** One call as it was carried out: what is known of it besides what the server has written down. */
export class Performance {
  readonly plan: CallPlan
  /** The carrier's leg; undefined when none came to be. */
  call: SimulatedCall | undefined
  /** Whom it was transferred to. */
  readonly targets: SimulatedCall[] = []
  /** What the server said when it was asked to dial. */
  dialled: ApiAnswer | undefined
  readonly agentRuns: AgentRun[] = []
  /** What was not as it had to be, in words, each once. */
  readonly complaints = new Set<string>()
  beganAt = 0
  endedAt = 0
  readonly #undoings: (() => void)[] = []

  constructor(plan: CallPlan) {
    this.plan = plan
  }

  complain(what: string): void {
    this.complaints.add(what)
  }

  /** What has to be taken back when the call has been judged. */
  whenOver(undo: () => void): void {
    this.#undoings.push(undo)
  }

  undoAll(): void {
    for (const undo of this.#undoings.splice(0)) undo()
  }
}

/** One start of the call's agent. */
export interface AgentRun {
  readonly signal: AbortSignal
  /** What the agent was told of the end. */
  ending: CallEnding | undefined
}
