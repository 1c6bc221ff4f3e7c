import type { Agent, Call } from '../agents/agent.ts'
import { CallchartError, messageOf } from '../errors.ts'
import { KEY_PARAMETER } from './ledger.ts'
import { PARTS } from './parts.ts'
import type { AgentRun, Performance } from './performance.ts'
import type { Ending, FailureKind, Role } from './plan.ts'

/** What an agent is told when it speaks to a call that is over, or busy with something else: its time has passed. */
const EXPECTED: ReadonlySet<string> = new Set(['CALL_OVER', 'CALL_BUSY'])
const CHUNK_SAMPLES = 1_600

/** Every agent there is, in one: each call's plan says which one it has. */
export class Cast {
  readonly #find: (key: string) => Performance | undefined
  readonly #prompt: Int16Array

  /** @param prompt 16 kHz. */
  constructor(find: (key: string) => Performance | undefined, prompt: Int16Array) {
    this.#find = find
    this.#prompt = prompt
  }

  readonly agent: Agent = async (call) => {
    const performance = this.#find(call.parameters[KEY_PARAMETER] ?? '')
    if (performance === undefined) throw new Error('expected a call that is being carried out, got another')
    noteRun(performance, call)
    await leave(performance.plan.ending, call, this.#play(call, performance))
  }

  async #play(call: Call, performance: Performance): Promise<void> {
    const { role, troubles } = performance.plan
    try {
      const complaint = await partOf(role)(call, role, this.#prompt)
      // What befalls a call may befall its agent.
      if (complaint !== undefined && troubles.length === 0) performance.complain(complaint)
    } catch (error) {
      if (error instanceof CallchartError && EXPECTED.has(error.code)) return
      performance.complain(`the agent (${role.kind}) was told: ${messageOf(error)}`)
    }
  }
}

type AnyPart = (call: Call, role: Role, prompt: Int16Array) => Promise<string | undefined>

function partOf({ kind }: Role): AnyPart {
  return PARTS[kind] as AnyPart
}

function noteRun(performance: Performance, call: Call): void {
  const run: AgentRun = { signal: call.signal, ending: undefined }
  performance.agentRuns.push(run)
  void call.ended.then((ending) => {
    run.ending = ending
  })
}

/** The agent's own end, if it is the one who ends the call; else it goes on as long as its part, and the call, do. */
async function leave(ending: Ending, call: Call, part: Promise<void>): Promise<void> {
  if (ending.by === 'message') return part
  if (ending.by === 'failure') return fail(ending, call)
  if (ending.by !== 'agent') {
    await part
    return untilOver(call)
  }
  if ((await call.sleep(ending.afterMs)) === 'over' || ending.how === 'returns') return undefined
  call.hangUp({ now: ending.how === 'hangs up now' })
  return untilOver(call)
}

async function fail({ how, afterMs }: Extract<Ending, { by: 'failure' }>, call: Call): Promise<void> {
  if (how === 'throws') throw planned(how)
  if ((await call.sleep(afterMs)) === 'over') return
  if (how === 'throws late') throw planned(how)
  if (how === 'source throws') await call.play(failingSource()).finished
  call.onAudio(() => {
    throw planned(how)
  })
  await untilOver(call)
}

function* failingSource(): Generator<Int16Array> {
  yield new Int16Array(CHUNK_SAMPLES)
  throw planned('source throws')
}

function planned(how: FailureKind): Error {
  return new Error(`a planned failure: ${how}`)
}

function untilOver({ signal }: Call): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
