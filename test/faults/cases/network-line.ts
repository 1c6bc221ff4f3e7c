import type { Agent, CallEdge } from '../../../src/agents/agent.ts'
import type { Clock } from '../../../src/clock.ts'
import { sine } from '../../audio/signals.ts'
import { PUBLIC_URL } from '../../scenarios/stage.ts'
import type { ChaosConnection } from '../chaos-connection.ts'
import { openChaosProxy } from '../chaos-proxy.ts'
import type { Scene } from '../fault.ts'

/** A caller whose whole way to the server goes through a bad network, which is taken away when the call is over. */
export async function callThroughChaos({ stage, reach }: Scene) {
  const proxy = await openChaosProxy({ clock: stage.clock, target: stage.url })
  reach[PUBLIC_URL] = proxy.url
  const { caller, call } = await stage.caller()
  return {
    proxy,
    caller,
    call,
    /** The connection of the stream that is up now. */
    media: (): ChaosConnection => {
      const found = proxy.connections.findLast(({ opening }) => opening === 'GET /ws HTTP/1.1')
      if (found === undefined) throw new Error('expected the media socket among the connections, got none')
      return found
    },
    /** Until the call has had so many streams and the last one is up. */
    streamUp: (count: number) =>
      stage.carrier.until(
        () => call.streams.length === count && call.isStreaming && stage.view(call.sid).streamSid === call.stream?.sid,
        { timeoutMs: 20_000, what: `stream number ${count} to be up` },
      ),
    [Symbol.asyncDispose]: () => proxy.close(),
  }
}

const A_SECOND_OF_WORDS = sine(440, 16_000, 16_000)

/** An agent with much to say, a note of what it is told, and of what becomes of its work. */
export function speaker(seconds: number) {
  const edges: { readonly edge: CallEdge; readonly at: number }[] = []
  const work = { asked: 0, isAborted: false, hasStopped: false, isHeard: false }
  let clock: Clock | undefined
  function* words() {
    try {
      for (; work.asked < seconds; work.asked += 1) yield A_SECOND_OF_WORDS
    } finally {
      work.hasStopped = true
    }
  }
  const agent: Agent = async (call) => {
    call.signal.addEventListener('abort', () => (work.isAborted = true), { once: true })
    for (const type of ['stream.lost', 'stream.started', 'queue.stalled'] as const) {
      call.on(type, (edge) => void edges.push({ edge, at: clock?.now() ?? Number.NaN }))
    }
    work.isHeard = !(await call.play(words()).finished).interrupted
  }
  return {
    stage: { agents: { speaker: agent }, agent: 'speaker' },
    work,
    /** Notes from now on only, with this clock's time. */
    follow(to: Clock): void {
      clock = to
      edges.length = 0
    },
    told: () => edges.map(({ edge }) => edge.type),
    /** When it was first told, and what. */
    first<Type extends CallEdge['type']>(
      type: Type,
    ): { readonly at: number; readonly edge: Extract<CallEdge, { type: Type }> } {
      const found = edges.find(({ edge }) => edge.type === type)
      if (found === undefined)
        throw new Error(`expected the agent to be told of ${type}, got ${this.told().join(', ')}`)
      return { at: found.at, edge: found.edge as Extract<CallEdge, { type: Type }> }
    },
  }
}
