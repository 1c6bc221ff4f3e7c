import { expect } from 'vitest'
import type { Agent, CallEdge } from '../../../src/agents/agent.ts'
import { echo } from '../../../src/agents/echo.ts'
import type { StagedFault } from '../fault.ts'
import { callThroughChaos, speaker } from './network-line.ts'
import { TALK } from '../../scenarios/stage.ts'

/** A connection that is gone, whether anybody is told of it or not. */

const NOTICED_WITHIN_MS = 15_000
const TOLD_WITHIN_MS = 100
/** Less than a message of audio has, and more than a ping. */
const HALF_A_FRAME = 100
/** How long a loss may last: the tests of the chart have the real ten seconds. */
const SHORT_GRACE = { timing: { graceMs: 2_000 } }

const halfOpen: StagedFault = {
  name: 'half-open for good: neither bytes nor an end come through',
  expected: 'noticed within 15 s; ended, `silence`, when no fresh stream comes; the leg is hung up',
  stage: SHORT_GRACE,
  befall: async (scene) => {
    const { stage } = scene
    await using line = await callThroughChaos(scene)
    const { proxy, call } = line
    const from = stage.clock.now()
    proxy.swallow()
    const view = await stage.over(call.sid)
    const noticedMs = stage.clock.now() - from - SHORT_GRACE.timing.graceMs
    expect(view).toMatchObject({ state: 'ended', reason: 'silence' })
    expect(noticedMs).toBeLessThanOrEqual(NOTICED_WITHIN_MS)
    expect(call).toMatchObject({ isOver: true, endedBy: 'api' })
    return `noticed after ${noticedMs} ms; ended, \`silence\`; hung up by us`
  },
}

const heardOf: CallEdge[] = []
const notingEcho: Agent = (call) => {
  heardOf.length = 0
  for (const type of ['stream.lost', 'stream.started'] as const) call.on(type, (edge) => void heardOf.push(edge))
  return echo(call)
}

const halfOpenForAWhile: StagedFault = {
  name: 'half-open until the stream was given up, then the carrier finds out and opens a fresh one',
  expected:
    'the same call goes on with the fresh stream; the agent is told, with the milliseconds since it last heard anything',
  // Given up after 3 s and one more: the real seven are in the row above.
  stage: { timing: { silenceMs: 1_000 }, agents: { notingEcho }, agent: 'notingEcho' },
  befall: async (scene) => {
    const { stage } = scene
    await using line = await callThroughChaos(scene)
    const { proxy, call, caller, media, streamUp } = line
    const old = media()
    const from = stage.clock.now()
    proxy.swallow()
    await stage.clock.advance(5_000)
    proxy.resume()
    old.reset()
    await streamUp(2)
    const awayMs = stage.clock.now() - from
    const [lost, started] = heardOf.slice(-2)
    expect(lost).toEqual({ type: 'stream.lost' })
    expect(started).toMatchObject({ type: 'stream.started' })
    const lostMs = started?.type === 'stream.started' ? started.lostMs : 0
    // From the last frame that came, which is up to a frame before.
    expect(lostMs).toBeGreaterThan(5_000)
    expect(lostMs).toBeLessThan(awayMs + 40)
    const before = call.positionHeardMs
    call.speech.repeat(TALK)
    await stage.clock.advance(500)
    expect(call.positionHeardMs - before).toBeGreaterThan(300)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    return 'two streams, one call; the agent was told of over 5 s; echo as before'
  },
}

const recovered = speaker(4)

const resetAndBack: StagedFault = {
  name: 'reset in the middle of an utterance, and the carrier comes back',
  expected: '`stream.lost` within 100 ms, then `stream.started` with the milliseconds lost; the utterance goes on',
  stage: recovered.stage,
  befall: async (scene) => {
    const { stage } = scene
    await using line = await callThroughChaos(scene)
    const { call, media, streamUp } = line
    await stage.clock.advance(1_000)
    recovered.follow(stage.clock)
    const from = stage.clock.now()
    media().reset()
    await streamUp(2)
    const told = recovered.first('stream.lost').at - from
    const { edge, at } = recovered.first('stream.started')
    expect(told).toBeLessThanOrEqual(TOLD_WITHIN_MS)
    expect(edge.lostMs).toBe(at - from - told)
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'agent finished' })
    expect(recovered.told()).toEqual(['stream.lost', 'stream.started'])
    expect(recovered.work.isHeard).toBe(true)
    // What the carrier had and had not played yet, 160 ms at most, is gone with the old stream.
    expect(call.positionHeardMs).toBeGreaterThanOrEqual(4_000 - 160)
    return `told after ${told} ms; a fresh stream after ${edge.lostMs} ms; the utterance was heard to its end`
  },
}

const cutOff = speaker(60)

const resetForGood: StagedFault = {
  name: 'reset in the middle of an utterance, and nobody comes back',
  expected:
    '`stream.lost` within 100 ms; then error, `stream lost`: the signal is aborted, the utterance read no further',
  stage: { ...cutOff.stage, ...SHORT_GRACE },
  befall: async (scene) => {
    const { stage } = scene
    await using line = await callThroughChaos(scene)
    const { proxy, call } = line
    await stage.clock.advance(1_000)
    cutOff.follow(stage.clock)
    const from = stage.clock.now()
    proxy.refuse()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'error', reason: 'stream lost' })
    const told = cutOff.first('stream.lost').at - from
    const { asked, ...work } = cutOff.work
    expect(told).toBeLessThanOrEqual(TOLD_WITHIN_MS)
    expect(work).toEqual({ isAborted: true, hasStopped: true, isHeard: false })
    await stage.clock.advance(500)
    expect(cutOff.work.asked).toBe(asked)
    expect(asked).toBeLessThan(5)
    expect(call).toMatchObject({ isOver: true })
    return `told after ${told} ms; error, \`stream lost\`; the signal aborted, no more read of the utterance`
  },
}

/** Cut within a frame: of our audio on its way down, or of the caller's on its way up. */
function midFrame(way: 'up' | 'down', ending: 'reset' | 'close'): StagedFault {
  const whose = way === 'up' ? "the caller's" : 'our'
  return {
    name: `${ending === 'reset' ? 'a reset' : 'an orderly end'} in the middle of a frame with ${whose} audio`,
    expected: 'half a frame is no audio and no protocol error; a fresh stream, and the same call goes on',
    befall: async (scene) => {
      const { stage } = scene
      await using line = await callThroughChaos(scene)
      const { call, caller, media, streamUp } = line
      call.speech.repeat(TALK)
      await stage.clock.advance(200)
      media()[way].cutAfter(HALF_A_FRAME, ending)
      await streamUp(2)
      const before = call.positionHeardMs
      await stage.clock.advance(300)
      expect(call.positionHeardMs - before).toBeGreaterThan(200)
      expect(stage.view(call.sid).stats['malformed']).toBe(0)
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
      return 'a fresh stream; nothing malformed; echo as before'
    },
  }
}

const threeTimes: StagedFault = {
  name: "the carrier's socket closed without a stop, three times in a minute",
  expected: 'twice a fresh stream; then error, `stream lost`; the leg is hung up',
  befall: async (scene) => {
    const { stage } = scene
    await using line = await callThroughChaos(scene)
    const { call, media, streamUp } = line
    for (const count of [1, 2, 3]) {
      await streamUp(count)
      await stage.clock.advance(200)
      expect(stage.view(call.sid).state).toBe('active')
      media().close()
      await stage.clock.advance(0)
    }
    const view = await stage.over(call.sid)
    expect(view).toMatchObject({ state: 'error', reason: 'stream lost' })
    expect(view.streamSids).toHaveLength(3)
    expect(call).toMatchObject({ isOver: true, endedBy: 'api' })
    return `${view.streamSids.length} streams; error, \`stream lost\`; hung up by us`
  },
}

export const LOSSES: readonly StagedFault[] = [
  halfOpen,
  halfOpenForAWhile,
  resetAndBack,
  resetForGood,
  midFrame('up', 'reset'),
  midFrame('up', 'close'),
  midFrame('down', 'reset'),
  threeTimes,
]
