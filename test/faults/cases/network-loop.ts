import { expect } from 'vitest'
import { sine } from '../../audio/signals.ts'
import { openStage, untilTheEnd } from '../../scenarios/stage.ts'
import type { LoneFault } from '../fault.ts'

/** An event loop that is blocked: everybody's, so that here all the callers are the ones who suffer. */

const CALLERS = ['+15551110001', '+15551110002', '+15551110003']
const SPEECH_MS = 4_000
/** The filter's last words, and what lies between two ticks. */
const MOST_DRIFT_MS = 60

interface Blocking {
  readonly ms: number
  readonly times: number
  readonly expected: string
  /** Dry spells that each caller hears. */
  readonly underruns: number
  /** Whether a new caller is taken straight afterwards. */
  readonly isReady: boolean
}

function blocked({ ms, times, expected, underruns, isReady }: Blocking): LoneFault {
  const often = times === 1 ? '' : `, ${times} times`
  const heard = underruns === 0 ? 'none of three heard it' : 'each of three heard one gap'
  return {
    name: `the event loop is blocked for ${ms} ms${often}, while three agents speak`,
    expected,
    others: 'it is the fault of all',
    befall: async () => {
      const settled: { interrupted: boolean; at: number }[] = []
      await using stage = await openStage({
        agent: 'speaker',
        agents: {
          speaker: async (call) => {
            const { interrupted } = await call.play(sine(440, 16_000, SPEECH_MS * 16)).finished
            settled.push({ interrupted, at: stage.clock.now() })
            await untilTheEnd(call)
          },
        },
      })
      const began: number[] = []
      const calls = []
      for (const number of CALLERS) {
        calls.push(await stage.caller(number))
        began.push(stage.clock.now())
      }
      await stage.clock.advance(1_000)
      for (let time = 0; time < times; time += 1) {
        await stage.clock.block(ms)
        await stage.clock.advance(200)
      }
      expect((await stage.api('GET', '/readyz')).status).toBe(isReady ? 200 : 503)
      await stage.carrier.until(() => settled.length === CALLERS.length, { timeoutMs: 10_000, what: 'all to be heard' })
      for (const [index, { interrupted, at }] of settled.entries()) {
        expect(interrupted).toBe(false)
        // No drift: a gap makes it no later than the block was long, and being late once makes nothing later afterwards.
        expect(at - (began[index] ?? 0) - SPEECH_MS).toBeLessThanOrEqual(underruns * ms + MOST_DRIFT_MS)
      }
      for (const { caller, call } of calls) {
        expect(call.report()).toMatchObject({ underruns, warnings: [] })
        expect(call.positionHeardMs).toBeGreaterThanOrEqual(SPEECH_MS)
        await caller.hangsUp()
        expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
      }
      return `${heard}, all of ${SPEECH_MS / 1_000} s was heard; new callers ${isReady ? 'taken' : 'refused'} just then`
    },
  }
}

export const BLOCKED_LOOPS: readonly LoneFault[] = [
  blocked({ ms: 80, times: 5, underruns: 0, isReady: true, expected: 'the lead covers it: no underrun for anybody' }),
  blocked({ ms: 250, times: 1, underruns: 1, isReady: true, expected: 'one gap for each, no word lost, no drift' }),
  blocked({
    ms: 500,
    times: 1,
    underruns: 1,
    isReady: false,
    expected: 'one gap for each, no word lost, no drift; new calls are refused until it is well',
  }),
]
