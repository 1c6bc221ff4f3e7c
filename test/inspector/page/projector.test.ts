import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { FILM_LIMIT } from '../../../src/inspector/page/film.ts'
import { type Move, Projector } from '../../../src/inspector/page/projector.ts'
import { DIALED, END, filmOf, step } from './film-lines.ts'

const moves: Move[] = []
const create = () => new Projector((move) => moves.push(move))
const eventsOf = ({ passed }: Move) => passed.map((line) => ('event' in line ? line.event : line.what))

beforeEach(() => {
  moves.length = 0
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a projector', () => {
  it('goes along with a call that is live', () => {
    const projector = create()
    projector.load(filmOf(DIALED))
    expect([projector.isLive, projector.cursor]).toEqual([true, 7])
    projector.add([step(900, 'a', 'leg.ringing', 'b'), step(901, 'b', 'leg.answered', 'c')])
    expect(projector.cursor).toBe(9)
    expect(moves.map(eventsOf)).toEqual([[], ['leg.ringing', 'leg.answered']])
  })

  it('stays where it was put while the call goes on, and comes back when told', () => {
    const projector = create()
    projector.load(filmOf(DIALED))
    projector.step(-3)
    projector.add([END])
    expect([projector.isLive, projector.cursor, moves.at(-1)?.passed]).toEqual([false, 4, []])
    projector.goLive()
    expect([projector.isLive, projector.cursor]).toEqual([false, 8])
  })

  it('shows a call that is over from its end', () => {
    const projector = create()
    projector.load(filmOf([...DIALED, END], true))
    expect([projector.isLive, projector.cursor]).toEqual([false, 8])
  })

  it('moves no further than there are lines', () => {
    const projector = create()
    projector.load(filmOf(DIALED))
    projector.seek(99)
    expect(projector.cursor).toBe(7)
    projector.step(-99)
    expect(projector.cursor).toBe(0)
    projector.load(filmOf([]))
    projector.step(1)
    expect(projector.cursor).toBe(-1)
  })

  it("plays in the film's own time", () => {
    const projector = create()
    projector.load(filmOf(DIALED))
    projector.seek(2)
    projector.play()
    vi.advanceTimersByTime(297)
    expect([projector.cursor, Math.round(projector.atMs)]).toEqual([2, 299])
    vi.advanceTimersByTime(1)
    expect([projector.cursor, projector.atMs]).toEqual([3, 300])
    projector.pause()
    vi.advanceTimersByTime(10_000)
    expect([projector.cursor, projector.isPlaying]).toEqual([3, false])
  })

  it('plays faster when told, even while it plays', () => {
    const projector = create()
    projector.load(filmOf(DIALED))
    projector.seek(3)
    projector.play()
    projector.speed = 4
    vi.advanceTimersByTime(61)
    expect(projector.cursor).toBe(3)
    vi.advanceTimersByTime(2)
    expect(projector.cursor).toBe(4)
    projector.pause()
    expect(vi.getTimerCount()).toBe(0)
  })

  it('is live again when it has played up to the present', () => {
    const projector = create()
    projector.load(filmOf(DIALED))
    projector.seek(0)
    projector.play()
    vi.advanceTimersByTime(801)
    expect([projector.cursor, projector.isPlaying, projector.isLive]).toEqual([7, false, true])
  })

  it('plays from the beginning when it stands at the end', () => {
    const projector = create()
    projector.load(filmOf([...DIALED, END], true))
    projector.play()
    expect(projector.cursor).toBe(0)
    projector.pause()
  })

  it('is through with the longest film within some ten seconds at most', () => {
    const projector = create()
    projector.load(
      filmOf(
        Array.from({ length: FILM_LIMIT }, (_, at) => step(at * 1_000, 'a', 'x', 'a')),
        true,
      ),
    )
    projector.speed = 'max'
    projector.play()
    vi.advanceTimersByTime(11_000)
    expect([projector.isPlaying, projector.cursor]).toEqual([false, FILM_LIMIT - 1])
  })

  it('stays where it stood when the same film comes again, as after a lost connection', () => {
    const projector = create()
    projector.load(filmOf(DIALED))
    projector.seek(3)
    projector.load(filmOf([...DIALED, END]))
    expect([projector.cursor, projector.isLive]).toEqual([3, false])
  })

  it('keeps to its line when the film forgets its beginning', () => {
    const projector = create()
    projector.load(filmOf(Array.from({ length: FILM_LIMIT }, (_, at) => step(at, 'a', `event ${at}`, 'a'))))
    projector.seek(FILM_LIMIT - 1)
    projector.add([END])
    expect(projector.film?.lines[projector.cursor]).toMatchObject({ event: `event ${FILM_LIMIT - 1}` })
  })
})
