import { describe, expect, it } from 'vitest'
import { QUICK_PLAN } from '../../src/bench/options.ts'
import type { Session, Window } from '../../src/bench/session.ts'
import { measureViewing, medianOfTurns } from '../../src/bench/viewing.ts'
import { someWindow } from './some-figures.ts'

/** A session that writes down what it is asked, and whose windows cost as many microseconds as came before them. */
function scripted() {
  const asked: string[] = []
  let isWatched = false
  const session: Pick<Session, 'resize' | 'measure' | 'look' | 'lookAway'> = {
    resize: (calls) => Promise.resolve(void asked.push(String(calls))),
    measure: (): Promise<Window> => {
      asked.push(isWatched ? 'watched' : 'alone')
      return Promise.resolve(someWindow({ cpuUsPerFrame: asked.length }))
    },
    look: () => Promise.resolve(void (isWatched = true)),
    lookAway: () => {
      isWatched = false
      return Promise.resolve({ messages: 5, bytes: 900 })
    },
  }
  return { asked, measure: (most: number) => measureViewing(session as Session, most, QUICK_PLAN) }
}

describe('somebody who looks', () => {
  it('is measured by turns, after a window to warm up', async () => {
    const { asked, measure } = scripted()
    const { turns } = await measure(1_000)
    const [first, second] = [
      ['alone', 'watched'],
      ['watched', 'alone'],
    ] as const
    expect(asked).toEqual(['200', 'watched', ...first, ...second, ...first, ...second])
    expect(turns.map(({ seen }) => seen)).toEqual(Array.from({ length: 4 }, () => ({ messages: 5, bytes: 900 })))
  })

  it('costs nothing on a machine that only becomes slower and slower', async () => {
    const viewing = await scripted().measure(1_000)
    const more = medianOfTurns(viewing, ({ alone, watched }) => watched.cpuUsPerFrame - alone.cpuUsPerFrame)
    expect(more).toBe(0)
  })

  it('looks at one call of 200, or of what a small core carries with ease', async () => {
    const { measure } = scripted()
    expect((await measure(100)).calls).toBe(70)
    expect((await measure(1)).calls).toBe(1)
    expect((await measure(5_000)).calls).toBe(200)
  })
})
