import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import type { VirtualClock } from '../../src/simulator/index.ts'
import { type CarrierMessage, echo } from './small-server.ts'
import { onStage } from './stage.ts'

const SPEECH = 'src/examples/speech/caller.wav'

describe('the report of a call', () => {
  it('measures the round trip of an echo, which is nothing for a server that answers at once', async () => {
    await onStage({ server: { onMessage: echo }, carrier: { jitterMs: 0 } }, async ({ caller, dial }) => {
      const call = await dial()
      await caller.says(SPEECH)
      expect(call.report().roundTripMs).toEqual({ p50: 0, p99: 0 })
    })
  })

  it('measures what a server adds of its own, to the millisecond', async () => {
    let clock: VirtualClock | undefined
    const late = (socket: WebSocket, message: CarrierMessage): void =>
      void clock?.setTimeout(() => echo(socket, message), 137)
    await onStage({ server: { onMessage: late }, carrier: { jitterMs: 0 } }, async (stage) => {
      clock = stage.clock
      const call = await stage.dial()
      await stage.caller.says(SPEECH)
      await stage.clock.advance(500)
      expect(call.report().roundTripMs).toEqual({ p50: 137, p99: 137 })
      await stage.caller.hangsUp()
      await stage.clock.advance(137)
    })
  })

  it('measures only where somebody speaks for long enough to be recognised', async () => {
    await onStage({ server: { onMessage: echo } }, async ({ clock, caller, dial }) => {
      const call = await dial()
      for (let word = 0; word < 8; word++) {
        await caller.says(Int16Array.from({ length: 1_440 }, (_, index) => 9_000 * Math.sin(index * (word + 1) ** 2)))
        await clock.advance(100)
      }
      expect(call.report().roundTripMs).toBeUndefined()
    })
  })

  it('has no round trip for a server that does not echo', async () => {
    await onStage({}, async ({ caller, server, dial }) => {
      const call = await dial()
      server.speak(5_000)
      await caller.says(SPEECH)
      expect(call.report().roundTripMs).toBeUndefined()
    })
  })

  it('counts what went both ways', async () => {
    await onStage({ server: { onMessage: echo }, carrier: { jitterMs: 0 } }, async ({ clock, caller, dial }) => {
      const call = await dial()
      await clock.advance(2_000)
      await caller.hangsUp()
      const { framesSent, framesHeard, bytes, heardMs, underruns, warnings, firstAudioMs } = call.report()
      expect(framesSent).toBe(Math.floor((clock.now() - (call.stream?.startedAt ?? 0)) / 20))
      expect({ framesHeard, bytes }).toEqual({ framesHeard: framesSent, bytes: framesSent * 160 })
      expect(heardMs).toBeGreaterThan((framesSent - 1) * 20)
      expect({ underruns, warnings, firstAudioMs }).toEqual({ underruns: 0, warnings: [], firstAudioMs: 20 })
      expect(call.heard()).toHaveLength((call.durationMs ?? 0) * 8)
    })
  })

  it('is empty for a call without a stream', async () => {
    await onStage({ server: { answer: () => '<Response><Pause/></Response>' } }, async ({ dial }) => {
      const call = await dial()
      expect(call.report()).toEqual({
        framesSent: 0,
        framesHeard: 0,
        bytes: 0,
        firstAudioMs: undefined,
        underruns: 0,
        gaps: 0,
        worstGapMs: 0,
        roundTripMs: undefined,
        heardMs: 0,
        warnings: [],
      })
    })
  })
})
