import { describe, expect, it } from 'vitest'
import { Journal } from '../../src/inspector/journal.ts'
import type { Happening } from '../../src/recorder.ts'
import { OUTLINE_LIMIT } from '../../src/recording/outline.ts'
import { readRecording } from '../../src/recording/recording.ts'
import type { Header, Line } from '../../src/recording/schema.ts'
import { HEADER } from '../recording/lines.ts'

const step = (event: string): Happening => ({ what: 'transition', event, before: 'idle', after: 'idle' })
const eventsOf = (lines: readonly Line[]) => lines.map((line) => ('event' in line ? line.event : line.what))

describe("a call's journal", () => {
  it('keeps what happened in its order, and tells it to whoever listens', () => {
    const journal = new Journal()
    const heard: Line[] = []
    journal.note(1, step('a'))
    const stop = journal.listen((line) => heard.push(line))
    journal.note(2.3456, step('b'))
    stop()
    journal.note(3, step('c'))
    expect(eventsOf(journal.lines)).toEqual(['a', 'b', 'c'])
    expect(heard).toMatchObject([{ at: 2.35, event: 'b' }])
  })

  it('is a recording, which reads back as it was', () => {
    const journal = new Journal()
    journal.note(1, {
      ...step('leg.ended'),
      fields: { outcome: 'busy' },
      edges: ['call.idle/leg.ended/0'],
    } as Happening)
    journal.note(2, { what: 'child', id: 'release', src: 'release', status: 'started' })
    const { call, lines } = readRecording(journal.toText(HEADER as Header))
    expect(call).toMatchObject({ id: HEADER.id })
    expect(lines).toEqual(journal.lines)
  })

  it('writes down nobody’s number', () => {
    const journal = new Journal()
    journal.note(1, { what: 'end', state: 'ended', reason: 'busy', cause: 'no answer from +15557654321', stats: {} })
    expect(JSON.stringify(journal.lines)).toContain('+1•••21')
  })

  it('forgets the oldest past its limit, and says how many', () => {
    const journal = new Journal()
    for (let at = 1; at <= 3 * OUTLINE_LIMIT; at += 1) journal.note(at, step(String(at)))
    const [first, second] = journal.lines
    expect(first).toMatchObject({ what: 'dropped', lines: 2 * OUTLINE_LIMIT })
    expect(second).toMatchObject({ at: 2 * OUTLINE_LIMIT + 1 })
    expect(journal.lines).toHaveLength(OUTLINE_LIMIT + 1)
    expect(journal.isWhole).toBe(false)
  })

  it('that begins in the middle is made whole by what was written down before', () => {
    const journal = new Journal()
    journal.note(10, { what: 'joined', state: 'active' })
    journal.note(10, { what: 'child', id: 'agent', src: 'agent', status: 'started' })
    journal.note(12, step('later'))
    expect(journal.isWhole).toBe(false)
    const earlier: Line[] = [
      { at: 1, ...step('first') },
      { at: 2, what: 'child', id: 'agent', src: 'agent', status: 'started' },
      { at: 12, ...step('later') },
    ]
    journal.precede(earlier)
    expect(eventsOf(journal.lines)).toEqual(['first', 'child', 'later'])
    expect(journal.isWhole).toBe(true)
  })
})
