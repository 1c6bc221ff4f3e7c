import { deepEqual, equal } from 'node:assert/strict'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Direction } from '../../machines/reasons.ts'
import { CALL_SID, TIMING } from '../machines/call-under-test.ts'
import { EVERY_EVENT, isTime, type PhoneCallEvent } from './phone-call-events.ts'
import { PhoneCallRun } from './phone-call-run.ts'

/**
 * Hundreds of events in any order, any of them many times, with invariants that hold after each:
 * - W1 never two streams: two ways of audio, one each, and no word of another stream matters;
 * - W2 never a leg alive after the end: we asked for its end, or were told of it;
 * - W3 time alone ends every call;
 * - W4 nothing is left behind.
 */

type Type = PhoneCallEvent['type']
type Step = PhoneCallEvent | { readonly type: 'wait'; readonly ms: number }

/** What ends no call, however often it comes. */
const CALM: ReadonlySet<Type> = new Set<Type>([
  'server.connects',
  'server.adopts',
  'turn.comes',
  'carrier.accepts',
  'phone.rings',
  'phone.isAnswered',
  'stream.opens',
  'stream.opensAgain',
  'stream.goesQuiet',
  'stream.isHeard',
  'oldStream.dies',
  'oldStream.stops',
  'caller.presses',
  'speech.isPlayed',
])

/** Answers can only be given to what was asked for. */
const ASKED: { readonly [T in Type]?: string } = {
  'server.letsGo': 'release',
  'server.cannotLetGo': 'release',
  'turn.comes': 'turn',
  'turn.isDenied': 'turn',
  'carrier.accepts': 'placeCall',
  'carrier.refuses': 'placeCall',
  'carrier.isBusy': 'placeCall',
  'carrier.fails': 'placeCall',
  'carrier.finds': 'findCall',
  'carrier.findsNothing': 'findCall',
  'carrier.cannotLook': 'findCall',
  'carrier.hangsUp': 'hangUp',
  'carrier.doesNotHangUp': 'hangUp',
  'agent.returns': 'agent',
  'agent.throws': 'agent',
}

const told = (types: (type: Type) => boolean) =>
  fc.constantFrom<Step[]>(...EVERY_EVENT.filter((event) => !isTime(event) && types(event.type)))

const calm = told((type) => CALM.has(type))
const moment = fc.record({ type: fc.constant('wait' as const), ms: fc.nat({ max: 15 }) })
const spell = fc.record({ type: fc.constant('wait' as const), ms: fc.constantFrom(250, 1_000, 9_000, 10_000, 70_000) })
const wild = fc.oneof(
  { weight: 6, arbitrary: calm },
  { weight: 2, arbitrary: told(() => true) },
  { weight: 1, arbitrary: spell },
)

const quietly = fc.oneof({ weight: 9, arbitrary: calm }, { weight: 1, arbitrary: moment })
const long = fc.array(quietly, { minLength: 200, maxLength: 400, size: 'max' })
const short = fc.array(quietly, { maxLength: 5 })

/** A quiet time, often a long one, in which a call cannot end; then anything; and then time alone. */
const walks = fc.record({ quiet: fc.oneof(long, short), rest: fc.array(wild, { maxLength: 80, size: 'max' }) })

class RandomWalk {
  readonly run: PhoneCallRun
  /** Were we told that the far end is gone, at a moment at which it meant our call? */
  isLegGone = false

  constructor(direction: Direction) {
    this.run = new PhoneCallRun({ direction })
  }

  async take(step: Step): Promise<void> {
    const { call } = this.run
    if (call.isOver) return
    if (step.type === 'wait') await call.wait(step.ms)
    else {
      const asked = ASKED[step.type]
      if (asked !== undefined && !call.asked.includes(asked)) return
      const hasStream = call.is('active') || call.is('stopping.draining')
      if (step.type === 'leg.ends' || (step.type === 'stream.stops' && hasStream)) this.isLegGone = true
      await (this.run.does[step.type] as (event: PhoneCallEvent) => unknown)(step)
    }
    this.#hasOneStream()
  }

  /** Nobody answers anything any more. */
  async letTimePass(): Promise<void> {
    const { call } = this.run
    const longest = Object.values(TIMING).reduce((sum: number, ms: number) => sum + ms, 0)
    for (const end = call.clock.now() + longest; !call.isOver && call.clock.now() < end;) await call.wait(60_000)
  }

  #hasOneStream(): void {
    const { call } = this.run
    equal(call.running.length, new Set(call.running).size)
    if (!call.is('active')) return
    deepEqual(call.running.toSorted(), ['inbound', 'outbound'])
    const { where, detached, context } = call
    call.tell({ type: 'stream.lost', at: call.clock.now(), cause: '1006', streamSid: 'MZ of nobody' })
    call.tell({ type: 'stream.stopped', streamSid: 'MZ of nobody' })
    if (context.streamSid === undefined) throw new Error('expected an active call to know its stream, got none')
    call.tell({ type: 'stream.started', streamSid: context.streamSid, callSid: CALL_SID })
    deepEqual(
      { where: call.where, detached: call.detached, losses: call.context.losses },
      {
        where,
        detached,
        losses: context.losses,
      },
    )
  }
}

describe.each(['inbound', 'outbound'] as const)('an %s call that is told hundreds of things', (direction) => {
  const always = (property: (walk: RandomWalk) => Promise<void> | void) =>
    fc.assert(
      fc.asyncProperty(walks, async ({ quiet, rest }) => {
        const walk = new RandomWalk(direction)
        for (const step of quiet) await walk.take(step)
        expect(walk.run.call.isOver).toBe(false)
        for (const step of rest) await walk.take(step)
        await property(walk)
      }),
      { numRuns: 60 },
    )

  it('never has two streams, ends when nothing is left but time, and leaves nothing behind', async () => {
    expect.hasAssertions()
    await always(async (walk) => {
      await walk.letTimePass()
      expect(walk.run.call.output.reason).toBeDefined()
    })
  })

  it('leaves no leg alive that it knew of, unless it was told that the leg is over', async () => {
    expect.hasAssertions()
    await always(async (walk) => {
      const { call } = walk.run
      await walk.letTimePass()
      const mayLive = call.context.callSid !== undefined && !walk.isLegGone
      expect(mayLive && !call.sent.includes(`hangUp ${CALL_SID}`)).toBe(false)
    })
  })
})
