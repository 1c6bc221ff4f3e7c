import { describe, expect, it } from 'vitest'
import { holdingAgent, openStage } from './stage.ts'

const tone = (seconds: number) =>
  Int16Array.from({ length: seconds * 16_000 }, (_, i) => 8_000 * Math.sin((2 * Math.PI * 440 * i) / 16_000))

describe('barge-in', () => {
  it.each([130, 777, 2_345, 4_001])(
    'cuts at once what plays for %i ms, and knows what was heard to 40 ms',
    async (afterMs) => {
      const { agent, calls } = holdingAgent()
      await using stage = await openStage({ agent: 'holding', agents: { holding: agent } })
      const { caller, call } = await stage.caller()
      const playback = calls[0]?.play(tone(10))
      await stage.clock.advance(afterMs)

      const clearedAt = stage.clock.now()
      const heardByCaller = call.positionHeardMs
      const { heardMs } = calls[0]?.clear() ?? { heardMs: Number.NaN }
      await stage.carrier.settled()

      expect(Math.abs(heardMs - heardByCaller)).toBeLessThanOrEqual(40)
      const [clear] = call.stream?.log.of('clear', 'server') ?? []
      expect((clear?.at ?? Number.NaN) - clearedAt).toBeLessThanOrEqual(20)
      expect(await stage.meanwhile(playback?.finished ?? Promise.reject(new Error('no playback')))).toEqual({
        playedMs: heardMs,
        interrupted: true,
      })
      await stage.clock.advance(1_000)
      expect(call.positionHeardMs).toBeCloseTo(heardByCaller, -1)
      await caller.hangsUp()
      expect((await stage.over(call.sid)).stats['bargeIns']).toBe(1)
    },
  )

  it('never counts as heard what a mark from before the clear says', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agent: 'holding', agents: { holding: agent } })
    const { caller, call } = await stage.caller()
    const cut = calls[0]?.play(tone(3))
    await stage.clock.advance(500)
    calls[0]?.clear()
    // The carrier now echoes the marks that it never played.
    const next = calls[0]?.play(tone(2))
    await stage.clock.advance(100)
    expect(call.stream?.log.of('mark', 'carrier').length).toBeGreaterThan(0)
    const { heardMs } = calls[0]?.clear() ?? { heardMs: Number.NaN }
    expect(heardMs).toBeLessThanOrEqual(140)
    expect((await stage.meanwhile(next?.finished ?? Promise.reject(new Error()))).interrupted).toBe(true)
    expect((await stage.meanwhile(cut?.finished ?? Promise.reject(new Error()))).playedMs).toBeLessThan(600)
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('leaves the line free for the next words, which are heard whole', async () => {
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({ agent: 'holding', agents: { holding: agent } })
    const { caller, call } = await stage.caller()
    calls[0]?.play(tone(5))
    await stage.clock.advance(700)
    calls[0]?.clear()
    const answer = await stage.meanwhile(calls[0]?.play(tone(1)).finished ?? Promise.reject(new Error()))
    expect(answer).toEqual({ playedMs: 1_000, interrupted: false })
    await caller.hangsUp()
    await stage.over(call.sid)
  })
})
