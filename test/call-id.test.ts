import { describe, expect, it } from 'vitest'
import { createCallId } from '../src/call-id.ts'

describe('a call id', () => {
  const ids = Array.from({ length: 10_000 }, createCallId)

  it('is call_ and twenty lower-case base-32 characters', () => {
    expect(ids.filter((id) => !/^call_[a-z2-7]{20}$/.test(id))).toEqual([])
  })

  it('is never drawn twice', () => {
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('uses all its characters alike', () => {
    const counts = new Map<string, number>()
    for (const character of ids.join('').replaceAll('call_', '')) {
      counts.set(character, (counts.get(character) ?? 0) + 1)
    }
    // 200,000 characters, 6,250 of each on average; seven standard deviations are 545.
    expect(counts.size).toBe(32)
    for (const count of counts.values()) expect(Math.abs(count - 6_250)).toBeLessThan(600)
  })
})
