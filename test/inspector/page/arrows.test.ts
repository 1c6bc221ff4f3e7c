import { describe, expect, it } from 'vitest'
import { toArrow } from '../../../src/inspector/page/arrows.ts'
import { detailsOf } from '../../../src/inspector/page/details.ts'
import { LANES, lanesOf } from '../../../src/inspector/page/lanes.ts'
import type { Line } from '../../../src/recording/schema.ts'
import { child, DIALED, filmOf, nodeFilmOf, step } from './film-lines.ts'

/** `from > to: label`, as it stands in the sequence. */
const told = (line: Line, film = filmOf(DIALED)) => {
  const { from, to, label } = toArrow(line, film)
  return `${from} > ${to}: ${label}`
}

describe('an arrow of the sequence', () => {
  it.each<[string, Line]>([
    [
      'carrier > node: webhook voice (ringing) → Connect',
      { at: 1, what: 'webhook', route: 'voice', callStatus: 'ringing', twiml: 'Connect' },
    ],
    ['carrier > node: webhook status (busy)', { at: 1, what: 'webhook', route: 'status', callStatus: 'busy' }],
    ['command > carrier: REST placeCall', { at: 1, what: 'rest', command: 'placeCall', outcome: 'asked' }],
    ['carrier > command: REST hangUp done', { at: 1, what: 'rest', command: 'hangUp', outcome: 'done' }],
    [
      'carrier > command: REST placeCall failed 429 CARRIER_RATE_LIMITED',
      { at: 1, what: 'rest', command: 'placeCall', outcome: 'failed', status: 429, code: 'CARRIER_RATE_LIMITED' },
    ],
    ['call > command: start placeCall', child(1, 'placeCall', 'carrier')],
    ['call > agent: agent stopped', child(1, 'agent', 'agent', 'stopped')],
    ['node > call: call.connect', step(1, 'idle', 'call.connect', 'x', { from: 'node' })],
    ['inbound > call: speech.started', step(1, 'a', 'speech.started', 'b', { from: 'inbound' })],
    ['command > call: placeCall done', step(1, 'a', 'xstate.done.actor.placeCall', 'b', { from: 'placeCall' })],
    [
      'call > call: after ringTimeout',
      step(1, 'a', 'xstate.after.ringTimeout.call.connecting.ringing', 'b', { from: 'call' }),
    ],
    ['call > call: always', step(1, 'a', 'leg.ended', 'b', { from: 'carrier', edges: ['call.x/always/0'] })],
    ['call > command: command.giveUp', step(1, 'a', 'command.giveUp', 'b', { actor: 'placeCall', from: 'call' })],
    [
      'carrier > command: send failed',
      step(1, 'a', 'xstate.error.actor.send', 'b', { actor: 'placeCall', from: 'placeCall' }),
    ],
    [
      'command > command: after backoff',
      step(1, 'a', 'xstate.after.backoff.carrierCommand.waiting', 'b', { actor: 'placeCall' }),
    ],
    [
      'carrier > node: stream 2 start',
      { at: 1, what: 'received', stream: 2, message: { event: 'start', streamSid: 'MZ' } },
    ],
    [
      'carrier > inbound: stream 1 mark p1',
      { at: 1, what: 'received', stream: 1, message: { event: 'mark', sequence: 4, name: 'p1' } },
    ],
    ['outbound > carrier: stream 1 clear', { at: 1, what: 'sent', stream: 1, message: { event: 'clear' } }],
    ['carrier > node: stream 1 lost: code 1006', { at: 1, what: 'lost', stream: 1, cause: 'code 1006' }],
    [' > : 12 lines are missing here', { at: 1, what: 'dropped', lines: 12 }],
    [' > : joined here: connecting.ringing', { at: 1, what: 'joined', state: { connecting: 'ringing' } }],
    [' > : error: stream lost', { at: 1, what: 'end', state: 'error', reason: 'stream lost', stats: {} }],
  ])('reads "%s"', (words, line) => {
    expect(told(line)).toBe(words)
  })

  it.each([
    ['leg.ended', 'carrier'],
    ['stream.started', 'carrier'],
    ['call.hangUp', 'node'],
    ['playback.drained', 'outbound'],
    ['queue.crowded', 'outbound'],
    ['digit.received', 'inbound'],
    ['xstate.done.actor.release', 'release'],
    ['xstate.done.actor.hangUp', 'command'],
  ])('of %s, told in a recording that does not say by whom, comes from %s', (event, from) => {
    expect(toArrow(step(1, 'a', event, 'b'), filmOf([])).from).toBe(from)
  })

  it('is dim when the event changed nothing, but not when nobody noted what it changed', () => {
    const isIdle = (edges?: string[]) =>
      toArrow(step(1, 'a', 'leg.ended', 'a', edges ? { edges } : {}), filmOf([])).isIdle
    expect([isIdle([]), isIdle(['x/leg.ended/0']), isIdle()]).toEqual([true, false, false])
  })

  it('leads from calls to the node, or from the node to itself, when the node is watched', () => {
    const film = nodeFilmOf([])
    expect(told(step(1, 'a', 'call.admitted', 'a', { from: 'node' }), film)).toBe('call > node: call.admitted')
    expect(told(step(1, 'a', 'node.drain', 'b', { from: 'node' }), film)).toBe('node > node: node.drain')
  })
})

describe('the lanes', () => {
  it('are the same for every call, and two for the node', () => {
    expect(lanesOf(filmOf(DIALED))).toEqual(LANES)
    expect(lanesOf(nodeFilmOf([]))).toEqual(['call', 'node'])
  })

  it('take in a child that nobody has heard of', () => {
    expect(lanesOf(filmOf([child(1, 'transfer', 'bridge')]))).toEqual([...LANES, 'bridge'])
  })

  it('have one for every end of every arrow', () => {
    const film = filmOf(DIALED)
    const ends = film.lines.map((line) => toArrow(line, film)).flatMap(({ from, to }) => [from, to])
    expect(ends.filter((lane) => !lanesOf(film).includes(lane))).toEqual([])
  })
})

describe("a line's details", () => {
  it('are all that it says, the states in words and what has changed', () => {
    const line = step(12.34, { connecting: 'ringing' }, 'leg.ended', 'error', {
      from: 'carrier',
      fields: { outcome: 'busy' },
      edges: ['call.connecting/leg.ended/0'],
    })
    expect(Object.fromEntries(detailsOf(line))).toEqual({
      line: 'transition',
      at: '12.3 ms',
      event: 'leg.ended',
      from: 'carrier',
      outcome: 'busy',
      edges: 'call.connecting/leg.ended/0',
      before: 'connecting.ringing',
      after: 'error',
      changed: 'connecting.ringing → error',
    })
  })

  it('reach into what is nested, and leave out what is not known', () => {
    const stats = { framesIn: 3, firstAudioMs: null, latencyMs: { decode: { p50: 0.123456 } } }
    const details = detailsOf({ at: 9, what: 'end', state: 'ended', reason: 'busy', stats })
    expect(details).toContainEqual(['stats.latencyMs.decode.p50', '0.123'])
    expect(details.map(([name]) => name)).not.toContain('stats.firstAudioMs')
  })
})
