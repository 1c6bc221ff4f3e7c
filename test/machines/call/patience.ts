import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../../machines/call-events.ts'
import { NEVER_MS } from '../../../machines/call-timing.ts'
import { TIMING } from '../call-under-test.ts'
import {
  dialEnded,
  hold,
  type Open,
  openActive,
  openAway,
  openHeld,
  playbackCleared,
  playbackDrained,
  playbackStarted,
  resume,
  speechEnded,
  speechStarted,
  transfer,
} from './opening.ts'

const QUIET_MS = 30_000
const SILENCE_MS = 20_000

export function testPatience(open: Open): void {
  describe('with both sides', () => {
    const timing = { quietMs: QUIET_MS }

    it('ends when neither has been heard for a while', async () => {
      const call = await openActive(open, { timing }).wait(QUIET_MS - 1)
      expect(call.is('active.floor.idle')).toBe(true)
      await call.wait(1)
      expect(call.where).toBe('stopping.hangingUp')
      expect(await call.end()).toEqual({ state: 'ended', reason: 'idle', cause: undefined })
    })

    it.each<[string, CallEvent[]]>([
      ['the far end speaks', [speechStarted]],
      ['the agent speaks', [playbackStarted]],
    ])('does not run out while %s', async (_, events) => {
      const call = await openActive(open, { timing })
        .tell(...events)
        .wait(10 * QUIET_MS)
      expect(call.is('active')).toBe(true)
    })

    it('is counted from the last word that was heard', async () => {
      const call = await openActive(open, { timing }).wait(QUIET_MS - 1)
      await call.tell(speechStarted, speechEnded).wait(QUIET_MS - 1)
      expect(call.is('active.floor.idle')).toBe(true)
      expect((await call.wait(1)).where).toBe('stopping.hangingUp')
    })

    it('does not run out on hold, and is counted anew from its end', async () => {
      const call = await openHeld(open, { timing }).wait(5.5 * QUIET_MS)
      expect(call.is('active.hold.held')).toBe(true)
      await call.tell(resume).wait(QUIET_MS - 1)
      expect(call.is('active.floor.idle')).toBe(true)
      expect((await call.wait(1)).where).toBe('stopping.hangingUp')
    })

    it('does not run out while they talk with somebody else, and is counted anew from their return', async () => {
      const call = await (await openAway(open, { timing })).tell({ type: 'dial.answered' }).wait(5.5 * QUIET_MS)
      expect(call.is('active.floor.away')).toBe(true)
      call.tell(speechStarted, playbackStarted)
      expect(call.is('active.floor.away')).toBe(true)
      call.tell(dialEnded('busy'), { type: 'stream.started', streamSid: 'MZ2', callSid: 'CA1' })
      await call.wait(QUIET_MS - 1)
      expect(call.is('active.floor.idle')).toBe(true)
      expect((await call.wait(1)).where).toBe('stopping.hangingUp')
    })
  })

  describe('with an agent', () => {
    const timing = { agentSilenceMs: SILENCE_MS }

    it('ends when it has said nothing for a while, whatever the far end says', async () => {
      const call = await openActive(open, { timing }).tell(speechStarted).wait(SILENCE_MS)
      expect(call.where).toBe('stopping.hangingUp')
      expect(await call.end()).toEqual({ state: 'ended', reason: 'agent silent', cause: undefined })
    })

    it('does not run out while it speaks', async () => {
      const call = await openActive(open, { timing })
        .tell(playbackStarted)
        .wait(10 * SILENCE_MS)
      expect(call.is('active.agent.running.speaking')).toBe(true)
    })

    it.each([playbackDrained, playbackCleared])('is counted from its last word: $type', async (event) => {
      const call = await openActive(open, { timing }).tell(playbackStarted).wait(SILENCE_MS)
      await call.tell(event).wait(SILENCE_MS - 1)
      expect(call.is('active.agent.running.quiet')).toBe(true)
      expect((await call.wait(1)).where).toBe('stopping.hangingUp')
    })

    it('does not run out on hold, and is counted anew from its end', async () => {
      const call = await openHeld(open, { timing }).wait(10 * SILENCE_MS)
      expect(call.is('active.agent.running.waiting')).toBe(true)
      await call.tell(resume).wait(SILENCE_MS - 1)
      expect(call.is('active.agent.running.quiet')).toBe(true)
      expect((await call.wait(1)).where).toBe('stopping.hangingUp')
    })

    it('knows that one that was put on hold in the middle of a sentence goes on with it', () => {
      const call = openActive(open, { timing }).tell(playbackStarted, hold)
      expect(call.is('active.agent.running.waiting')).toBe(true)
      expect(call.tell(resume).is('active.agent.running.speaking')).toBe(true)
    })

    it('does not run out while the far end is with somebody else, whatever is told meanwhile', async () => {
      const call = (await openAway(open, { timing })).tell({ type: 'dial.answered' }, resume, hold, resume)
      await call.wait(10 * SILENCE_MS)
      expect(call.is('active.agent.running.waiting')).toBe(true)
    })

    it('runs out even before a transfer, if its last words never begin', async () => {
      const call = openActive(open, { timing: { agentSilenceMs: TIMING.drainMs / 2 } }).tell(transfer)
      expect((await call.wait(TIMING.drainMs / 2)).where).toBe('stopping.hangingUp')
    })
  })

  it('has no end of its own unless one is asked for', () => {
    expect([TIMING.quietMs, TIMING.agentSilenceMs]).toEqual([NEVER_MS, NEVER_MS])
    expect(NEVER_MS).toBeGreaterThan(TIMING.limitMs)
  })
}
