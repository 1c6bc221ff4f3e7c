import { describe, expect, it } from 'vitest'
import { parseCallsQuery } from '../../src/http/calls-query.ts'

describe('which calls are asked for', () => {
  it('are the latest hundred unless told', () => {
    expect(parseCallsQuery({})).toEqual({ limit: 100 })
  })

  it('can be told by time, number and state, page by page', () => {
    const query = {
      since: '2026-11-25T10:00:00Z',
      until: '2026-11-25T12:30:00.250+01:00',
      number: '+15551234567',
      state: 'ended',
      cursor: 'abc',
      limit: '1000',
    }
    expect(parseCallsQuery(query)).toEqual({
      since: Date.UTC(2026, 10, 25, 10),
      until: Date.UTC(2026, 10, 25, 11, 30, 0, 250),
      number: '+15551234567',
      state: 'ended',
      cursor: 'abc',
      limit: 1_000,
    })
  })

  it('may be those of a day: a date is its first moment in UTC', () => {
    expect(parseCallsQuery({ since: '2026-11-25' }).since).toBe(Date.UTC(2026, 10, 25))
  })

  it('are meant although somebody forgot to escape a plus sign', () => {
    expect(parseCallsQuery({ number: ' 15551234567', since: '2026-11-25T10:00:00 02:00' })).toEqual({
      number: '+15551234567',
      since: Date.UTC(2026, 10, 25, 8),
      limit: 100,
    })
  })

  it.each(['idle', 'connecting', 'active', 'stopping', 'ended', 'error'])('may be those in the state %s', (state) => {
    expect(parseCallsQuery({ state })).toEqual({ state, limit: 100 })
  })

  const TIME = 'a date, or an ISO 8601 time with its offset such as 2026-11-25T10:00:00Z'
  it.each([
    ['a time without its offset', { since: '2026-11-25T10:00:00' }, `since to be ${TIME}, got "2026-11-25T10:00:00"`],
    ['a day that is none', { until: '2026-02-31' }, `until to be ${TIME}, got "2026-02-31"`],
    ['words for a time', { since: 'yesterday' }, `since to be ${TIME}, got "yesterday"`],
    ['no time at all', { since: '' }, `since to be ${TIME}, got ""`],
    [
      'an end before the beginning',
      { since: '2026-11-25', until: '2026-11-24' },
      'until to be a time after since, got "2026-11-24"',
    ],
    [
      'a state that is none',
      { state: 'ringing' },
      'state to be one of idle, connecting, active, stopping, ended, error, got "ringing"',
    ],
    [
      'an empty number',
      { number: '' },
      'number to be a telephone number, or whatever else the carrier calls a party, got ""',
    ],
    ['an empty cursor', { cursor: '' }, 'cursor to be the nextCursor of another page, got ""'],
    ['no rows', { limit: '0' }, 'limit to be a whole number from 1 to 1000, got "0"'],
    ['too many rows', { limit: '1001' }, 'limit to be a whole number from 1 to 1000, got "1001"'],
    ['a fraction of a row', { limit: '1.5' }, 'limit to be a whole number from 1 to 1000, got "1.5"'],
    ['the same twice', { limit: ['1', '2'] }, 'limit to be a whole number from 1 to 1000, got ["1","2"]'],
    [
      'what nobody knows',
      { colour: 'red' },
      'no parameters but since, until, number, state, cursor, limit, got colour',
    ],
  ])('are refused with what was expected and what came: %s', (_, query, detail) => {
    expect(() => parseCallsQuery(query)).toThrow(
      expect.objectContaining({
        status: 400,
        code: 'QUERY_INVALID',
        message: `expected ${detail}`,
      }),
    )
  })

  it('are refused for everything that is wrong at once, and nothing long is said again', () => {
    const query = { limit: 'x'.repeat(10_000), state: 'y' }
    const refuse = () => parseCallsQuery(query)
    expect(refuse).toThrow(/state to be .*; expected limit to be|limit to be .*; expected state to be/)
    expect(refuse).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{1,400}$/) }))
  })
})
