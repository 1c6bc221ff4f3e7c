import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Moment } from '../../../src/inspector/page/moment.ts'
import { Projector } from '../../../src/inspector/page/projector.ts'
import type { Pulse } from '../../../src/inspector/wire.ts'
import { DIALED, END, filmOf, nodeFilmOf, step } from './film-lines.ts'

const EDGE = 'call.connecting.ringing/xstate.after.ringTimeout.call.connecting.ringing/0'
const PULSE: Pulse = {
  state: { connecting: 'ringing' },
  timers: [{ edge: EDGE, leftMs: 5_000, ofMs: 70_000 }],
  children: [{ id: 'inbound', src: 'inbound', status: 'active' }],
}

function watch(film = filmOf(DIALED)) {
  const projector = new Projector(() => {})
  projector.load(film)
  return { projector, moment: new Moment(projector) }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('the moment that is shown', () => {
  it('is what the latest pulse says while it is live, with timers running down between pulses', () => {
    const { moment } = watch()
    moment.notePulse(PULSE)
    vi.advanceTimersByTime(400)
    expect(moment.state).toEqual(PULSE.state)
    expect(moment.timers).toEqual([{ edge: EDGE, leftMs: 4_600, ofMs: 70_000 }])
  })

  it('is what the film says when lines have come since the pulse', () => {
    const { projector, moment } = watch()
    moment.notePulse(PULSE)
    moment.noteLines()
    projector.add([step(950, { connecting: 'ringing' }, 'leg.answered', { connecting: 'awaitingStream' })])
    expect(moment.state).toEqual({ connecting: 'awaitingStream' })
  })

  it('has no timers and no meters of the present while it is another', () => {
    const { projector, moment } = watch()
    moment.notePulse(PULSE)
    projector.seek(0)
    expect([moment.pulse, moment.timers, moment.state]).toEqual([undefined, [], { connecting: { dialing: 'wanted' } }])
  })

  it('is not called live when pulses fail to come, or when the call is over', () => {
    const { projector, moment } = watch()
    moment.notePulse(PULSE)
    vi.advanceTimersByTime(3_000)
    expect([moment.pulse, moment.isStale]).toEqual([undefined, true])
    moment.notePulse(PULSE)
    expect([moment.pulse, moment.isStale]).toEqual([PULSE, false])
    projector.add([END])
    expect([moment.pulse, moment.isStale]).toEqual([undefined, false])
  })

  it('names children that live, and those that did', () => {
    const { moment } = watch()
    moment.notePulse(PULSE)
    expect(moment.children.map(({ id, status }) => [id, status])).toEqual([
      ['placeCall', 'done'],
      ['inbound', 'active'],
    ])
  })

  it("has the command's own state and steps for the command's chart", () => {
    const { projector, moment } = watch()
    projector.seek(3)
    expect(moment.doing('carrier-command')).toEqual({ state: 'waiting', before: 'sending' })
    const [, , , line] = DIALED
    const move = { passed: line ? [line] : [], isNewFilm: false }
    expect(moment.taken('carrier-command', move).map(({ label }) => label)).toEqual(['placeCall ▸ send failed'])
    expect(moment.taken('call', move)).toEqual([])
  })

  it("is the node's word where its film has no step yet", () => {
    const { moment } = watch(nodeFilmOf([]))
    expect(moment.state).toBeUndefined()
    moment.noteNode({ state: { accepting: 'open' }, live: 0, maxCalls: 5 })
    expect(moment.state).toEqual({ accepting: 'open' })
  })
})
