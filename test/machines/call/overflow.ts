import { expect, it } from 'vitest'
import {
  hangUp,
  type Open,
  openActive,
  openAway,
  openDraining,
  openHangingUp,
  openHeld,
  streamLost,
} from './opening.ts'

const overflowed = { type: 'queue.overflowed' } as const

export function testOverflow(open: Open): void {
  const ending = { state: 'error', reason: 'queue overflow', cause: 'more waited to be said than the call allows' }

  it('ends, and says why', async () => {
    const call = openActive(open).report('outbound', overflowed)
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toEqual(ending)
  })

  it('ends on hold and without a stream, too: what waits is too much all the same', async () => {
    for (const call of [openHeld(open), openActive(open).tell(streamLost(0))]) {
      expect(call.report('outbound', overflowed).where).toBe('stopping.hangingUp')
      expect(await call.end()).toEqual(ending)
    }
  })

  it('goes on while the far end talks with somebody else', async () => {
    const call = (await openAway(open)).tell({ type: 'dial.answered' }).report('outbound', overflowed)
    expect(call.is('active.transfer.away')).toBe(true)
  })

  it('that ends already ends as it would have', async () => {
    for (const call of [openDraining(open), openHangingUp(open)]) {
      const { where } = call
      expect(call.tell(overflowed).where).toBe(where)
      expect((await call.tell(hangUp).end()).reason).not.toBe('queue overflow')
    }
  })
}
