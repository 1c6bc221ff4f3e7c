import { afterEach, describe, expect, it } from 'vitest'
import { callMachine } from '../../machines/call.ts'
import { type Reason, REASONS } from '../../machines/reasons.ts'
import { testActive } from './call/active.ts'
import { testConnecting } from './call/connecting.ts'
import { testDoubt } from './call/doubt.ts'
import { testHolding } from './call/holding.ts'
import { testIdle } from './call/idle.ts'
import { type Open, openActive } from './call/opening.ts'
import { testOverflow } from './call/overflow.ts'
import { testPatience } from './call/patience.ts'
import { testRecording } from './call/recording.ts'
import { testStopping } from './call/stopping.ts'
import { testStreamLoss } from './call/stream-loss.ts'
import { testTransferring } from './call/transferring.ts'
import { CallUnderTest } from './call-under-test.ts'
import { EdgeCoverage } from './edge-coverage.ts'

const isReason = (word: string): word is Reason => word in REASONS

const coverage = new EdgeCoverage(callMachine)
const opened: CallUnderTest[] = []

const open: Open = (options) => {
  const call = new CallUnderTest({ ...options, inspect: coverage.observe })
  opened.push(call)
  return call
}

// From wherever a test leaves it, a call reaches its end, once, and leaves no timer and no child behind.
afterEach(async () => {
  for (const call of opened.splice(0)) await call.end()
})

describe('a call', () => {
  describe('that is idle', () => {
    testIdle(open)
  })
  describe('that is connecting', () => {
    testConnecting(open)
  })
  describe('of which nobody knows whether the carrier has placed it', () => {
    testDoubt(open)
  })
  describe('that is active', () => {
    testActive(open)
  })
  describe('that loses its stream', () => {
    testStreamLoss(open)
  })
  describe('of which more waits to be said than it allows', () => {
    testOverflow(open)
  })
  describe('whose patience', () => {
    testPatience(open)
  })
  describe('that is on hold', () => {
    testHolding(open)
  })
  describe('that is handed over', () => {
    testTransferring(open)
  })
  describe('whose recording', () => {
    testRecording(open)
  })
  describe('that is stopping', () => {
    testStopping(open)
  })

  it.each(Object.keys(REASONS).filter(isReason))('keeps the reason "%s" and ends where it belongs', async (reason) => {
    const call = openActive(open).tell({ type: 'call.hangUp', reason, cause: 'so be it' })
    expect(await call.end()).toEqual({ state: REASONS[reason], reason, cause: 'so be it' })
    expect(call.where).toBe(REASONS[reason])
  })

  it('has had every state entered and every edge taken by these tests', () => {
    expect(coverage.missing()).toEqual([])
  })
})
