import { describe, expect, it } from 'vitest'
import { parseSoakOptions } from '../../src/soak/options.ts'

describe('the options of a soak', () => {
  it('are ten minutes of twenty calls in real time, with a seed of its own, unless told', () => {
    const one = parseSoakOptions([])
    expect(one).toMatchObject({ minutes: 10, calls: 20, isSimulated: false, keepsArchive: false, only: undefined })
    expect(one.seed).not.toBe(parseSoakOptions([]).seed)
  })

  it('take what they are told', () => {
    const args = '--minutes 0.5 --calls 3 --seed 7 --simulated --archive --json --verbose --only 3/17,0/2'.split(' ')
    expect(parseSoakOptions(args)).toEqual({
      minutes: 0.5,
      calls: 3,
      seed: 7,
      isSimulated: true,
      keepsArchive: true,
      json: true,
      isVerbose: true,
      only: ['3/17', '0/2'],
    })
  })

  it.each([
    [['--hours', '3'], /expected only --minutes N, .*--hours/],
    [['--minutes', 'long'], /--minutes from 0.1 to 10000, got "long"/],
    [['--minutes', '0'], /--minutes from/],
    [['--calls', '2.5'], /--calls to be a whole number, got "2.5"/],
    [['--seed', '4294967296'], /--seed from 0 to 4294967295/],
    [['--only', '3'], /LINE\/TURN, e.g. 3\/17, got "3"/],
  ])('refuse %j, and say what was expected', (args, complaint) => {
    expect(() => parseSoakOptions(args)).toThrow(complaint)
  })
})
