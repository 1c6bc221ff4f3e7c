import { describe, expect, it } from 'vitest'
import type { Clock } from '../../src/clock.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { Chance } from '../../src/soak/chance.ts'
import { LogBook } from '../../src/soak/log-book.ts'
import { moreHandles } from '../../src/soak/process-watch.ts'
import { describeSoak, soakToJson } from '../../src/soak/report.ts'
import { Performance } from '../../src/soak/performance.ts'
import { Planner } from '../../src/soak/planner.ts'
import { Stalls } from '../../src/soak/stalls.ts'
import { Tally } from '../../src/soak/tally.ts'
import { Weather } from '../../src/soak/weather.ts'

describe('chance', () => {
  it('is the same for the same seed and purpose, and another for another', () => {
    const draws = (...parts: (string | number)[]) => {
      const chance = new Chance(1, ...parts)
      return Array.from({ length: 5 }, () => chance.between(0, 1_000_000))
    }
    expect(draws('a', 1)).toEqual(draws('a', 1))
    expect(draws('a', 1)).not.toEqual(draws('a', 2))
  })

  it('gives each choice its weight', () => {
    const chance = new Chance(3)
    const drawn = Array.from({ length: 4_000 }, () =>
      chance.weighted<string>([
        [3, 'often'],
        [1, 'seldom'],
      ]),
    )
    const share = drawn.filter((choice) => choice === 'often').length / drawn.length
    expect(share).toBeGreaterThan(0.7)
    expect(share).toBeLessThan(0.8)
  })
})

describe('the weather', () => {
  it('held for whoever was there at the time', () => {
    const weather = new Weather()
    weather.begin(100)
    expect(weather.held(0, 50)).toBe(false)
    expect(weather.held(150, 160)).toBe(true)
    weather.end(200)
    expect(weather.held(201, 300)).toBe(false)
    expect(weather.held(0, 1_000)).toBe(true)
  })

  it('that comes again before it is over is one spell', () => {
    const weather = new Weather()
    weather.note(100, 200)
    weather.note(150, 180)
    weather.note(200, 300)
    weather.note(400, 500)
    expect(weather.count).toBe(2)
    expect([250, 350, 450].map((at) => weather.held(at, at))).toEqual([true, false, true])
  })
})

describe('what holds the process up', () => {
  it.each([
    [5, { stalls: false, hiccups: false }],
    [25, { stalls: false, hiccups: true }],
    [60, { stalls: true, hiccups: true }],
  ])('is noted when a look comes %i ms late, by whom it is heard', (lateMs, heard) => {
    const looks: (() => void)[] = []
    const hand = { at: 0 }
    const clock: Clock = {
      now: () => hand.at,
      setTimeout: (callback, delayMs) => (delayMs === 20 ? looks.push(callback) : undefined),
      clearTimeout: () => {},
    }
    const lateness = { stalls: new Weather(), hiccups: new Weather() }
    const stalls = new Stalls(clock, 1, lateness)
    stalls.start()
    hand.at = 20 + lateMs
    looks.shift()?.()
    stalls.stop()
    expect({ stalls: lateness.stalls.held(10, 10), hiccups: lateness.hiccups.held(10, 10) }).toEqual(heard)
  })
})

describe('a log book', () => {
  const write = (...lines: object[]) => {
    const log = new LogBook(new VirtualClock(5))
    for (const line of lines) log.write(JSON.stringify(line))
    return log
  }

  it('keeps what tells of a failure, and nothing else', () => {
    const { alarms } = write({ level: 30, msg: 'fine' }, { level: 50, msg: 'a call chart died', callId: 'call_a' })
    expect(alarms).toMatchObject([{ at: 5, message: 'a call chart died', callId: 'call_a' }])
  })

  it('notices a number that is written out, and not one that is masked', () => {
    expect(write({ level: 30, from: '+1•••01' }).leaks).toEqual([])
    expect(write({ level: 30, from: '+15552000001' }).leaks).toHaveLength(1)
  })

  it('knows from when to when the carrier is left alone', () => {
    const { outages } = write({ level: 50, msg: 'the carrier is out of order: for now it is asked to end things only' })
    expect(outages.held(5, 5)).toBe(true)
    expect(outages.held(0, 4)).toBe(false)
  })
})

describe('handles of the process', () => {
  it('are counted by their kind, and only what there is more of is told', () => {
    const before = new Map([['Timeout', 2]])
    expect(moreHandles(before, new Map([['Timeout', 1]]))).toBeUndefined()
    expect(
      moreHandles(
        before,
        new Map([
          ['Timeout', 3],
          ['TCPSocketWrap', 2],
        ]),
      ),
    ).toBe('1 Timeout, 2 TCPSocketWrap')
  })
})

const verdict = { breaches: [], reason: 'caller hung up', worstGapMs: 21, isUnharmed: true }
const played = (turn: number) => {
  const performance = new Performance(new Planner(1).plan(0, turn))
  performance.endedAt = 1_000 * turn
  return performance
}

describe('a tally', () => {
  it('has the same course for the same calls, in whatever order they ended, and another for others', () => {
    const courseOf = (...turns: number[]) => {
      const tally = new Tally()
      for (const turn of turns) tally.note(played(turn), verdict)
      return tally.digest
    }
    expect(courseOf(1, 2, 3)).toBe(courseOf(3, 1, 2))
    expect(courseOf(1, 2, 3)).not.toBe(courseOf(1, 2, 4))
  })
})

describe('a report', () => {
  const options = {
    minutes: 10,
    calls: 20,
    seed: 9,
    isSimulated: true,
    keepsArchive: false,
    json: false,
    isVerbose: false,
    only: undefined,
  }
  const result = (tally: Tally) => ({ options, tally, memory: [], tookMs: 1_000, stalls: 0, outages: 0 })

  it('says when every promise was kept, and how to repeat the run', () => {
    const tally = new Tally()
    tally.note(played(1), verdict)
    const text = describeSoak(result(tally))
    expect(text).toContain('all promises kept')
    expect(text).toContain('npm run soak -- --simulated --minutes 10 --calls 20 --seed 9')
    expect(soakToJson(result(tally))).toMatchObject({ calls: 1, breachCount: 0, breaches: [] })
  })

  it('says which was not, of which call, and how to repeat that call alone', () => {
    const tally = new Tally()
    tally.complain({ invariant: 'released', call: '3/17', expected: 'the leg to be over', got: 'in-progress' })
    const text = describeSoak(result(tally))
    expect(text).toContain('NOT KEPT: every leg at the carrier is over (call 3/17)')
    expect(text).toContain('expected the leg to be over')
    expect(text).toContain('npm run soak -- --simulated --seed 9 --only 3/17')
    expect(text).toContain('1 promises NOT KEPT')
  })
})
