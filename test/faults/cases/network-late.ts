import { expect } from 'vitest'
import type { Agent } from '../../../src/agents/agent.ts'
import type { SimulatedCall } from '../../../src/simulator/call.ts'
import type { MediaStream } from '../../../src/simulator/media-stream.ts'
import { toMulaw } from '../../../src/simulator/recorded-speech.ts'
import { measureRoundTrip } from '../../../src/simulator/round-trip.ts'
import { noise, sine } from '../../audio/signals.ts'
import type { StagedFault } from '../fault.ts'
import type { ChaosConnection } from '../chaos-connection.ts'
import { callThroughChaos } from './network-line.ts'
import { untilTheEnd } from '../../scenarios/stage.ts'

/** A line that brings everything, and not when it should. */

/** Words of which each 200 ms can be told from every other, and a pause. */
const WORDS = toMulaw(Int16Array.from(noise(28_000), (sample, index) => (index < 24_000 ? sample >> 2 : 0)))
/** Two people can talk to one another across this much, and no more. */
const TOLERABLE_MS = 450

/** How late the echo is of what was said since then, in milliseconds. */
function echoMs(call: SimulatedCall, since: number): number {
  const { stream } = call
  if (stream === undefined) throw new Error('expected a stream, got none')
  const { playout, heardUntil, sentFrames } = stream
  const part = { playout, heardUntil, sentFrames: sentFrames.filter(({ at }) => at >= since) }
  const roundTrip = measureRoundTrip([part as unknown as MediaStream])
  if (roundTrip === undefined) throw new Error('expected an echo within two seconds, got none')
  return Math.round(roundTrip.p50)
}

interface Blackout {
  readonly what: string
  readonly begin: (media: ChaosConnection) => void
  /** From the end of it, how long we may take to catch up. */
  readonly withinMs: number
}

const BLACKOUT_MS = 2_000

function blackout({ what, begin, withinMs }: Blackout): StagedFault {
  return {
    name: `a blackout of 2 s, ${what}, in the middle of what a caller says, whom an agent echoes`,
    expected: `caught up within ${withinMs} ms: the echo is no more than 450 ms late; one stream, and the call goes on`,
    befall: async (scene) => {
      const { stage } = scene
      await using line = await callThroughChaos(scene)
      const { call, caller, media } = line
      call.speech.repeat(WORDS)
      await stage.clock.advance(1_000)
      expect(echoMs(call, 0)).toBeLessThanOrEqual(60)
      begin(media())
      await stage.clock.advance(BLACKOUT_MS + withinMs)
      const since = stage.clock.now()
      await stage.clock.advance(1_200)
      expect(echoMs(call, since)).toBeLessThanOrEqual(TOLERABLE_MS)
      expect(stage.view(call.sid).state).toBe('active')
      expect(call.streams).toHaveLength(1)
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
      return 'the echo is under 450 ms late again; one stream'
    },
  }
}

/** Speaks three times, as a person does who waits until he was heard, and notes who had the floor. */
function conversation() {
  const edges: string[] = []
  let said = 0
  const agent: Agent = async (call) => {
    for (const type of ['speech.started', 'speech.ended', 'stream.lost', 'queue.stalled'] as const) {
      call.on(type, (edge) => void edges.push(edge.type))
    }
    for (const hz of [300, 400, 500]) {
      const { interrupted } = await call.play(sine(hz, 16_000, 8_000)).finished
      if (!interrupted) said += 1
    }
    await untilTheEnd(call)
  }
  return { stage: { agents: { talker: agent }, agent: 'talker' }, edges, said: () => said }
}

const talk = conversation()

const jitter: StagedFault = {
  name: 'jitter: every byte is 100 to 500 ms late, both ways',
  expected: 'no stuck state: what is played settles as heard, each start of speech has its end; one stream',
  stage: talk.stage,
  befall: async (scene) => {
    const { stage } = scene
    await using line = await callThroughChaos(scene)
    const { proxy, call, caller } = line
    const conditions = { latencyMs: 300, jitterMs: 200 }
    proxy.set({ up: conditions, down: conditions })
    const words = caller.says(noise(8_000).map((sample) => sample >> 2))
    await stage.carrier.until(() => talk.said() === 3, { timeoutMs: 10_000, what: 'three words to be heard' })
    await words
    await stage.clock.advance(1_500)
    expect(talk.edges).toEqual(['speech.started', 'speech.ended'])
    expect(call.streams).toHaveLength(1)
    expect(stage.view(call.sid).state).toBe('active')
    proxy.set({ up: { latencyMs: 0, jitterMs: 0 }, down: { latencyMs: 0, jitterMs: 0 } })
    await stage.clock.advance(500)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    return 'three of three playbacks heard; speech began and ended once; one stream'
  },
}

export const LATE: readonly StagedFault[] = [
  jitter,
  blackout({ what: 'both ways', begin: (media) => media.stall(BLACKOUT_MS), withinMs: 500 }),
  // What was held up is with the carrier then: its late echoes must tell us so before we can hold back.
  blackout({ what: 'of what we send', begin: (media) => media.down.stall(BLACKOUT_MS), withinMs: 4_000 }),
]
