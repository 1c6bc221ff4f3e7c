import { expect, it } from 'vitest'
import { LOSS_LIMIT, LOSS_WINDOW_MS } from '../../../machines/call-timing.ts'
import { type CallUnderTest, TIMING } from '../call-under-test.ts'
import {
  finish,
  freshStreamStarted,
  legEnded,
  type Open,
  openActive,
  silentAt,
  stalledAt,
  streamLost,
  streamNumber,
  streamStarted,
} from './opening.ts'

/** Silence, and then its time. */
async function goMute(call: CallUnderTest, at: number): Promise<CallUnderTest> {
  call.report('inbound', silentAt(at))
  return await call.wait(TIMING.silenceMs)
}

export function testStreamLoss(open: Open): void {
  it.each([streamLost(0), stalledAt(0)])('waits for a fresh stream after $type, and goes on with it', (event) => {
    const call = openActive(open).tell(event)
    expect(call.is('active.stream.lost.dropped')).toBe(true)
    expect(call.detached).toBe(1)
    expect(call.tell(freshStreamStarted).is('active.stream.flowing')).toBe(true)
    expect(call.running).toEqual(['inbound', 'outbound'])
    expect(call.asked).toEqual(['agent'])
  })

  it('hangs up if no fresh stream comes', async () => {
    const call = await openActive(open).tell(streamLost(0)).wait(TIMING.graceMs)
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ state: 'error', reason: 'stream lost' })
  })

  it('counts a socket that dies twice as one loss', () => {
    const call = openActive(open).tell(streamLost(0), streamLost(1), stalledAt(2), streamLost(3))
    expect(call.context.losses).toEqual([0])
    expect(call.detached).toBe(1)
  })

  it('does not lengthen the grace because the dead socket speaks again', async () => {
    const call = await openActive(open)
      .tell(streamLost(0))
      .wait(TIMING.graceMs - 1)
    await call.tell(streamLost(1)).wait(1)
    expect(call.where).toBe('stopping.hangingUp')
  })

  it('is not comforted by being told again of the stream that it lost, or that fell silent', () => {
    expect(openActive(open).tell(streamLost(0), streamStarted).is('active.stream.lost')).toBe(true)
    const silent = openActive(open).report('inbound', silentAt(0))
    expect(silent.tell(streamStarted).is('active.stream.silent')).toBe(true)
    expect(silent.tell(freshStreamStarted).is('active.stream.flowing')).toBe(true)
  })

  it('hears a caller who hangs up while there is no stream', async () => {
    const call = openActive(open).tell(streamLost(0), legEnded)
    expect(await call.end()).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('takes a silence that lasts for a loss, and drops the socket so that the carrier asks for another', async () => {
    const call = await goMute(openActive(open), 5_000)
    expect(call.is('active.stream.lost.mute')).toBe(true)
    expect(call.detached).toBe(1)
    expect(call.context.losses).toEqual([5_000 + TIMING.silenceMs])
  })

  it('forgives a silence that ends', async () => {
    const call = openActive(open).report('inbound', silentAt(0))
    expect(call.is('active.stream.silent')).toBe(true)
    call.report('inbound', { type: 'media.resumed' })
    await call.wait(TIMING.silenceMs)
    expect(call.is('active.stream.flowing')).toBe(true)
  })

  it('hangs up on a line that stays mute, as an ordinary ending', async () => {
    const call = await goMute(openActive(open), 0)
    await call.wait(TIMING.graceMs)
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ state: 'ended', reason: 'silence' })
  })

  it.each([
    [streamLost, 'stream lost', 'socket closed with 1006'],
    [stalledAt, 'stream lost', 'the socket took nothing for 1 s'],
  ] as const)('gives no stream after the third loss in a minute', async (lost, reason, cause) => {
    const call = openActive(open)
    for (let loss = 1; loss < LOSS_LIMIT; loss += 1) call.tell(lost(loss), streamNumber(loss))
    expect(call.is('active.stream.flowing')).toBe(true)
    expect(call.tell(lost(LOSS_LIMIT)).where).toBe('stopping.hangingUp')
    expect(await call.end()).toEqual({ state: 'error', reason, cause })
  })

  it('gives no stream to a line that went mute for the third time in a minute', async () => {
    const call = openActive(open)
    for (let loss = 1; loss < LOSS_LIMIT; loss += 1) (await goMute(call, loss)).tell(streamNumber(loss))
    await goMute(call, LOSS_LIMIT)
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ state: 'ended', reason: 'silence' })
  })

  it('gives as many streams as are needed when the losses are far apart', () => {
    const call = openActive(open)
    for (let loss = 0; loss < 20; loss += 1) call.tell(streamLost((loss * LOSS_WINDOW_MS) / 2), streamNumber(loss))
    expect(call.is('active.stream.flowing')).toBe(true)
    expect(call.context.losses.length).toBeLessThan(LOSS_LIMIT)
  })

  it('hangs up at once when the agent finishes where nobody can hear it', async () => {
    const call = await openActive(open).tell(streamLost(0)).answer('agent')
    expect(call.where).toBe('stopping.hangingUp')
    expect(openActive(open).tell(streamLost(0), finish).where).toBe('stopping.hangingUp')
  })
}
