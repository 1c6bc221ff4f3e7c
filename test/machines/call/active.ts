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
  ACTIVE,
  openActive,
  playbackCleared,
  playbackDrained,
  playbackStarted,
  refused,
  speechEnded,
  speechStarted,
  streamStarted,
} from './opening.ts'

export function testActive(open: Open): void {
  it('starts the two ways of audio and the agent, and stops them when it is over', async () => {
    const call = openActive(open)
    expect(call.running).toEqual(['inbound', 'outbound'])
    expect(call.asked).toEqual(['agent'])
    await call.end()
    expect(call.running).toEqual([])
  })

  it('lets queued speech finish when the agent has returned', async () => {
    const call = await openActive(open).answer('agent')
    expect(call.where).toBe('stopping.draining')
    expect(call.running).toEqual(['outbound'])
    expect(call.report('outbound', { type: 'playback.drained' }).where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ state: 'ended', reason: 'agent finished' })
  })

  it.each([
    ['an error', new Error('boom'), 'boom'],
    ['a string', 'boom', 'boom'],
    ['nothing', undefined, 'undefined'],
    ['an object that cannot be printed', Object.create(null), 'what was thrown cannot be put into words'],
  ])('hangs up when the agent throws %s', async (_, thrown, cause) => {
    const call = await openActive(open).fail('agent', thrown)
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toEqual({ state: 'error', reason: 'agent failed', cause })
  })

  it.each([
    ['inbound', 'internal error'],
    ['outbound', 'internal error'],
    ['agent', 'agent failed'],
  ] as const)('hangs up when %s cannot even be started', async (child, reason) => {
    const call = openActive(open, { broken: [child] })
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toEqual({ state: 'error', reason, cause: `${child} is broken` })
  })

  it('hangs up at its time limit', async () => {
    const call = await openActive(open).wait(TIMING.limitMs)
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ state: 'ended', reason: 'time limit' })
  })

  it('lets queued speech finish on call.finish, and hangs up at once on call.hangUp', () => {
    expect(openActive(open).tell(finish).where).toBe('stopping.draining')
    expect(openActive(open).tell(hangUp).where).toBe('stopping.hangingUp')
  })

  it.each([
    ['inbound', legEnded, 'caller hung up'],
    ['outbound', legEnded, 'callee hung up'],
    ['inbound', { type: 'stream.stopped' }, 'caller hung up'],
    ['outbound', { type: 'stream.stopped' }, 'callee hung up'],
  ] as const)('tells who hung up: %s, %j, %s', async (direction, event, reason) => {
    const call = openActive(open, { direction }).tell(event)
    expect(call.where).toBe('stopping.releasing')
    expect(await call.end()).toEqual({ state: 'ended', reason, cause: undefined })
    expect(call.sent).not.toContain('hangUp CA1')
  })

  it('refuses a fresh stream in a format it does not decode', async () => {
    const call = openActive(open).tell(refused)
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ reason: 'unsupported media', cause: refused.cause })
  })

  it('is told who or what has answered, and the carrier’s last word stands', () => {
    const call = openActive(open).tell({ type: 'leg.detected', answeredBy: 'machine_start' })
    expect(call.where).toBe(ACTIVE)
    call.tell({ type: 'leg.detected', answeredBy: 'machine_end_beep' })
    expect(call.context.answeredBy).toBe('machine_end_beep')
  })

  it('hangs up when more waits to be said than the call allows', async () => {
    const call = openActive(open).report('outbound', { type: 'queue.overflowed' })
    expect(call.where).toBe('stopping.hangingUp')
    expect(await call.end()).toMatchObject({ state: 'error', reason: 'queue overflow' })
  })

  it('counts digits', () => {
    const call = openActive(open)
    for (let digit = 0; digit < 50; digit += 1) call.report('inbound', { type: 'digit.received' })
    expect(call.context.digits).toBe(50)
  })

  it('is not moved by late facts about the leg, nor by the same stream starting twice', () => {
    expect(openActive(open).tell(legRinging, legAnswered, { type: 'call.connect' }, streamStarted).where).toBe(ACTIVE)
  })

  it('takes over to a second stream, and no longer listens to the first', () => {
    const call = openActive(open).tell(freshStreamStarted)
    expect(call.context.streamSid).toBe('MZ2')
    call.tell({ type: 'stream.lost', at: 0, cause: 'closed', streamSid: 'MZ1' })
    call.tell({ type: 'stream.stopped', streamSid: 'MZ1' })
    expect(call.is('active.stream.flowing')).toBe(true)
    expect(call.tell({ type: 'stream.stopped', streamSid: 'MZ2' }).where).toBe('stopping.releasing')
  })

  describe('the floor', () => {
    it.each<[string, CallEvent[], string]>([
      ['nobody speaks', [], 'idle'],
      ['the far end speaks', [speechStarted], 'listening'],
      ['the far end has spoken', [speechStarted, speechEnded], 'idle'],
      ['the agent speaks', [playbackStarted], 'speaking.alone'],
      ['the agent has spoken', [playbackStarted, playbackDrained], 'idle'],
      ['the agent cut itself short', [playbackStarted, playbackCleared], 'idle'],
      ['the far end speaks over the agent', [playbackStarted, speechStarted], 'speaking.over'],
      ['the agent speaks over the far end', [speechStarted, playbackStarted], 'speaking.over'],
      ['the far end gave in', [playbackStarted, speechStarted, speechEnded], 'speaking.alone'],
      ['the agent was cut by a barge-in', [playbackStarted, speechStarted, playbackCleared], 'listening'],
      ['the agent ran out of words', [playbackStarted, speechStarted, playbackDrained], 'listening'],
      ['everything is said twice', [speechStarted, speechStarted, speechEnded, speechEnded], 'idle'],
    ])('when %s', (_, events, state) => {
      expect(
        openActive(open)
          .tell(...events)
          .is(`active.floor.${state}`),
      ).toBe(true)
    })
  })

  it('tells a crowded queue from a roomy one', () => {
    const call = openActive(open)
    expect(call.report('outbound', { type: 'queue.crowded' }).is('active.queue.crowded')).toBe(true)
    expect(call.report('outbound', { type: 'queue.relieved' }).is('active.queue.roomy')).toBe(true)
  })
}
