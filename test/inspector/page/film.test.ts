import { describe, expect, it } from 'vitest'
import { childRunning, FILM_LIMIT } from '../../../src/inspector/page/film.ts'
import { child, DIALED, END, filmOf, nodeFilmOf, step } from './film-lines.ts'

const media = { at: 5, what: 'sent', stream: 1, message: { event: 'media', bytes: 160 } } as const

describe('a film', () => {
  it('tells the state after any of its lines', () => {
    const film = filmOf([...DIALED, END])
    expect([-1, 0, 5, 6, 8].map((cursor) => film.stateAt(cursor))).toEqual([
      'idle',
      { connecting: { dialing: 'wanted' } },
      { connecting: { dialing: 'wanted' } },
      { connecting: 'ringing' },
      'ended',
    ])
  })

  it('begins where whoever wrote it down came in', () => {
    const film = filmOf([{ at: 50, what: 'joined', state: 'stopping' }])
    expect(film.stateAt(0)).toBe('stopping')
  })

  it('begins where its first step did, when what was before is missing', () => {
    const film = filmOf([{ at: 0, what: 'dropped', lines: 7 }, step(9, { connecting: 'ringing' }, 'leg.answered', 'x')])
    expect(film.stateAt(0)).toEqual({ connecting: 'ringing' })
  })

  it('knows of no state of the node before its first step', () => {
    expect(nodeFilmOf([]).stateAt(-1)).toBeUndefined()
  })

  it('leaves out media', () => {
    const film = filmOf([media, END, media])
    expect(film.lines).toEqual([END])
  })

  it('is over when its end comes', () => {
    const film = filmOf(DIALED)
    expect(film.isOver).toBe(false)
    film.append([END])
    expect(film.isOver).toBe(true)
  })

  it('forgets its older half when it grows too long, and goes on from the state it stood in', () => {
    const film = filmOf([step(1, 'idle', 'call.connect', { connecting: 'awaitingStream' })])
    const digits = Array.from({ length: FILM_LIMIT }, (_, at) =>
      step(at + 2, { connecting: 'awaitingStream' }, 'digit.received', { connecting: 'awaitingStream' }),
    )
    const fallen = film.append(digits)
    expect(film.lines.length).toBeLessThanOrEqual(FILM_LIMIT / 2)
    expect(film.lines.length + fallen).toBe(FILM_LIMIT + 1)
    expect(film.stateAt(0)).toEqual({ connecting: 'awaitingStream' })
    expect(film.lines.at(-1)).toBe(digits.at(-1))
  })
})

describe("a film's children", () => {
  it('have the state of their own charts, and end as they did', () => {
    const film = filmOf(DIALED)
    expect([0, 1, 3, 7].map((cursor) => film.childrenAt(cursor))).toEqual([
      [],
      [{ id: 'placeCall', src: 'carrier', status: 'active' }],
      [{ id: 'placeCall', src: 'carrier', status: 'active', state: 'waiting' }],
      [{ id: 'placeCall', src: 'carrier', status: 'done', state: 'done' }],
    ])
  })

  it('that fail are told from those that are only stopped', () => {
    const film = filmOf([
      child(1, 'inbound', 'inbound'),
      child(1, 'agent', 'agent'),
      step(2, 'active', 'xstate.error.actor.agent', 'stopping'),
      child(2, 'inbound', 'inbound', 'stopped'),
      child(2, 'agent', 'agent', 'stopped'),
    ])
    expect(film.childrenAt(4).map(({ id, status }) => [id, status])).toEqual([
      ['inbound', 'stopped'],
      ['agent', 'error'],
    ])
  })

  it('that are started again live again', () => {
    const film = filmOf([
      child(1, 'outbound', 'outbound'),
      child(2, 'outbound', 'outbound', 'stopped'),
      child(3, 'outbound', 'outbound'),
    ])
    expect(film.childrenAt(2)).toEqual([{ id: 'outbound', src: 'outbound', status: 'active' }])
  })

  it('are assumed where their beginning is missing', () => {
    const film = filmOf([step(5, 'sending', 'xstate.done.actor.send', 'done', { actor: 'hangUp' })])
    expect(film.childrenAt(0)).toEqual([{ id: 'hangUp', src: 'carrier', status: 'active', state: 'done' }])
  })
})

describe('the command that is shown', () => {
  it('is the one that lives, else the latest', () => {
    const placed = { id: 'placeCall', src: 'carrier', status: 'done' } as const
    const hungUp = { id: 'hangUp', src: 'carrier', status: 'done' } as const
    const agent = { id: 'agent', src: 'agent', status: 'active' } as const
    expect(childRunning('carrier', [{ ...placed, status: 'active' }, hungUp])?.id).toBe('placeCall')
    expect(childRunning('carrier', [placed, hungUp, agent])?.id).toBe('hangUp')
    expect(childRunning('carrier', [agent])).toBeUndefined()
  })
})
