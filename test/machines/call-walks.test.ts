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
  /** Was it told that the far end is gone, at a moment at which that could be meant? */
  readonly isGone: boolean
  /** What was not as it must be after each step. */
  readonly complaints: readonly string[]
}

const isKept = (before: string | undefined, after: string | undefined) => before === undefined || before === after

/** What its regions say of each other. */
function complaintsOfActive(call: CallUnderTest): string[] {
  const isAway = call.is('active.transfer.away')
  const isHandedOver = !call.is('active.transfer.none')
  return [
    ...(isAway === call.is('active.floor.away') ? [] : ['the floor does not know who is away']),
    ...(isAway && call.is('active.stream.lost') ? ['a call that is away waits for a stream'] : []),
    ...(!isAway && call.is('active.stream.elsewhere') ? ['a call that is here waits for no stream'] : []),
    ...(isHandedOver && call.is('active.hold.held') ? ['a call is on hold and handed over'] : []),
    ...(call.is('active.agent.absent') && !isHandedOver ? ['a call goes on without an agent'] : []),
    ...(call.is('active.agent.running.waiting') || !call.is('active.hold.held') ? [] : ['time runs on hold']),
    ...(isAway && call.is('active.agent.running.quiet') ? ['time runs against an agent whose far end is away'] : []),
  ]
}

function complaintsAbout(call: CallUnderTest, before: CallUnderTest['context']): string[] {
  const { reason, cause, losses } = call.context
  return [
    ...(isKept(before.reason, reason) ? [] : [`the reason ${before.reason} became ${reason}`]),
    ...(isKept(before.cause, cause) ? [] : [`the cause ${before.cause} became ${cause}`]),
    ...(call.is('stopping') && reason === undefined ? [`no reason at ${call.where}`] : []),
    ...(losses.length < 3 ? [] : ['the losses pile up']),
    ...(call.is('active') ? complaintsOfActive(call) : []),
  ]
}

/** Walks until the call is over or the steps are, then ends it. */
async function walk(direction: Direction, steps: readonly Step[]): Promise<Walk> {
  const call = new CallUnderTest({ direction })
  const taken: Step[] = []
  const complaints: string[] = []
  let isGone = false
  for (const step of steps) {
    if (call.isOver) break
    const before = call.context
    isGone ||= isTelling('leg.ended')(step) || (isTelling('stream.stopped')(step) && hearsOfTheFarEnd(call))
    await takeStep(call, step)
    taken.push(step)
    complaints.push(...complaintsAbout(call, before))
  }
  await call.end()
  return { call, taken, isGone, complaints }
}

/** The carrier also ends the stream of a call that it connects with somebody else. */
const hearsOfTheFarEnd = (call: CallUnderTest) =>
  (call.is('active') && !call.is('active.transfer.away')) || call.is('stopping.draining')

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
    await always(({ call, isGone }) => {
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
