import { describe, expect, it } from 'vitest'
import { LOSS_LIMIT } from '../../../machines/call-timing.ts'
import { type CallUnderTest, TIMING } from '../call-under-test.ts'
import {
  dialAnswered,
  dialEnded,
  dialRinging,
  finish,
  freshStreamStarted,
  hangUp,
  legEnded,
  noAnswer,
  type Open,
  openActive,
  openAway,
  openLeaving,
  openRedirecting,
  playbackDrained,
  refusal,
  refused,
  RING_MS,
  silentAt,
  stalledAt,
  streamLost,
  streamNumber,
  streamStopped,
  transfer,
  urgentTransfer,
} from './opening.ts'

const succession = { ...urgentTransfer, hasSuccessor: true } as const

/** Answers the carrier's redirect until its repeats are used up. */
async function failForGood(call: CallUnderTest): Promise<CallUnderTest> {
  while (call.is('active.transfer.away')) {
    if (call.asked.includes('transfer')) await call.fail('transfer', noAnswer)
    else await call.wait(250)
  }
  return call
}

export function testTransferring(open: Open): void {
  describe('that is leaving', () => {
    it('first says what there is to say', () => {
      const call = openLeaving(open)
      expect(call.is('active.transfer.leaving')).toBe(true)
      expect(call.running).toEqual(['inbound', 'outbound', 'outbound'])
      expect(call.asked).toEqual(['agent'])
      call.report('outbound', playbackDrained)
      expect(call.is('active.transfer.away')).toBe(true)
      expect(call.running).toEqual(['inbound', 'outbound'])
      expect(call.sent).toEqual(['transfer CA1'])
    })

    it('says nothing more if it is urgent', () => {
      const call = openRedirecting(open)
      expect(call.is('active.transfer.away')).toBe(true)
      expect(call.sent).toEqual(['transfer CA1'])
      expect(call.line).toEqual(['cut'])
    })

    it('does not speak for ever, nor go on with it when it comes back', async () => {
      const call = await openLeaving(open).wait(TIMING.drainMs - 1)
      expect(call.line).toEqual([])
      await call.wait(1)
      expect(call.is('active.transfer.away')).toBe(true)
      expect(call.line).toEqual(['cut'])
    })

    it.each([streamLost(0), { ...streamLost(0), streamSid: 'MZ1' }, stalledAt(0)])(
      'goes at once when nothing more of it can be heard: %j',
      async (event) => {
        const call = openLeaving(open).tell(event)
        expect(call.is('active.transfer.away')).toBe(true)
        expect(call.is('active.stream.elsewhere')).toBe(true)
        expect((await call.wait(TIMING.graceMs)).is('active.transfer.away')).toBe(true)
      },
    )

    it('does not listen to a stream that was taken over', () => {
      const call = openActive(open).tell(freshStreamStarted, transfer, { ...streamLost(0), streamSid: 'MZ1' })
      expect(call.is('active.transfer.leaving')).toBe(true)
    })

    it('goes at once when its last words cannot be played', () => {
      const broken: 'outbound'[] = []
      const call = openActive(open, { broken })
      broken.push('outbound')
      expect(call.tell(transfer).is('active.transfer.away')).toBe(true)
    })

    it.each([streamStopped, legEnded])('is over when the far end hangs up: %j', async (event) => {
      const call = openLeaving(open).tell(event)
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toMatchObject({ reason: 'caller hung up' })
      expect(call.sent).toEqual([])
    })

    it('is not handed over after all when it is told to end', async () => {
      expect(openLeaving(open).tell(hangUp).where).toBe('stopping.hangingUp')
      const call = openLeaving(open).tell(finish)
      expect(call.where).toBe('stopping.draining')
      await call.end()
      expect(call.sent).toEqual(['hangUp CA1'])
    })

    it('is not handed over twice, and not to a second one', () => {
      const call = openLeaving(open).tell({ ...transfer, ringMs: 1 }, { ...urgentTransfer, ringMs: 1 })
      expect(call.is('active.transfer.leaving')).toBe(true)
      expect(call.context.transfer.ringMs).toBe(RING_MS)
    })

    it('is not moved by what an earlier transfer’s leg still tells', () => {
      const call = openLeaving(open).tell(dialRinging, dialAnswered, dialEnded('busy'))
      expect(call.is('active.transfer.leaving')).toBe(true)
      expect(call.context.transfer.isBridged).toBe(false)
    })
  })

  describe('that is with somebody else', () => {
    it('is not ended by the end of its stream, whichever way that is told, or by none', async () => {
      const told = [streamStopped, streamLost(0), stalledAt(0), { ...streamStopped, streamSid: 'MZ of nobody' }]
      for (const event of told) expect(openRedirecting(open).tell(event).is('active.transfer.away')).toBe(true)
      const call = await openAway(open)
      expect(call.is('active.stream.elsewhere')).toBe(true)
      expect(call.detached).toBe(1)
      call.tell(streamStopped, streamLost(0), stalledAt(0))
      expect([call.is('active.stream.elsewhere'), call.detached]).toEqual([true, 1])
    })

    it('is not ended by the silence of a stream that the carrier forgets to end', async () => {
      const call = (await openRedirecting(open).answer('transfer')).report('inbound', silentAt(0))
      await call.wait(TIMING.silenceMs)
      expect(call.is('active.stream.elsewhere')).toBe(true)
      expect((await call.wait(TIMING.graceMs)).is('active.transfer.away')).toBe(true)
    })

    it('is not ended by a loss from before', async () => {
      const call = openActive(open).tell(streamLost(0), urgentTransfer)
      expect(call.is('active.stream.elsewhere')).toBe(true)
      expect((await call.wait(TIMING.graceMs)).is('active.transfer.away')).toBe(true)
    })

    it('ends as transferred when they have talked', async () => {
      const call = (await openAway(open)).tell(dialRinging, dialAnswered, dialEnded('completed'))
      expect(call.where).toBe('stopping.hangingUp')
      expect(call.transfers).toEqual([{ outcome: 'completed', cause: undefined }])
      expect(await call.end()).toEqual({ state: 'ended', reason: 'transferred', cause: undefined })
    })

    it('ends as transferred when they talk and the far end hangs up first', async () => {
      const call = (await openAway(open)).tell(dialAnswered, legEnded)
      expect(call.where).toBe('stopping.releasing')
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'transferred' })
    })

    it.each([[[]], [[dialRinging]]])(
      'is presumed to talk when the carrier has said nothing for so long: %j',
      async (facts) => {
        const call = await (await openAway(open)).tell(...facts).wait(RING_MS - 1)
        expect([call.context.transfer.isBridged, call.presumed]).toEqual([false, 0])
        await call.wait(1)
        expect([call.context.transfer.isBridged, call.presumed]).toEqual([true, 1])
        expect((await call.wait(10 * RING_MS)).is('active.transfer.away')).toBe(true)
        expect(call.transfers).toEqual([])
        expect(await call.tell(legEnded).end()).toMatchObject({ state: 'ended', reason: 'transferred' })
      },
    )

    it('ends as usual when the far end hangs up before anybody has answered', async () => {
      const call = (await openAway(open)).tell(dialRinging, legEnded)
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    })

    it('does not suffer from what is said to nobody meanwhile', async () => {
      const call = (await openAway(open)).report('outbound', { type: 'queue.overflowed' })
      expect(call.is('active.transfer.away')).toBe(true)
    })

    it('may talk as long as any call', async () => {
      const call = (await openAway(open)).tell(dialAnswered)
      expect((await call.wait(TIMING.limitMs - 1)).is('active.transfer.away')).toBe(true)
      expect((await call.wait(1)).where).toBe('stopping.hangingUp')
      expect(await call.end()).toMatchObject({ state: 'ended', reason: 'time limit' })
    })

    it.each([hangUp, finish])('is hung up on at once on $type: nobody there would hear last words', (event) => {
      for (const call of [openRedirecting(open), openRedirecting(open).tell(streamStopped)]) {
        expect(call.tell(event).where).toBe('stopping.hangingUp')
        expect(call.sent.at(-1)).toBe('hangUp CA1')
      }
    })

    it('is hung up on for a stream in a format that nobody asked for', async () => {
      expect((await openAway(open)).tell(refused).where).toBe('stopping.hangingUp')
    })

    it('bears a stream that comes in between, and its end', async () => {
      const call = openRedirecting(open).tell(streamLost(0), freshStreamStarted)
      expect([call.is('active.stream.flowing'), call.is('active.transfer.away')]).toEqual([true, true])
      call.tell({ type: 'stream.stopped', streamSid: 'MZ2' })
      expect(call.is('active.stream.elsewhere')).toBe(true)
    })

    it('bears callbacks that overtake the answer, come twice, or in no order', () => {
      const call = openRedirecting(open).tell(dialAnswered, dialRinging, dialAnswered, dialRinging)
      expect(call.is('active.transfer.away')).toBe(true)
      expect(call.tell(dialEnded('completed'), dialEnded('completed')).where).toBe('stopping.hangingUp')
      expect(call.transfers).toHaveLength(1)
    })

    it('hangs up when the agent fails', async () => {
      expect((await (await openAway(open)).fail('agent', new Error('boom'))).where).toBe('stopping.hangingUp')
    })
  })

  describe('that comes back', () => {
    it.each(['busy', 'no-answer', 'failed', 'canceled'] as const)(
      'after %s waits for a fresh stream, and goes on with the same agent',
      async (outcome) => {
        const call = (await openAway(open)).tell(dialEnded(outcome))
        expect([call.is('active.transfer.none'), call.is('active.stream.lost.dropped')]).toEqual([true, true])
        expect(call.transfers).toEqual([{ outcome, cause: undefined }])
        call.tell(freshStreamStarted)
        expect(call.is('active.stream.flowing')).toBe(true)
        expect(call.begun.filter((one) => one === 'agent')).toHaveLength(1)
        expect(call.context.losses).toEqual([])
      },
    )

    it('is hung up on if no fresh stream comes', async () => {
      const call = await (await openAway(open)).tell(dialEnded('busy')).wait(TIMING.graceMs)
      expect(call.where).toBe('stopping.hangingUp')
      expect(await call.end()).toMatchObject({ state: 'error', reason: 'stream lost' })
    })

    it('finds its own stream where it was, if the carrier refused', async () => {
      const call = await openRedirecting(open).fail('transfer', refusal)
      expect([call.is('active.transfer.none'), call.is('active.stream.flowing')]).toEqual([true, true])
      expect(call.transfers).toEqual([{ outcome: 'refused', cause: refusal.message }])
      expect(call.detached).toBe(0)
      expect(call.tell(streamStopped).where).toBe('stopping.releasing')
    })

    it.each([streamStopped, streamLost(0)])(
      'waits for a fresh stream if the carrier refused and its own went meanwhile: %j',
      async (event) => {
        const call = await openRedirecting(open).tell(event).fail('transfer', refusal)
        expect(call.is('active.stream.lost.dropped')).toBe(true)
      },
    )

    it('does not take the late end of its old stream for the far end’s', async () => {
      const call = openRedirecting(open).tell(dialEnded('busy'))
      expect(call.is('active.stream.lost.dropped')).toBe(true)
      expect(call.detached).toBe(1)
      expect(call.tell(freshStreamStarted, streamStopped).is('active.stream.flowing')).toBe(true)
    })

    it('trusts no stream while nobody knows whether the carrier has let go of it', async () => {
      const call = await failForGood(openRedirecting(open))
      expect(call.transfers).toEqual([{ outcome: 'refused', cause: noAnswer.message }])
      expect(call.is('active.stream.lost.dropped')).toBe(true)
      expect(call.detached).toBe(1)
    })

    it('comes back from a transfer that breaks', async () => {
      const call = await openRedirecting(open, { broken: ['transfer'] }).answer('transfer')
      expect(call.is('active.transfer.none')).toBe(true)
      expect(call.is('active.stream.lost.dropped')).toBe(true)
      expect(call.transfers).toEqual([{ outcome: 'refused', cause: 'transfer is broken' }])
    })

    it('comes back, too, if it turns out that nobody had answered', async () => {
      const call = (await (await openAway(open)).wait(RING_MS)).tell(dialEnded('no-answer'), freshStreamStarted)
      expect(call.transfers).toEqual([{ outcome: 'no-answer', cause: undefined }])
      expect([call.is('active.stream.flowing'), call.context.transfer.isBridged]).toEqual([true, false])
    })

    it('was not transferred, if it ends thereafter', async () => {
      const call = (await openAway(open)).tell(dialAnswered, dialEnded('failed'), freshStreamStarted)
      expect(call.context.transfer.isBridged).toBe(false)
      expect(await call.tell(legEnded).end()).toMatchObject({ reason: 'caller hung up' })
    })

    it('may be handed over again', async () => {
      const call = (await openAway(open)).tell(dialEnded('busy'), freshStreamStarted, urgentTransfer)
      await call.answer('transfer')
      call.tell({ type: 'stream.stopped', streamSid: 'MZ2' }, dialEnded('completed'))
      expect(call.sent).toEqual(['transfer CA1', 'transfer CA1', 'hangUp CA1'])
      expect(await call.end()).toMatchObject({ reason: 'transferred' })
    })

    it('does not count as losing its stream, however often it does', async () => {
      const call = openActive(open)
      for (let time = 0; time <= LOSS_LIMIT; time += 1) {
        call.tell(urgentTransfer, dialEnded('busy'), streamNumber(time))
      }
      expect(call.is('active.stream.flowing')).toBe(true)
    })
  })

  describe('whose agent', () => {
    it('has returned already is handed over all the same, and meets it anew if it comes back', async () => {
      const call = await openLeaving(open).answer('agent')
      expect([call.is('active.transfer.leaving'), call.is('active.agent.absent')]).toEqual([true, true])
      call.report('outbound', playbackDrained)
      expect(call.asked).toEqual(['transfer'])
      call.tell(dialEnded('busy'))
      expect(call.is('active.agent.running.quiet')).toBe(true)
      expect(call.asked).toContain('agent')
    })

    it('returns while the far end is away is wanted again, too', async () => {
      const call = await (await openAway(open)).answer('agent')
      expect(call.is('active.agent.absent')).toBe(true)
      expect(call.tell(dialEnded('no-answer')).is('active.agent.running.quiet')).toBe(true)
    })

    it('has a successor is followed by it, whether or not it still runs', async () => {
      for (const hasReturned of [false, true]) {
        const call = openActive(open).tell(succession)
        const first = call.request('agent')
        if (hasReturned) await call.answer('agent')
        call.tell(streamStopped, dialEnded('busy'), freshStreamStarted)
        expect(call.is('active.agent.running.quiet')).toBe(true)
        expect(call.begun.filter((one) => one === 'agent')).toHaveLength(2)
        expect(call.request('agent')).not.toBe(first)
      }
    })

    it('has a successor has none until the far end comes back', async () => {
      const call = (await openActive(open).tell(succession).answer('transfer')).tell(streamStopped, dialAnswered)
      expect(call.is('active.agent.running.waiting')).toBe(true)
      expect(await call.tell(dialEnded('completed')).end()).toMatchObject({ reason: 'transferred' })
      expect(call.begun.filter((one) => one === 'agent')).toHaveLength(1)
    })

    it('returns after the far end has come back ends the call as usual', async () => {
      const call = await (await openAway(open)).tell(dialEnded('busy'), freshStreamStarted).answer('agent')
      expect(call.where).toBe('stopping.draining')
      const deaf = await (await openAway(open)).tell(dialEnded('busy')).answer('agent')
      expect(deaf.where).toBe('stopping.hangingUp')
    })
  })
}
