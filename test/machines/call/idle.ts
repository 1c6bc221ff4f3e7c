import { expect, it } from 'vitest'
import { CALL_SID, TIMING } from '../call-under-test.ts'
import { finish, hangUp, legAnswered, legEnded, legRinging, type Open } from './opening.ts'

export function testIdle(open: Open): void {
  it('lets an inbound call wait for its stream once it is told to connect', () => {
    expect(open().tell({ type: 'call.connect' }).where).toBe('connecting.awaitingStream')
  })

  it('lets an outbound call wait for its turn to be dialled once it is told to connect', () => {
    const call = open({ direction: 'outbound' }).tell({ type: 'call.connect' })
    expect(call.where).toBe('connecting.queued')
    expect(call.sent).toEqual([])
  })

  it.each(['inbound', 'outbound'] as const)(
    'waits for a fresh stream, and asks nothing of the carrier, if it was under way before: %s',
    async (direction) => {
      const call = open({ direction, callSid: CALL_SID }).tell({ type: 'call.adopt' })
      expect(call.where).toBe('connecting.awaitingStream')
      expect(call.tell({ type: 'call.adopt' }, { type: 'call.connect' }).where).toBe('connecting.awaitingStream')
      await call.wait(TIMING.streamMs)
      expect(call.sent).toEqual([`hangUp ${CALL_SID}`])
    },
  )

  it('hangs up on a caller whom nobody connects, and says whose fault that is', async () => {
    const call = await open().wait(TIMING.idleMs)
    expect(call.sent).toEqual(['hangUp CA1'])
    expect(await call.end()).toMatchObject({
      state: 'error',
      reason: 'internal error',
      cause: expect.stringContaining('nobody told'),
    })
  })

  it.each([hangUp, finish])('obeys $type', async (command) => {
    const call = open().tell(command)
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ state: 'ended', reason: command.reason })
  })

  it('asks nothing of the carrier for a call that was given up before it was placed', async () => {
    const call = open({ direction: 'outbound' }).tell(hangUp)
    expect(call.where).toBe('stopping.releasing')
    await call.end()
    expect(call.sent).toEqual([])
  })

  it('does not hang up on a caller who left by himself', async () => {
    const call = open().tell(legEnded)
    expect(await call.end()).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    expect(call.sent).toEqual([])
  })

  it('is not moved by facts about the leg that come too early', () => {
    expect(open().tell(legRinging, legAnswered, { type: 'leg.detected', answeredBy: 'human' }).where).toBe('idle')
  })
}
