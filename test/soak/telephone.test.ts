import { describe, expect, it } from 'vitest'
import { Performance } from '../../src/soak/performance.ts'
import type { CallPlan } from '../../src/soak/plan.ts'
import { openStage } from '../../src/soak/stage.ts'
import { carryOut } from '../../src/soak/telephone.ts'
import { somePlan } from './some-plan.ts'

const PLAN = somePlan({ key: '0/1000', line: 0, ending: { by: 'person', afterMs: 2_000 }, isTold: true })

/** What the carrier's leg and the server's record of the call came to, and how long the leg was up. */
async function carriedOut(plan: Partial<CallPlan>) {
  const stage = await openStage({
    minutes: 1,
    calls: 1,
    seed: 1,
    isSimulated: true,
    keepsArchive: false,
    isVerbose: false,
    json: false,
    only: undefined,
  })
  const performance = new Performance({ ...PLAN, ...plan })
  stage.playing.set(performance.plan.key, performance)
  const from = stage.clock.now()
  try {
    await stage.meanwhile(carryOut(performance, stage))
    const { call } = performance
    const record = stage.ledger.of(PLAN.key, call?.sid)[0]?.record
    return { isOver: call?.isOver, by: call?.endedBy, lastedMs: stage.clock.now() - from, record }
  } finally {
    performance.undoAll()
    await stage.close()
  }
}

describe('the far end of a call', () => {
  it('hangs up when that is planned', async () => {
    const { isOver, by, lastedMs } = await carriedOut({})
    expect([isOver, by]).toEqual([true, 'caller'])
    expect(lastedMs).toBeLessThan(4_000)
  })

  it('hears the carrier fail at what is asked before there is a stream, and hangs up in the end all the same', async () => {
    const { isOver, by, lastedMs, record } = await carriedOut({
      troubles: [{ kind: 'no stream' }, { kind: 'update fails', answer: 'unauthorized', times: 4 }],
    })
    expect(record).toMatchObject({ reason: 'stream never came', carrierErrorCode: 20_003 })
    expect([isOver, by]).toEqual([true, 'caller'])
    expect(lastedMs).toBeLessThan(90_000)
  })
})
