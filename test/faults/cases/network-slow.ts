import { expect } from 'vitest'
import type { Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'
import { callThroughChaos, speaker } from './network-line.ts'

/** A carrier that takes what we say more slowly than it is said, or not at all. */

/** Five seconds of audio, past which the socket is given no more, and the message that went past it. */
const MOST_BUFFERED_BYTES = 64 * 1024 + 2_048
/** What may be under way before a line counts as stalled. */
const MOST_UNDER_WAY_MS = 6_000
const NOTICED_WITHIN_MS = 15_000
const SHORT_GRACE = { timing: { graceMs: 500 } }
/** The first echo must have come: of a carrier that never echoes nothing can be told. */
const WARM_UP_MS = 1_500
const BYTES_PER_MS = 8

/** `callchart_media_send_buffer_bytes`, as whoever watches the node reads it. */
async function bufferedBytes(stage: Stage): Promise<number> {
  const text = await stage.meanwhile(fetch(`${stage.url}/metrics`).then((answer) => answer.text()))
  const [, bytes] = /^callchart_media_send_buffer_bytes (\d+)/m.exec(text) ?? []
  if (bytes === undefined) throw new Error('expected the bytes that wait for the network among the metrics, got none')
  return Number(bytes)
}

/** Looks at what waits here every second, until `isDone`, for a minute at most; returns the most that was seen. */
async function mostBuffered(stage: Stage, isDone: () => boolean): Promise<number> {
  let most = 0
  for (let second = 0; second < 60 && !isDone(); second += 1) {
    await stage.clock.advance(1_000)
    most = Math.max(most, await bufferedBytes(stage))
  }
  return most
}

/** The agent would speak for a minute; the kernels on the way would hold all of it, and the socket never fill. */
function tooSlow(what: string, bytesPerSecond: number): StagedFault {
  const agent = speaker(60)
  return {
    name: `the carrier ${what} while an agent speaks for a minute, at 11 kB/s`,
    expected:
      '`queue.stalled` within 15 s; at most 64 KiB wait here; error, `stream lost`; the leg is hung up, and the agent stops',
    stage: { ...agent.stage, ...SHORT_GRACE },
    befall: async (scene) => {
      const { stage } = scene
      await using line = await callThroughChaos(scene)
      const { call, media } = line
      await stage.clock.advance(WARM_UP_MS)
      agent.follow(stage.clock)
      const from = stage.clock.now()
      if (bytesPerSecond === 0) media().down.stall()
      else media().down.set({ bytesPerSecond })
      const most = await mostBuffered(stage, () => stage.view(call.sid).endedAt !== null)
      expect(await stage.over(call.sid)).toMatchObject({ state: 'error', reason: 'stream lost' })
      expect(agent.first('queue.stalled').at - from).toBeLessThanOrEqual(NOTICED_WITHIN_MS)
      expect(agent.work).toMatchObject({ isAborted: true, hasStopped: true, isHeard: false })
      expect(most).toBeLessThanOrEqual(MOST_BUFFERED_BYTES)
      expect(call).toMatchObject({ isOver: true, endedBy: 'api' })
      return '`queue.stalled`; under 64 KiB waited; error, `stream lost`; hung up by us, the agent stopped'
    },
  }
}

const patient = speaker(60)

const slow: StagedFault = {
  name: 'the carrier takes 5 kB/s while an agent speaks, at 11 kB/s',
  expected: 'its echoes hold us back: at most 6 s are under way, and nothing is lost; the call goes on',
  stage: patient.stage,
  befall: async (scene) => {
    const { stage } = scene
    await using line = await callThroughChaos(scene)
    const { call, caller, media } = line
    await stage.clock.advance(WARM_UP_MS)
    media().down.set({ bytesPerSecond: 5_000 })
    for (let second = 0; second < 14; second += 1) {
      await stage.clock.advance(1_000)
      const saidMs = Number(stage.view(call.sid).stats['bytesOut']) / BYTES_PER_MS
      expect(saidMs - call.positionHeardMs).toBeLessThan(MOST_UNDER_WAY_MS)
    }
    expect(await bufferedBytes(stage)).toBeLessThanOrEqual(MOST_BUFFERED_BYTES)
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
    expect(call.streams).toHaveLength(1)
    media().down.set({ bytesPerSecond: Number.POSITIVE_INFINITY })
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    return 'never 6 s under way; one stream, active'
  },
}

export const SLOW_READERS: readonly StagedFault[] = [tooSlow('takes 2 kB/s', 2_000), tooSlow('reads nothing', 0), slow]
