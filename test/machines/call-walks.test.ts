import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../machines/call-events.ts'
import type { Direction } from '../../machines/reasons.ts'
import { anyStep, type Step, takeStep } from './call-steps.ts'
import { CALL_SID, CallUnderTest } from './call-under-test.ts'

interface Walk {
  readonly call: CallUnderTest
  /** The steps taken until the call was over. */
  readonly taken: readonly Step[]
  /** What was not as it must be after each step. */
  readonly complaints: readonly string[]
}

const isKept = (before: string | undefined, after: string | undefined) => before === undefined || before === after

function complaintsAbout(call: CallUnderTest, before: CallUnderTest['context']): string[] {
  const { reason, cause, losses } = call.context
  return [
    ...(isKept(before.reason, reason) ? [] : [`the reason ${before.reason} became ${reason}`]),
    ...(isKept(before.cause, cause) ? [] : [`the cause ${before.cause} became ${cause}`]),
    ...(call.is('stopping') && reason === undefined ? [`no reason at ${call.where}`] : []),
    ...(losses.length < 3 ? [] : ['the losses pile up']),
  ]
}

/** Walks until the call is over or the steps are, then ends it. */
async function walk(direction: Direction, steps: readonly Step[]): Promise<Walk> {
  const call = new CallUnderTest({ direction })
  const taken: Step[] = []
  const complaints: string[] = []
  for (const step of steps) {
    if (call.isOver) break
    const before = call.context
    await takeStep(call, step)
    taken.push(step)
    complaints.push(...complaintsAbout(call, before))
  }
  await call.end()
  return { call, taken, complaints }
}

const isTelling = (type: CallEvent['type']) => (step: Step) => 'tell' in step && step.tell.type === type

/** An answer after which a call may be placed again. */
const isRateLimit = (step: Step) => 'fail' in step && step.fail === 'placeCall' && step.code === 'CARRIER_RATE_LIMITED'

describe.each(['inbound', 'outbound'] as const)('an %s call, whatever happens in whatever order', (direction) => {
  const walks = fc.array(anyStep, { minLength: 100, maxLength: 300, size: 'max' })

  const always = (property: (walked: Walk) => void) =>
    fc.assert(
      fc.asyncProperty(walks, async (steps) => {
        property(await walk(direction, steps))
      }),
      { numRuns: 80 },
    )

  it('ends once, with a reason that does not change, and leaves nothing behind', async () => {
    expect.hasAssertions()
    await always(({ call, complaints }) => {
      expect(complaints).toEqual([])
      expect(call.outputs).toHaveLength(1)
    })
  })

  it('is not left alive at the carrier, unless the carrier said that it is over', async () => {
    expect.hasAssertions()
    await always(({ call, taken }) => {
      const isGone = taken.some(isTelling('leg.ended')) || taken.some(isTelling('stream.stopped'))
      const mayLive = call.context.callSid !== undefined && !isGone
      expect(mayLive && !call.sent.includes(`hangUp ${CALL_SID}`)).toBe(false)
    })
  })

  it('is placed at most once', async () => {
    expect.hasAssertions()
    await always(({ call, taken }) => {
      const placed = call.sent.filter((sent) => sent === 'placeCall').length
      expect(placed).toBeLessThanOrEqual(direction === 'inbound' ? 0 : 1 + taken.filter(isRateLimit).length)
    })
  })
})
