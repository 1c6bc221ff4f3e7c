import { describe, expect, it } from 'vitest'
import { steepnessOf } from './growth.ts'

const letters = (size: number) => 'a'.repeat(size)

describe('the measure of growth', () => {
  it('finds what looks at every character once to be linear', async () => {
    const look = (text: string) => Array.from(text, (character) => character.charCodeAt(0))
    expect(await steepnessOf(look, letters, 2_000)).toBeLessThan(1.3)
  })

  it('finds what looks at every character for every character to be quadratic', async () => {
    const look = (text: string) => Array.from(text, (character) => text.lastIndexOf(`${character}b`))
    expect(await steepnessOf(look, letters, 400)).toBeGreaterThan(1.6)
  })

  it('finds what takes the same time whatever comes to grow with nothing', async () => {
    expect(await steepnessOf(() => letters(1_000).split(''), letters, 1_000)).toBeLessThan(0.5)
  })
})
