import { getEventListeners } from 'node:events'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DialPacer, type TurnOptions } from '../src/dial-pacer.ts'
import { AdmissionError } from '../src/errors.ts'
import { VirtualClock } from '../src/simulator/virtual-clock.ts'

/** Promises that are settled have been heard of after so many turns of the microtask queue. */
async function heard(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await Promise.resolve()
}

/** A pacer, and who started when. */
function pacing(perSecond: number, maxWaiting = 100) {
  const clock = new VirtualClock()
  clock.onSettle(heard)
  const pacer = new DialPacer({ clock, perSecond, maxWaiting })
  const started: { name: string; at: number }[] = []
  const lost: { name: string; error: unknown }[] = []
  /** Returns what has one leave again. */
  const come = (name: string, options: TurnOptions = {}) => {
    const controller = new AbortController()
    pacer.take(controller.signal, { id: name, ...options }).then(
      () => started.push({ name, at: clock.now() }),
      (error: unknown) => lost.push({ name, error }),
    )
    return () => controller.abort(new Error(`${name} has left`))
  }
  return { clock, pacer, come, started, lost, names: () => started.map(({ name }) => name) }
}

describe('a dial pacer', () => {
  it('lets the first ones start at once and the others when their turn comes, in the order they came', async () => {
    const { clock, come, started } = pacing(2)
    for (const name of ['a', 'b', 'c', 'd', 'e']) come(name)
    await clock.advance(2_000)
    expect(started).toEqual([
      { name: 'a', at: 0 },
      { name: 'b', at: 0 },
      { name: 'c', at: 1_000 },
      { name: 'd', at: 1_000 },
      { name: 'e', at: 2_000 },
    ])
  })

  it('looks at any second, not at those of the clock on the wall', async () => {
    const { clock, come, started } = pacing(2)
    await clock.advance(900)
    come('a')
    await clock.advance(90)
    come('b')
    await clock.advance(20)
    come('c')
    come('d')
    await clock.advance(5_000)
    expect(started.map(({ at }) => at)).toEqual([900, 990, 1_900, 1_990])
  })

  it.each([
    [0.5, [0, 2_000, 4_000]],
    [0.1, [0, 10_000, 20_000]],
    [1, [0, 1_000, 2_000]],
    [1.9, [0, 1_000, 2_000]],
    [3, [0, 0, 0]],
  ])('at %s calls a second starts three calls at %j', async (perSecond, starts) => {
    const { clock, come, started } = pacing(perSecond)
    for (const name of ['a', 'b', 'c']) come(name)
    await clock.advance(30_000)
    expect(started.map(({ at }) => at)).toEqual(starts)
  })

  it('has a repeat go before all who have not had a turn, but not before an earlier repeat', async () => {
    const { clock, come, names, pacer } = pacing(1)
    for (const name of ['a', 'b', 'c']) come(name)
    come('repeat 1', { isRepeat: true })
    come('repeat 2', { isRepeat: true })
    expect(pacer.list().map(({ id }) => id)).toEqual(['repeat 1', 'repeat 2', 'b', 'c'])
    await clock.advance(10_000)
    expect(names()).toEqual(['a', 'repeat 1', 'repeat 2', 'b', 'c'])
  })

  it('takes so many and no more: the next is told that the queue is full', async () => {
    const { clock, come, lost, pacer } = pacing(1, 2)
    for (const name of ['a', 'b', 'c', 'd']) come(name)
    await heard()
    expect(pacer.waiting).toBe(2)
    expect(lost).toEqual([{ name: 'd', error: expect.any(AdmissionError) }])
    expect(lost[0]?.error).toMatchObject({
      code: 'DIAL_QUEUE_FULL',
      message: 'expected at most 2 calls waiting to be dialled, got one more',
    })
    await clock.advance(1_000)
    come('e')
    expect(pacer.list().map(({ id }) => id)).toEqual(['c', 'e'])
  })

  it('has places for as many repeats besides, which no newcomer can take', async () => {
    const { come, lost, pacer } = pacing(1, 2)
    for (const name of ['a', 'b', 'c']) come(name)
    for (const name of ['r1', 'r2', 'r3']) come(name, { isRepeat: true })
    await heard()
    expect(pacer.waiting).toBe(4)
    expect(lost.map(({ name }) => name)).toEqual(['r3'])
  })

  it('with no places lets start whoever may at once, and nobody else', async () => {
    const { come, names, lost } = pacing(1, 0)
    come('a')
    come('b')
    await heard()
    expect(names()).toEqual(['a'])
    expect(lost.map(({ name }) => name)).toEqual(['b'])
  })

  it('lets go of whoever leaves at once, with their reason, and gives their turn to the next', async () => {
    const { clock, come, lost, started, pacer } = pacing(1)
    come('a')
    const leave = come('b')
    come('c')
    leave()
    await heard()
    expect(lost).toEqual([{ name: 'b', error: new Error('b has left') }])
    expect(pacer.waiting).toBe(1)
    await clock.advance(5_000)
    expect(started).toEqual([
      { name: 'a', at: 0 },
      { name: 'c', at: 1_000 },
    ])
  })

  it('takes nobody who has left before they came', async () => {
    const { clock, pacer } = pacing(1)
    const reason = new Error('gone')
    await expect(pacer.take(AbortSignal.abort(reason))).rejects.toBe(reason)
    await expect(pacer.take()).resolves.toBeUndefined()
    expect(clock.now()).toBe(0)
  })

  it('has one timer while anybody waits, and none when nobody does', async () => {
    const { clock, come } = pacing(1)
    come('a')
    expect(clock.pending).toBe(0)
    const leaves = ['b', 'c', 'd'].map((name) => come(name))
    expect(clock.pending).toBe(1)
    await clock.advance(1_000)
    expect(clock.pending).toBe(1)
    for (const leave of leaves) leave()
    expect(clock.pending).toBe(0)
  })

  it('sets its timer again when that came too early, and starts nobody before their time', async () => {
    const { clock, started, come } = pacing(1)
    const early = clock.setTimeout.bind(clock)
    clock.setTimeout = (callback, delayMs) => early(callback, delayMs > 1 ? delayMs - 0.5 : delayMs)
    come('a')
    come('b')
    await clock.advance(999.9)
    expect(started).toHaveLength(1)
    await clock.advance(1)
    expect(started).toHaveLength(2)
    expect(started[1]?.at).toBeGreaterThanOrEqual(1_000)
  })

  it('lets no newcomer start before those who wait, though the timer be late', async () => {
    const { clock, come, names } = pacing(1)
    const onTime = clock.setTimeout.bind(clock)
    clock.setTimeout = (callback, delayMs) => onTime(callback, delayMs + 50)
    come('a')
    come('b')
    await clock.advance(1_020)
    come('c')
    await clock.advance(5_000)
    expect(names()).toEqual(['a', 'b', 'c'])
  })

  it('listens no more to the signal of one who has started', async () => {
    const { clock, pacer } = pacing(1)
    const { signal } = new AbortController()
    const turns = Promise.all([pacer.take(signal), pacer.take(signal)])
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    await clock.advance(1_000)
    await turns
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('shows who waits, since when and at what place', async () => {
    const { clock, come, pacer } = pacing(1)
    come('a')
    await clock.advance(300)
    come('b')
    await clock.advance(100)
    come('c')
    come('d', { isRepeat: true })
    expect(pacer.list()).toEqual([
      { id: 'd', isRepeat: true, since: 400 },
      { id: 'b', isRepeat: false, since: 300 },
      { id: 'c', isRepeat: false, since: 400 },
    ])
    expect(['a', 'b', 'c', 'd', 'nobody'].map((name) => pacer.positionOf(name))).toEqual([
      undefined,
      2,
      3,
      1,
      undefined,
    ])
    expect(pacer.waiting).toBe(3)
  })

  it.each([0.5, 1, 3, 30])('knows how long whoever comes next will wait, at %s a second', async (perSecond) => {
    const { clock, come, pacer, started } = pacing(perSecond)
    await clock.advance(5_000)
    const expected: number[] = []
    for (let index = 0; index < 70; index += 1) {
      expected.push(clock.now() + pacer.waitMs)
      come(`${index}`)
      await heard()
      if (index % 20 === 7) await clock.advance(137)
    }
    await clock.advance(200_000)
    expect(started.map(({ at }) => at)).toEqual(expected)
  })
})

describe.each([0.5, 1, 3, 30])('at %s calls a second, over any arrivals and cancellations', (perSecond) => {
  const starts = Math.max(1, Math.floor(perSecond))
  const periodMs = perSecond < 1 ? 1_000 / perSecond : 1_000

  interface Comer {
    readonly waitMs: number
    readonly isRepeat: boolean
    /** How long after coming this one leaves. */
    readonly patienceMs: number | undefined
  }

  /** About as many as the rate allows, in crowds and with pauses. */
  const meanMs = Math.ceil(periodMs / starts)
  const comers: fc.Arbitrary<Comer[]> = fc.array(
    fc.record({
      waitMs: fc.oneof(
        { arbitrary: fc.constant(0), weight: 5 },
        { arbitrary: fc.integer({ min: 0, max: 2 * meanMs }), weight: 10 },
        { arbitrary: fc.integer({ min: 0, max: 3 * periodMs }), weight: 1 },
      ),
      isRepeat: fc.integer({ min: 0, max: 4 }).map((die) => die === 0),
      patienceMs: fc.option(fc.integer({ min: 0, max: 2 * periodMs }), { nil: undefined, freq: 3 }),
    }),
    { maxLength: 100, size: 'max' },
  )

  /** Plays it to the end. */
  async function play(given: readonly Comer[]) {
    const stage = pacing(perSecond)
    const { clock, come } = stage
    const cameAt: number[] = []
    for (const [index, { waitMs, isRepeat, patienceMs }] of given.entries()) {
      await clock.advance(waitMs)
      cameAt.push(clock.now())
      const leave = come(`${index}`, { isRepeat })
      if (patienceMs !== undefined) clock.setTimeout(leave, patienceMs)
    }
    await clock.advance(101 * periodMs)
    return { ...stage, cameAt }
  }

  it('no sliding second has more starts, and no turn is wasted', async () => {
    expect.hasAssertions()
    await fc.assert(
      fc.asyncProperty(comers, async (given) => {
        const { started, cameAt } = await play(given)
        /** Since the start that has to be a period ago for this one. */
        const sinceMs = started.map(({ at }, index) => at - (started[index - starts]?.at ?? -Infinity))
        expect(sinceMs.filter((ms) => ms < periodMs)).toEqual([])
        // Whoever had to wait started as soon as the limit let them.
        const waited = started.map(({ name, at }) => at > (cameAt[Number(name)] ?? 0))
        expect(sinceMs.filter((ms, index) => waited[index] && ms > periodMs)).toEqual([])
      }),
    )
  })

  it('everybody starts or leaves, once, and nobody before one who came earlier', async () => {
    expect.hasAssertions()
    await fc.assert(
      fc.asyncProperty(comers, async (given) => {
        const { started, lost, cameAt, clock, pacer } = await play(given)
        const seen = [...started, ...lost].map(({ name }) => Number(name))
        expect(seen.toSorted((a, b) => a - b)).toEqual(given.map((_, index) => index))
        expect(lost.filter(({ name }) => given[Number(name)]?.patienceMs === undefined)).toEqual([])
        expect(pacer.waiting).toBe(0)
        expect(clock.pending).toBe(0)
        const order = started.map(({ name }) => Number(name))
        for (const kind of [true, false]) {
          const ofKind = order.filter((index) => given[index]?.isRepeat === kind)
          expect(ofKind).toEqual(ofKind.toSorted((a, b) => a - b))
        }
        // Where a first one started, no repeat had been waiting.
        for (const { name, at } of started.filter((one) => given[Number(one.name)]?.isRepeat === false)) {
          const later = order.slice(order.indexOf(Number(name)) + 1)
          const passedOver = later.filter((index) => given[index]?.isRepeat && (cameAt[index] ?? 0) < at)
          expect(passedOver).toEqual([])
        }
      }),
    )
  })
})
