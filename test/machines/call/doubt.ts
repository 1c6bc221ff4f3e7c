import { describe, expect, it } from 'vitest'
import { CALL_SID, type CallUnderTest, TIMING } from '../call-under-test.ts'
import {
  ACTIVE,
  finish,
  hangUp,
  legAnswered,
  legEnded,
  legRinging,
  noAnswer,
  type Open,
  openDoubtful,
  openLookingUp,
  openSettling,
  refusal,
  refused,
  streamStarted,
} from './opening.ts'

/** How often the carrier was asked to dial. */
const dials = (call: CallUnderTest) => call.sent.filter((sent) => sent === 'placeCall').length

/** Given up, and no callback has told of a leg: the carrier is asked whether there is one. */
const openLastLook = async (open: Open): Promise<CallUnderTest> => (await openSettling(open)).wait(TIMING.settleMs)

export function testDoubt(open: Open): void {
  describe('and is still wanted', () => {
    it.each([
      [legRinging, 'connecting.ringing'],
      [legAnswered, 'connecting.awaitingStream'],
      [streamStarted, ACTIVE],
    ])('goes on as soon as %j proves that the carrier has placed it', async (fact, where) => {
      const waiting = (await openDoubtful(open)).tell(fact)
      expect(waiting.where).toBe(where)
      const lookedUp = (await openLookingUp(open)).tell(fact)
      expect(lookedUp.where).toBe(where)
      expect(lookedUp.context.callSid).toBe(CALL_SID)
      expect(lookedUp.asked).not.toContain('findCall')
    })

    it('is looked up once no callback has come for a while, and goes on if it is found', async () => {
      const call = await openDoubtful(open)
      await call.wait(TIMING.doubtMs - 1)
      expect(call.asked).toEqual([])
      await call.wait(1)
      expect(call.asked).toEqual(['findCall'])
      await call.answer('findCall', CALL_SID)
      expect(call.where).toBe('connecting.ringing')
      expect(call.context.callSid).toBe(CALL_SID)
      expect(dials(call)).toBe(1)
    })

    it('tells of what was overcome unless something else goes wrong', async () => {
      const found = await (await openLookingUp(open)).answer('findCall', CALL_SID)
      expect(found.context.cause).toBeUndefined()
      expect(await found.end()).toEqual({ state: 'ended', reason: 'hung up by API', cause: noAnswer.message })
      for (const fact of [legRinging, legAnswered, streamStarted]) {
        const told = (await openDoubtful(open)).tell(fact, { ...hangUp, cause: 'so be it' })
        expect(await told.end()).toMatchObject({ cause: 'so be it' })
      }
    })

    it('was refused if the carrier does not know it, for what went wrong first', async () => {
      const call = await (await openLookingUp(open)).answer('findCall', undefined)
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toEqual({ state: 'error', reason: 'carrier refused', cause: noAnswer.message })
    })

    it('is given up if the carrier does not say whether it knows it, but not forgotten yet', async () => {
      const failed = await (await openLookingUp(open)).fail('findCall', refusal)
      expect(failed.where).toBe('stopping.settling.waiting')
      expect(failed.tell(legRinging).sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
      expect(await failed.end()).toEqual({ state: 'error', reason: 'carrier refused', cause: noAnswer.message })
    })

    it('does not wait for ever for a look that takes too long', async () => {
      const call = await (await openLookingUp(open)).wait(TIMING.lookUpMs)
      expect(call.where).toBe('stopping.settling.waiting')
      expect(await call.end()).toMatchObject({ reason: 'carrier refused' })
    })

    it('is as careful when the look-up itself breaks', async () => {
      const broken: 'carrier'[] = []
      const call = await openDoubtful((options) => open({ ...options, broken }))
      broken.push('carrier')
      await call.wait(TIMING.doubtMs)
      expect(call.where).toBe('stopping.settling.waiting')
      broken.pop()
      expect(await call.end()).toMatchObject({ reason: 'carrier refused', cause: noAnswer.message })
    })

    it('is over when the leg is, and keeps the carrier’s word for how', async () => {
      const call = (await openDoubtful(open)).tell({ ...legEnded, outcome: 'busy' })
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toEqual({ state: 'ended', reason: 'busy', cause: noAnswer.message })
      expect((await openLookingUp(open)).tell(legEnded).where).toBe('stopping.releasing')
    })

    it.each([hangUp, finish, refused])('is given up on $type, and then watched for a leg', async (event) => {
      expect((await openDoubtful(open)).tell(event).where).toBe('stopping.settling.waiting')
      const lookedUp = (await openLookingUp(open)).tell(event)
      expect(lookedUp.where).toBe('stopping.settling.waiting')
      expect(lookedUp.asked).toEqual([])
    })

    it('may be told who has answered', async () => {
      const call = (await openDoubtful(open)).tell({ type: 'leg.detected', answeredBy: 'human' })
      expect(call.where).toBe('connecting.doubtful.waiting')
      expect(call.context.answeredBy).toBe('human')
    })
  })

  describe('and is not wanted any more', () => {
    it.each([legRinging, legAnswered, streamStarted])('is hung up on as soon as %j proves it', async (fact) => {
      const call = (await openSettling(open)).tell(fact)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'hung up by API', cause: noAnswer.message })
      expect((await openLastLook(open)).tell(fact).where).toBe('stopping.hangingUp')
    })

    it('is let go once the leg is over', async () => {
      expect((await openSettling(open)).tell(legEnded).where).toBe('stopping.releasing')
      expect((await openLastLook(open)).tell(legEnded).where).toBe('stopping.releasing')
    })

    it('is looked up when no callback has come for a while, and hung up on if it is found', async () => {
      const call = await openLastLook(open)
      expect(call.asked).toEqual(['findCall'])
      await call.answer('findCall', CALL_SID)
      expect(call.sent.at(-1)).toBe(`hangUp ${CALL_SID}`)
      expect(dials(call)).toBe(1)
    })

    it('is let go if it is not found, and never asked for twice', async () => {
      const call = await (await openLastLook(open)).answer('findCall', undefined)
      expect(call.where).toBe('stopping.releasing')
      await call.end()
      expect(call.sent).toEqual(['placeCall', 'findCall'])
    })

    it('is let go if the carrier does not say, or says it too late', async () => {
      expect((await (await openLastLook(open)).fail('findCall', refusal)).where).toBe('stopping.releasing')
      expect((await (await openLastLook(open)).wait(TIMING.lookUpMs)).where).toBe('stopping.releasing')
    })

    it('is let go when the look-up itself breaks', async () => {
      const broken: 'carrier'[] = []
      const call = await openSettling((options) => open({ ...options, broken }))
      broken.push('carrier')
      await call.wait(TIMING.settleMs)
      expect(call.where).toBe('stopping.releasing')
    })

    it('keeps its first reason through all that is said meanwhile', async () => {
      const call = (await openSettling(open)).tell(finish, refused, hangUp)
      expect(call.where).toBe('stopping.settling.waiting')
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'hung up by API' })
    })
  })
}
