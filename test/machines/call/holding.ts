import { expect, it } from 'vitest'
import { TIMING } from '../call-under-test.ts'
import {
  ACTIVE,
  finish,
  freshStreamStarted,
  hangUp,
  hold,
  legEnded,
  type Open,
  openActive,
  openAway,
  openHeld,
  openLeaving,
  resume,
  streamLost,
  streamStopped,
  transfer,
  urgentTransfer,
} from './opening.ts'

export function testHolding(open: Open): void {
  it('has the hold audio until it is resumed', () => {
    const call = openHeld(open)
    expect(call.is('active.hold.held')).toBe(true)
    expect(call.line).toEqual(['held'])
    expect(call.tell(resume).where).toBe(ACTIVE)
    expect(call.line).toEqual(['held', 'resumed'])
  })

  it('is put on hold once, and resumed once, however often that is said', () => {
    const call = openActive(open).tell(resume, hold, hold, resume, resume)
    expect(call.where).toBe(ACTIVE)
    expect(call.line).toEqual(['held', 'resumed'])
  })

  it('stays on hold through the loss of its stream and with a fresh one', () => {
    const call = openHeld(open).tell(streamLost(0))
    expect([call.is('active.hold.held'), call.is('active.stream.lost')]).toEqual([true, true])
    call.tell(freshStreamStarted)
    expect([call.is('active.hold.held'), call.is('active.stream.flowing')]).toEqual([true, true])
    expect(call.line).toEqual(['held'])
  })

  it('may be put on hold while it has no stream, and still has no more than the usual grace', async () => {
    const call = openActive(open).tell(streamLost(0), hold)
    expect(call.is('active.hold.held')).toBe(true)
    expect((await call.wait(TIMING.graceMs)).where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ state: 'error', reason: 'stream lost' })
  })

  it.each([
    [hangUp, 'stopping.hangingUp', ['held', 'resumed', 'cut']],
    [finish, 'stopping.draining', ['held', 'resumed']],
    [legEnded, 'stopping.releasing', ['held', 'resumed']],
    [streamStopped, 'stopping.releasing', ['held', 'resumed']],
  ])('is off hold when it ends: %j', (event, where, line) => {
    const call = openHeld(open).tell(event)
    expect(call.where).toBe(where)
    expect(call.line).toEqual(line)
  })

  it('ends as usual when the agent finishes, fails, or takes too long', async () => {
    expect((await openHeld(open).answer('agent')).where).toBe('stopping.draining')
    expect((await openHeld(open).fail('agent', new Error('boom'))).where).toBe('stopping.hangingUp')
    expect((await openHeld(open).wait(TIMING.limitMs)).where).toBe('stopping.hangingUp')
  })

  it.each([
    [transfer, ['held', 'resumed']],
    // What the agent had still to say must not go out in between.
    [urgentTransfer, ['held', 'resumed', 'cut']],
  ] as const)('is off hold before it is handed over: %j', (event, line) => {
    const call = openHeld(open).tell(event)
    expect(call.is('active.hold.talking')).toBe(true)
    expect(call.line).toEqual(line)
  })

  it('is not put on hold while it is handed over', async () => {
    const leaving = openLeaving(open).tell(hold)
    expect([leaving.is('active.hold.talking'), leaving.is('active.agent.running.quiet')]).toEqual([true, true])
    const away = (await openAway(open)).tell(hold)
    expect(away.is('active.hold.talking')).toBe(true)
    expect([leaving.line, away.line]).toEqual([[], ['cut']])
  })
}
