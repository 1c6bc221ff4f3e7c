import { describe, expect, it } from 'vitest'
import type { CallEvent } from '../../../machines/call-events.ts'
import { TIMING } from '../call-under-test.ts'
import {
  finish,
  freshStreamStarted,
  hangUp,
  legAnswered,
  legEnded,
  legRinging,
  type Open,
  openActive,
  openDraining,
  openHangingUp,
  openReleasing,
  streamLost,
  streamStarted,
} from './opening.ts'

export function testStopping(open: Open): void {
  describe('draining', () => {
    it.each<CallEvent>([
      { type: 'playback.drained' },
      { type: 'queue.stalled', at: 0 },
      streamLost(0),
      { ...streamLost(0), streamSid: 'MZ1' },
      hangUp,
    ])('hangs up on %j', (event) => {
      expect(openDraining(open).tell(event).where).toBe('stopping.hangingUp')
    })

    it.each<CallEvent>([{ type: 'stream.stopped' }, legEnded])(
      'lets go when the far end is gone: %j',
      async (event) => {
        const call = openDraining(open).tell(event)
        expect(call.where).toBe('stopping.releasing')
        expect(await call.end()).toMatchObject({ reason: 'draining' })
        expect(call.sent).toEqual([])
      },
    )

    it('does not listen to a stream that was taken over', () => {
      const call = openActive(open).tell(freshStreamStarted, finish)
      call.tell({ ...streamLost(0), streamSid: 'MZ1' }, { type: 'stream.stopped', streamSid: 'MZ1' })
      expect(call.where).toBe('stopping.draining')
    })

    it('does not wait for ever', async () => {
      const call = await openDraining(open).wait(TIMING.drainMs)
      expect(call.where).toBe('stopping.hangingUp')
    })

    it('hangs up when the queue cannot be started again', async () => {
      const broken: 'outbound'[] = []
      const call = openActive(open, { broken })
      broken.push('outbound')
      expect(call.tell(finish).where).toBe('stopping.hangingUp')
      expect(await call.end()).toEqual({ state: 'ended', reason: 'draining', cause: 'outbound is broken' })
    })

    it('is not begun again', () => {
      expect(openDraining(open).tell(finish, streamStarted, legRinging, legAnswered).where).toBe('stopping.draining')
    })
  })

  describe('hanging up', () => {
    it('asks the carrier to end the leg, then lets go', async () => {
      const call = openHangingUp(open)
      expect(call.sent).toEqual(['hangUp CA1'])
      expect((await call.answer('hangUp')).where).toBe('stopping.releasing')
    })

    it('keeps its reason when the carrier fails to hang up, and tells the operator', async () => {
      const call = await openHangingUp(open).fail('hangUp', { code: 'CARRIER_REFUSED', message: 'no' })
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toEqual({ state: 'ended', reason: 'hung up by API', cause: 'no' })
    })

    it('survives a command that breaks', async () => {
      const call = openHangingUp(open, { broken: ['carrier'] })
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toMatchObject({ reason: 'hung up by API', cause: 'carrier is broken' })
    })

    it('does not wait for ever, and tells the operator', async () => {
      const call = await openHangingUp(open).wait(TIMING.hangUpMs)
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toMatchObject({
        reason: 'hung up by API',
        cause: expect.stringContaining('did not confirm'),
      })
    })

    it('need not wait for the answer once the leg is known to be over', () => {
      const call = openHangingUp(open).tell(legEnded)
      expect(call.where).toBe('stopping.releasing')
      expect(call.asked).toEqual(['release'])
    })

    it('is not done twice', () => {
      const call = openHangingUp(open).tell(hangUp, finish, streamLost(0), { type: 'stream.stopped' }, hangUp)
      expect(call.where).toBe('stopping.hangingUp')
      expect(call.sent).toHaveLength(1)
    })
  })

  describe('releasing', () => {
    it('is the last thing a call does', async () => {
      const call = await openReleasing(open).answer('release')
      expect(call.where).toBe('ended')
      expect(call.output).toEqual({ state: 'ended', reason: 'caller hung up', cause: undefined })
    })

    it('is not begun again by a repeated callback', () => {
      const call = openReleasing(open).tell(legEnded, legEnded)
      expect(call.begun).toEqual(['agent', 'release'])
    })

    it.each([
      ['ended', false],
      ['error', true],
    ] as const)('ends in %s even if it fails, never returns or cannot be started', async (state, fault) => {
      const releasing = async (broken: readonly 'release'[] = []) => {
        const call = openActive(open, { broken })
        if (fault) await call.fail('agent', new Error('boom'))
        return call.tell(...(fault ? [legEnded] : [hangUp, legEnded]))
      }
      expect((await (await releasing()).answer('release')).where).toBe(state)
      expect((await (await releasing()).fail('release', new Error('stuck'))).where).toBe(state)
      expect((await (await releasing()).wait(TIMING.releaseMs)).where).toBe(state)
      expect((await releasing(['release'])).where).toBe(state)
    })

    it('reports what went wrong as a cause, not as a reason', async () => {
      const late = await openReleasing(open).wait(TIMING.releaseMs)
      expect(late.output).toMatchObject({ reason: 'caller hung up', cause: expect.stringContaining('did not let go') })
      const failed = await openReleasing(open).fail('release', new Error('stuck'))
      expect(failed.output).toMatchObject({ reason: 'caller hung up', cause: 'stuck' })
    })
  })
}
