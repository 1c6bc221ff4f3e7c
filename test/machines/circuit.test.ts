import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { type CircuitEvent, circuitMachine, isOutage } from '../../machines/circuit.ts'
import { CountingClock } from './counting-clock.ts'
import { EdgeCoverage } from './edge-coverage.ts'

const coverage = new EdgeCoverage(circuitMachine)

const answered = { type: 'request.answered' } as const
const failed = { type: 'request.failed', code: 'CARRIER_TIMEOUT' } as const
const started = { type: 'probe.started' } as const
const abandoned = { type: 'probe.abandoned' } as const
const times = (count: number, event: CircuitEvent): CircuitEvent[] => Array.from({ length: count }, () => event)

function circuit(...events: CircuitEvent[]) {
  const clock = new CountingClock()
  const told: string[] = []
  const actor = createActor(
    circuitMachine.provide({
      actions: {
        tellOpened: ({ context }) => void told.push(`opened after ${context.failures}`),
        tellClosed: () => void told.push('closed'),
      },
    }),
    { clock, inspect: coverage.observe },
  ).start()
  const tell = (...more: CircuitEvent[]) => {
    for (const event of more) actor.send(event)
  }
  tell(...events)
  return {
    clock,
    told,
    tell,
    context: () => actor.getSnapshot().context,
    where: () => JSON.stringify(actor.getSnapshot().value).replaceAll(/["{}]/g, '').replaceAll(':', '.'),
  }
}

describe('the circuit to the carrier', () => {
  it('opens at the fifth failure in a row, and remembers how it failed', () => {
    const { tell, where, told, context } = circuit(...times(4, failed))
    expect(where()).toBe('closed')
    tell({ type: 'request.failed', code: 'CARRIER_UNAUTHORIZED' })
    expect(where()).toBe('open')
    expect(told).toEqual(['opened after 5'])
    expect(context()).toMatchObject({ failures: 5, fault: 'CARRIER_UNAUTHORIZED' })
  })

  it('stays closed however many requests fail, as long as now and then one is answered', () => {
    const row = [...times(4, failed), answered]
    const { where, told, clock } = circuit(...row, ...row, ...row, ...times(4, failed))
    expect(where()).toBe('closed')
    expect(told).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('is half open after 15 s, and closed again once the probe is answered', () => {
    const { clock, tell, where, told } = circuit(...times(5, failed))
    clock.advance(14_999)
    expect(where()).toBe('open')
    clock.advance(1)
    expect(where()).toBe('halfOpen.ready')
    tell(started)
    expect(where()).toBe('halfOpen.probing')
    tell(answered)
    expect(where()).toBe('closed')
    expect(told).toEqual(['opened after 5', 'closed'])
    expect(clock.pending).toBe(0)
  })

  it('counts afresh once it is closed again', () => {
    const { clock, tell, where } = circuit(...times(5, failed))
    clock.advance(15_000)
    tell(started, answered, ...times(4, failed))
    expect(where()).toBe('closed')
    tell(failed)
    clock.advance(14_999)
    expect(where()).toBe('open')
    clock.advance(1)
    expect(where()).toBe('halfOpen.ready')
  })

  it('waits twice as long after each probe that fails, up to two minutes, and tells of the outage once', () => {
    const { clock, tell, where, told } = circuit(...times(5, failed))
    for (const waitMs of [15_000, 30_000, 60_000, 120_000, 120_000]) {
      clock.advance(waitMs - 1)
      expect(where()).toBe('open')
      clock.advance(1)
      expect(where()).toBe('halfOpen.ready')
      tell(started, failed)
    }
    expect(told).toEqual(['opened after 5'])
  })

  it('lets another probe start when one was abandoned', () => {
    const { clock, tell, where } = circuit(...times(5, failed))
    clock.advance(15_000)
    tell(started, abandoned)
    expect(where()).toBe('halfOpen.ready')
    tell(started, started)
    expect(where()).toBe('halfOpen.probing')
  })

  it('takes a probe that never ends for one that failed', () => {
    const { clock, tell, where, context } = circuit(...times(5, failed))
    clock.advance(15_000)
    tell(started)
    clock.advance(29_999)
    expect(where()).toBe('halfOpen.probing')
    clock.advance(1)
    expect(where()).toBe('open')
    expect(context().waitMs).toBe(30_000)
  })

  it('is closed by any answer, also while it is open, and hears no failure then', () => {
    const { clock, tell, where, told } = circuit(...times(5, failed))
    tell(failed, started, abandoned)
    clock.advance(14_999)
    expect(where()).toBe('open')
    tell(answered)
    expect(where()).toBe('closed')
    expect(told).toEqual(['opened after 5', 'closed'])
  })

  it('takes for an outage what says that the carrier is down or does not know us, and no refusal', () => {
    const codes = [
      'UNAVAILABLE',
      'TIMEOUT',
      'GIBBERISH',
      'UNAUTHORIZED',
      'REFUSED',
      'NOT_FOUND',
      'RATE_LIMITED',
      'PAUSED',
    ]
    expect(codes.filter((code) => isOutage(`CARRIER_${code}`))).toEqual(codes.slice(0, 4))
  })

  it('tells of openings and closings in turn, never waits for ever, and has a timer only while it waits (property)', () => {
    const step = fc.oneof(
      fc.constantFrom<CircuitEvent>(answered, failed, failed, failed, started, abandoned),
      fc.integer({ min: 1, max: 130_000 }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { clock, told, tell, where, context } = circuit()
        for (const one of steps) {
          if (typeof one === 'number') clock.advance(one)
          else tell(one)
          expect(clock.pending).toBe(where() === 'open' || where() === 'halfOpen.probing' ? 1 : 0)
          expect(context().waitMs).toBeGreaterThanOrEqual(15_000)
          expect(context().waitMs).toBeLessThanOrEqual(120_000)
        }
        const words = told.map((each) => each.split(' ')[0])
        expect(words).toEqual(words.map((_, index) => (index % 2 === 0 ? 'opened' : 'closed')))
        expect(where() === 'closed').toBe(words.length % 2 === 0)
        clock.advance(120_000)
        tell(started)
        clock.advance(120_000)
        tell(started, answered)
        expect(where()).toBe('closed')
      }),
    )
  })

  it('has had every state entered and every edge taken by these tests', () => {
    expect(coverage.missing()).toEqual([])
  })
})
