import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { DEFAULT_CALL_TIMING } from '../../machines/call-timing.ts'
import { type SwitchboardEvent, switchboardMachine } from '../../machines/switchboard.ts'
import { CountingClock } from './counting-clock.ts'
import { EdgeCoverage } from './edge-coverage.ts'

const coverage = new EdgeCoverage(switchboardMachine)
const DRAIN_MS = 300_000
const LAST_CALLS_MS = 35_000

const admitted = { type: 'call.admitted' } as const
const released = { type: 'call.released' } as const
const drain = { type: 'node.drain' } as const
const stop = { type: 'node.stop' } as const
const strained = { type: 'loop.strained' } as const
const recovered = { type: 'loop.recovered' } as const

function open(maxCalls: number, ...events: SwitchboardEvent[]) {
  const clock = new CountingClock()
  let hungUp = 0
  const actor = createActor(switchboardMachine.provide({ actions: { hangUpAll: () => void (hungUp += 1) } }), {
    input: { maxCalls, drainMs: DRAIN_MS },
    clock,
    inspect: coverage.observe,
  }).start()
  const tell = (...more: SwitchboardEvent[]) => {
    for (const event of more) actor.send(event)
  }
  tell(...events)
  return {
    clock,
    tell,
    where: () => JSON.stringify(actor.getSnapshot().value).replaceAll(/["{}]/g, '').replaceAll(':', '.'),
    live: () => actor.getSnapshot().context.live,
    isOver: () => actor.getSnapshot().status === 'done',
    hungUp: () => hungUp,
  }
}

describe('the switchboard', () => {
  it('admits calls up to its limit, and again once one is over', () => {
    const board = open(2, admitted)
    expect(board.where()).toBe('accepting.open')
    board.tell(admitted)
    expect(board.where()).toBe('accepting.full')
    board.tell(released)
    expect(board.where()).toBe('accepting.open')
    expect(board.live()).toBe(1)
  })

  it('takes no calls while its loop is strained, and then as many as before', () => {
    const board = open(3, admitted, strained)
    expect(board.where()).toBe('accepting.strained')
    board.tell(strained, released)
    expect(board.where()).toBe('accepting.strained')
    board.tell(recovered)
    expect([board.where(), board.live()]).toEqual(['accepting.open', 0])
  })

  it('is full when its loop has recovered, if it was, and nobody has gone', () => {
    const board = open(2, admitted, admitted, strained)
    expect(board.where()).toBe('accepting.strained')
    board.tell(recovered)
    expect(board.where()).toBe('accepting.full')
    board.tell(strained, released, recovered)
    expect([board.where(), board.live()]).toEqual(['accepting.open', 1])
  })

  it('counts a call that was there before it, however many there are', () => {
    const board = open(1, admitted, admitted)
    expect([board.where(), board.live()]).toEqual(['accepting.full', 2])
    board.tell(released)
    expect(board.where()).toBe('accepting.full')
    board.tell(released)
    expect(board.where()).toBe('accepting.open')
  })

  it('drains and stops with a strained loop as with any other', () => {
    expect(open(2, strained, drain).isOver()).toBe(true)
    const board = open(2, admitted, strained, drain, recovered, strained)
    expect(board.where()).toBe('draining.waiting')
    board.tell(released)
    expect(board.isOver()).toBe(true)
  })

  it('stops at once when it is drained empty', () => {
    expect(open(2, drain).isOver()).toBe(true)
    expect(open(2, admitted, released, drain).isOver()).toBe(true)
    expect(open(2, stop).isOver()).toBe(true)
  })

  it('waits for its calls when it is drained, and hangs up on none', () => {
    const board = open(9, admitted, admitted, drain)
    board.clock.advance(DRAIN_MS - 1)
    expect(board.where()).toBe('draining.waiting')
    board.tell(released)
    expect(board.isOver()).toBe(false)
    board.tell(released)
    expect(board.isOver()).toBe(true)
    expect(board.hungUp()).toBe(0)
    expect(board.clock.pending).toBe(0)
  })

  it('hangs up on whoever is still there at the end of the drain, once', () => {
    const board = open(1, admitted, drain)
    board.clock.advance(DRAIN_MS)
    expect(board.where()).toBe('draining.hangingUp')
    board.tell(stop, drain, stop)
    expect(board.hungUp()).toBe(1)
    board.tell(released)
    expect(board.isOver()).toBe(true)
  })

  it.each([[[stop]], [[drain, stop]]])('hangs up at once when it must stop: %j', (events) => {
    const board = open(3, admitted, ...events)
    expect(board.where()).toBe('draining.hangingUp')
    expect(board.hungUp()).toBe(1)
  })

  it('does not wait for ever for calls that do not end', () => {
    const board = open(3, admitted, stop)
    board.clock.advance(LAST_CALLS_MS - 1)
    expect(board.isOver()).toBe(false)
    board.clock.advance(1)
    expect(board.isOver()).toBe(true)
    expect(board.clock.pending).toBe(0)
  })

  it('gives its last calls as long as the longest way out of a call takes', () => {
    const { settleMs, lookUpMs, hangUpMs, releaseMs } = DEFAULT_CALL_TIMING
    const placingMs = 9_000
    expect(LAST_CALLS_MS).toBeGreaterThan(placingMs + settleMs + lookUpMs + hangUpMs + releaseMs)
  })

  it('never counts fewer than no calls, and always stops in the end', () => {
    const event = fc.constantFrom(admitted, admitted, admitted, released, released, strained, recovered, drain, stop)
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (events, maxCalls) => {
        const board = open(maxCalls)
        for (const one of events) {
          if (board.isOver()) break
          // Nobody else is let in.
          if (one === admitted && board.where() !== 'accepting.open') continue
          board.tell(one)
          expect(board.live()).toBeGreaterThanOrEqual(0)
          expect(board.live()).toBeLessThanOrEqual(maxCalls)
        }
        if (!board.isOver()) board.tell(drain)
        board.clock.advance(DRAIN_MS + LAST_CALLS_MS)
        expect(board.isOver()).toBe(true)
        expect(board.clock.pending).toBe(0)
      }),
    )
  })

  it('has had every state entered and every edge taken by these tests', () => {
    expect(coverage.missing()).toEqual([])
  })
})
