import { describe, expect, it } from 'vitest'
import { CALL_SID, TIMING } from '../call-under-test.ts'
import {
  finish,
  hangUp,
  legAnswered,
  legEnded,
  legRinging,
  type Open,
  openAwaiting,
  openDialing,
  refused,
  streamStarted,
} from './opening.ts'

export function testConnecting(open: Open): void {
  describe('while a stream is awaited', () => {
    it('becomes active with the stream, and remembers it', () => {
      const call = openAwaiting(open).tell(streamStarted)
      expect(call.where).toBe('active.floor.idle active.stream.flowing active.queue.roomy')
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
  })

  describe('while an outbound call is being placed', () => {
    it('rings once the carrier has accepted it, and waits for the stream once it is answered', async () => {
      const call = await openDialing(open).answer('placeCall', CALL_SID)
      expect(call.where).toBe('connecting.ringing')
      expect(call.context.callSid).toBe(CALL_SID)
      expect(call.tell(legRinging, legRinging, legAnswered).where).toBe('connecting.awaitingStream')
    })

    it.each([
      [[legRinging], 'connecting.ringing'],
      [[legAnswered], 'connecting.awaitingStream'],
      [[legAnswered, legRinging], 'connecting.awaitingStream'],
      [[streamStarted, legRinging, legAnswered], 'active.floor.idle active.stream.flowing active.queue.roomy'],
      [[legEnded], 'stopping.releasing'],
    ])('takes %j for proof that the request was heard, and goes to %s', (facts, where) => {
      const call = openDialing(open).tell(...facts)
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
      const call = await openDialing(open).answer('placeCall', CALL_SID)
      call.tell({ type: 'leg.ended', callSid: CALL_SID, outcome })
      expect(await call.end()).toEqual({ state: 'ended', reason, cause: undefined })
      expect(call.sent).toEqual(['placeCall'])
    })

    it('hangs up if nobody answers and the carrier forgets to say so', async () => {
      const call = await openDialing(open).answer('placeCall', CALL_SID)
      await call.wait(TIMING.ringMs)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'no answer' })
    })

    it('ends in error when the carrier refuses, in the carrier’s words, and has nobody to hang up on', async () => {
      const refusal = { code: 'CARRIER_REFUSED', message: '21211 invalid number' }
      const call = await openDialing(open).fail('placeCall', refusal)
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toEqual({ state: 'error', reason: 'carrier refused', cause: refusal.message })
    })
  })

  describe('when the carrier may have placed the call without saying so', () => {
    const timeout = { code: 'CARRIER_TIMEOUT', message: 'no answer within 9 s' }

    it.each([legRinging, legAnswered, streamStarted])('hangs up as soon as %j proves it', async (fact) => {
      const call = await openDialing(open).fail('placeCall', timeout)
      expect(call.where).toBe('stopping.settling')
      call.tell(fact)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
      expect(await call.end()).toMatchObject({ state: 'error', reason: 'carrier refused', cause: timeout.message })
    })

    it('lets go once the leg is over', async () => {
      const call = await openDialing(open).fail('placeCall', timeout)
      expect(call.tell(legEnded).where).toBe('stopping.releasing')
    })

    it('lets go when no callback has come for a while, and never asks twice', async () => {
      const call = await openDialing(open).fail('placeCall', timeout)
      await call.wait(TIMING.settleMs)
      expect(call.where).toBe('stopping.releasing')
      await call.end()
      expect(call.sent).toHaveLength(1)
    })

    it('is as careful when the command itself breaks', async () => {
      const call = open({ direction: 'outbound', broken: ['carrier'] }).tell({ type: 'call.connect' })
      expect(call.where).toBe('stopping.settling')
      expect(await call.end()).toMatchObject({ state: 'error', reason: 'internal error', cause: 'carrier is broken' })
    })
  })

  describe('when it is given up while the carrier is still being asked', () => {
    it.each([hangUp, finish, refused])('waits for the answer after $type, then hangs up', async (event) => {
      const call = openDialing(open).tell(event)
      expect(call.where).toBe('connecting.dialing.unwanted')
      expect(call.sent).toHaveLength(1)
      await call.answer('placeCall', CALL_SID)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
    })

    it.each([legRinging, legAnswered, streamStarted])('hangs up when %j overtakes the answer', (fact) => {
      const call = openDialing(open).tell(hangUp, fact)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
    })

    it('keeps its first reason through all that is said meanwhile', async () => {
      const call = openDialing(open).tell(hangUp, finish, refused, hangUp)
      expect(call.where).toBe('connecting.dialing.unwanted')
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'hung up by API' })
    })

    it('is not placed after all because the carrier had no time at first', async () => {
      const call = await openDialing(open).fail('placeCall', { code: 'CARRIER_RATE_LIMITED', message: 'slow down' })
      call.tell(hangUp)
      await call.wait(60_000)
      expect(call.sent).toHaveLength(1)
    })
  })
}
