import { describe, expect, it } from 'vitest'
import { pathOf, watchedOf } from '../../../src/inspector/page/address.ts'
import { filterCalls } from '../../../src/inspector/page/call-filter.ts'
import type { CallRow } from '../../../src/inspector/wire.ts'

const row = (id: string, startedAt: number, more: Partial<CallRow> = {}): CallRow => ({
  id,
  callSid: null,
  direction: 'inbound',
  from: '+15551110001',
  to: '+15550100000',
  agent: 'echo',
  state: 'active',
  reason: null,
  startedAt,
  endedAt: null,
  ...more,
})

const CALLS = [
  row('call_a', 1, { state: 'ended', endedAt: 9, reason: 'busy', callSid: 'CA77' }),
  row('call_b', 3, { from: '+442071838750', agent: 'Greeter' }),
  row('call_c', 2, { state: 'connecting' }),
]
const idsOf = (state: string, text = '') => filterCalls(CALLS, { state, text }).map(({ id }) => id)

describe('the list of calls', () => {
  it('has the newest first', () => {
    expect(idsOf('all')).toEqual(['call_b', 'call_c', 'call_a'])
  })

  it('can be narrowed to those that live, or to those in a state', () => {
    expect(idsOf('live')).toEqual(['call_b', 'call_c'])
    expect(idsOf('ended')).toEqual(['call_a'])
    expect(idsOf('error')).toEqual([])
  })

  it('is searched by number, id, agent and reason, whatever the case', () => {
    expect([idsOf('all', '20718'), idsOf('all', ' CALL_C '), idsOf('all', 'greet')]).toEqual([
      ['call_b'],
      ['call_c'],
      ['call_b'],
    ])
    expect([idsOf('all', 'ca77'), idsOf('live', 'busy')]).toEqual([['call_a'], []])
  })
})

describe("the page's address", () => {
  it.each([
    ['call_a', '/inspector/calls/call_a'],
    ['node', '/inspector/node'],
    [null, '/inspector'],
  ])('of %s is %s, both ways', (watched, path) => {
    expect(pathOf(watched)).toBe(path)
    expect(watchedOf(path)).toBe(watched)
    expect(watchedOf(`${path}/`)).toBe(watched)
  })

  it('names nothing that could lead elsewhere', () => {
    expect(watchedOf('/inspector/calls/a/b')).toBeNull()
    expect(pathOf('../x?y')).toBe('/inspector/calls/..%2Fx%3Fy')
  })
})
