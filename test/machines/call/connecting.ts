import { describe, expect, it } from 'vitest'
import { CALL_SID, TIMING } from '../call-under-test.ts'
import {
  ACTIVE,
  finish,
  hangUp,
  legAnswered,
  legEnded,
  legRinging,
  noAnswer,
  type Open,
  openAwaiting,
  openDialing,
  openQueued,
  refusal,
  refused,
  streamStarted,
} from './opening.ts'

export function testConnecting(open: Open): void {
  describe('while a stream is awaited', () => {
    it('becomes active with the stream, and remembers it', () => {
      const call = openAwaiting(open).tell(streamStarted)
      expect(call.where).toBe(ACTIVE)
      expect(call.context).toMatchObject({ callSid: CALL_SID, streamSid: 'MZ1' })
    })

    it('hangs up if the stream never comes', async () => {
      const call = await openAwaiting(open).wait(TIMING.streamMs)
      expect(call.where).toBe('stopping.hangingUp')
      expect(await call.end()).toEqual({ state: 'error', reason: 'stream never came', cause: undefined })
    })

    it('refuses a stream in a format it does not decode, by name', async () => {
      const call = openAwaiting(open).tell(refused)
      expect(call.where).toBe('stopping.hangingUp')
      expect(await call.end()).toEqual({ state: 'error', reason: 'unsupported media', cause: refused.cause })
    })

    it('ends with the leg', async () => {
      const call = openAwaiting(open).tell(legEnded)
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'caller hung up' })
      expect(call.sent).toEqual([])
    })

    it.each([hangUp, finish])('hangs up at once on $type, since nothing has been said yet', (command) => {
      expect(openAwaiting(open).tell(command).where).toBe('stopping.hangingUp')
    })

    it('is not moved by late facts about the leg', () => {
      expect(openAwaiting(open).tell(legAnswered, legRinging, legAnswered).where).toBe('connecting.awaitingStream')
    })

    it('may be told who has answered before there is anything to be heard', () => {
      const call = openAwaiting(open).tell({ type: 'leg.detected', answeredBy: 'human' })
      expect(call.where).toBe('connecting.awaitingStream')
      expect(call.context.answeredBy).toBe('human')
    })
  })

  describe('while it waits for its turn to be dialled', () => {
    it('asks nothing of the carrier before its turn has come', async () => {
      const call = openQueued(open)
      expect([call.asked, call.sent]).toEqual([['turn'], []])
      await call.wait(TIMING.queueMs - 1)
      expect(call.sent).toEqual([])
      await call.answer('turn')
      expect(call.where).toBe('connecting.dialing.wanted')
      expect(call.sent).toEqual(['placeCall'])
    })

    it('is not dialled when there will be no turn for it, and says why', async () => {
      const call = await openQueued(open).fail('turn', new Error('the queue is full'))
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toEqual({ state: 'ended', reason: 'not dialled', cause: 'the queue is full' })
      expect(call.sent).toEqual([])
    })

    it('does not wait for ever', async () => {
      const call = await openQueued(open).wait(TIMING.queueMs)
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toMatchObject({ reason: 'not dialled', cause: expect.stringContaining('in time') })
    })

    it.each([hangUp, finish, refused])('leaves the queue on $type, and has nobody to hang up on', async (event) => {
      const call = openQueued(open).tell(event)
      expect(call.where).toBe('stopping.releasing')
      expect(call.asked).toEqual(['release'])
      await call.end()
      expect(call.sent).toEqual([])
    })

    it('is not dialled if its turn comes at the moment at which it is given up', async () => {
      const call = openQueued(open)
      const turn = call.request('turn')
      call.tell(hangUp)
      turn.resolve()
      await call.end()
      expect(call.sent).toEqual([])
    })

    it('is not moved by facts about a leg that it cannot have', () => {
      expect(openQueued(open).tell(legRinging, legAnswered).where).toBe('connecting.queued')
    })
  })

  describe('while an outbound call is being placed', () => {
    it('rings once the carrier has accepted it, and waits for the stream once it is answered', async () => {
      const call = await (await openDialing(open)).answer('placeCall', CALL_SID)
      expect(call.where).toBe('connecting.ringing')
      expect(call.context.callSid).toBe(CALL_SID)
      expect(call.tell(legRinging, legRinging, legAnswered).where).toBe('connecting.awaitingStream')
    })

    it.each([
      [[legRinging], 'connecting.ringing'],
      [[legAnswered], 'connecting.awaitingStream'],
      [[legAnswered, legRinging], 'connecting.awaitingStream'],
      [[streamStarted, legRinging, legAnswered], ACTIVE],
      [[legEnded], 'stopping.releasing'],
    ])('takes %j for proof that the request was heard, and goes to %s', async (facts, where) => {
      const call = (await openDialing(open)).tell(...facts)
      expect(call.where).toBe(where)
      expect(call.context.callSid).toBe(CALL_SID)
      expect(call.asked).not.toContain('placeCall')
    })

    it.each([
      ['busy', 'busy'],
      ['no-answer', 'no answer'],
      ['failed', 'failed'],
      ['canceled', 'canceled'],
      ['completed', 'callee hung up'],
    ] as const)('ends normally when the carrier says %s, with the reason %s', async (outcome, reason) => {
      const call = await (await openDialing(open)).answer('placeCall', CALL_SID)
      call.tell({ type: 'leg.ended', callSid: CALL_SID, outcome })
      expect(await call.end()).toEqual({ state: 'ended', reason, cause: undefined })
      expect(call.sent).toEqual(['placeCall'])
    })

    it('hangs up if nobody answers and the carrier forgets to say so', async () => {
      const call = await (await openDialing(open)).answer('placeCall', CALL_SID)
      await call.wait(TIMING.ringMs)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'no answer' })
    })

    it('ends in error when the carrier refuses, in the carrier’s words, and has nobody to hang up on', async () => {
      const call = await (await openDialing(open)).fail('placeCall', refusal)
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toEqual({ state: 'error', reason: 'carrier refused', cause: refusal.message })
    })

    it('is careful when the command itself breaks: somebody may be rung', async () => {
      const call = open({ direction: 'outbound', broken: ['carrier'] }).tell({ type: 'call.connect' })
      await call.answer('turn')
      expect(call.where).toBe('stopping.settling.waiting')
      expect(await call.end()).toMatchObject({ state: 'error', reason: 'internal error', cause: 'carrier is broken' })
    })
  })

  describe('when it is given up while the carrier is still being asked', () => {
    it.each([hangUp, finish, refused])('waits for the answer after $type, then hangs up', async (event) => {
      const call = (await openDialing(open)).tell(event)
      expect(call.where).toBe('connecting.dialing.unwanted')
      expect(call.sent).toHaveLength(1)
      await call.answer('placeCall', CALL_SID)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
    })

    it.each([legRinging, legAnswered, streamStarted])('hangs up when %j overtakes the answer', async (fact) => {
      const call = (await openDialing(open)).tell(hangUp, fact)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
    })

    it('keeps its first reason through all that is said meanwhile', async () => {
      const call = (await openDialing(open)).tell(hangUp, finish, refused, hangUp)
      expect(call.where).toBe('connecting.dialing.unwanted')
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'hung up by API' })
    })

    it('is not placed after all because the carrier had no time at first', async () => {
      const call = await (
        await openDialing(open)
      ).fail('placeCall', { code: 'CARRIER_RATE_LIMITED', message: 'slow down' })
      call.tell(hangUp)
      await call.wait(60_000)
      expect(call.sent).toHaveLength(1)
    })

    it('does not go on with it when no usable answer comes, but waits for word of a leg to hang up on', async () => {
      const call = await (await openDialing(open)).tell(hangUp).fail('placeCall', noAnswer)
      expect(call.where).toBe('stopping.settling.waiting')
      expect(call.tell(legAnswered).where).toBe('stopping.hangingUp')
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'hung up by API', cause: noAnswer.message })
    })
  })
}
