import { describe, expect, it } from 'vitest'
import { checkAtLeast, checkAtMost, checkRatio, hasMissed } from '../../src/bench/checks.ts'

describe('a target', () => {
  it('is met at its very value, and missed past it', () => {
    expect([checkAtMost('a', 5, 5), checkAtMost('a', 5.01, 5)].map(({ verdict }) => verdict)).toEqual(['met', 'MISSED'])
    expect([checkAtLeast('a', 3, 3), checkAtLeast('a', 2.99, 3)].map(({ verdict }) => verdict)).toEqual([
      'met',
      'MISSED',
    ])
  })

  it('that was not measured is no broken promise', () => {
    const checks = [checkAtMost('a', undefined, 5), checkAtLeast('a', Number.NaN, 5)]
    expect(checks.map(({ verdict }) => verdict)).toEqual(['not measured', 'not measured'])
    expect(hasMissed(checks)).toBe(false)
    expect(hasMissed([...checks, checkAtMost('a', 6, 5)])).toBe(true)
  })
})

describe('a ratio of calls', () => {
  const firm = (most: number) => ({ most, isBound: false })
  const bound = (most: number) => ({ most, isBound: true })

  it('is judged where both numbers are the servers’ own', () => {
    expect(checkRatio('a', firm(600), firm(200), 3)).toMatchObject({ got: 3, verdict: 'met' })
    expect(checkRatio('a', firm(500), firm(200), 3)).toMatchObject({ got: 2.5, verdict: 'MISSED' })
  })

  it('that is met by a lower bound is met all the more; one that is not may yet be', () => {
    expect(checkRatio('a', bound(600), firm(200), 3).verdict).toBe('met')
    expect(checkRatio('a', bound(500), firm(200), 3).verdict).toBe('not judged')
  })

  it('to a lower bound says nothing', () => {
    expect(checkRatio('a', firm(900), bound(200), 3)).toMatchObject({
      verdict: 'not judged',
      note: 'only a lower bound is known',
    })
  })

  it('to nobody is not measured', () => {
    expect(checkRatio('a', firm(900), undefined, 3).verdict).toBe('not measured')
    expect(checkRatio('a', firm(900), firm(0), 3).verdict).toBe('not measured')
  })
})
