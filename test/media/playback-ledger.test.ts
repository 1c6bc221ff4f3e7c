import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PlaybackLedger } from '../../src/media/playback-ledger.ts'

describe('what was heard', () => {
  it('follows the clock from when it was sent, up to what was sent', () => {
    const ledger = new PlaybackLedger()
    ledger.noteSent(800, 1_000)
    expect([1_000, 1_040, 1_100, 5_000].map((now) => ledger.heard(now))).toEqual([0, 320, 800, 800])
    expect(ledger.aheadMs(1_040)).toBe(60)
  })

  it('counts anew from when audio meets a dry carrier', () => {
    const ledger = new PlaybackLedger()
    ledger.noteSent(800, 0)
    ledger.noteSent(800, 300)
    expect([300, 350, 400].map((now) => ledger.heard(now))).toEqual([800, 1_200, 1_600])
    expect(ledger.aheadMs(300)).toBe(100)
  })

  it('goes on from what an echoed mark proves', () => {
    const ledger = new PlaybackLedger()
    ledger.noteSent(8_000, 0)
    const name = ledger.placeMark(0)
    ledger.noteSent(8_000, 500)
    expect(ledger.noteMark(name, 1_300)).toBe(true)
    expect(ledger.proven).toBe(8_000)
    expect(ledger.heard(1_400)).toBe(8_800)
  })
})

type Step = { readonly do: 'send' | 'wait' | 'echo' | 'clear' | 'ask'; readonly n: number }

describe('L1: heard never exceeds sent and never decreases', () => {
  it('whatever is sent, echoed and cleared, however late', () => {
    const steps = fc.array(fc.record({ do: fc.constantFrom('send', 'wait', 'echo', 'clear', 'ask'), n: fc.nat(900) }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(steps, (all: Step[]) => {
        const ledger = new PlaybackLedger()
        const marks: string[] = []
        let now = 0
        let last = 0
        for (const step of all) {
          if (step.do === 'wait') now += step.n
          if (step.do === 'clear') ledger.forget(now)
          if (step.do === 'echo') ledger.noteMark(marks[step.n % (marks.length + 1)] ?? '', now)
          if (step.do === 'send') {
            ledger.noteSent(step.n, now)
            marks.push(ledger.placeMark(now))
          }
          if (step.do !== 'ask') continue
          const heard = ledger.heard(now)
          expect(heard).toBeGreaterThanOrEqual(last)
          expect(heard).toBeLessThanOrEqual(ledger.sent)
          expect(ledger.proven).toBeLessThanOrEqual(ledger.sent)
          last = heard
        }
      }),
      { numRuns: 200 },
    )
  })

  it('so where an echo shows that the clock ran ahead, it waits', () => {
    const ledger = new PlaybackLedger()
    ledger.noteSent(8_000, 0)
    const name = ledger.placeMark(0)
    ledger.noteSent(8_000, 900)
    expect(ledger.heard(1_500)).toBe(12_000)
    ledger.noteMark(name, 1_500)
    expect(ledger.heard(1_500)).toBe(12_000)
    expect(ledger.heard(2_000)).toBe(12_000)
    expect(ledger.heard(2_100)).toBe(12_800)
  })
})

describe('L2: a mark from before a clear proves nothing', () => {
  it('though a carrier echoes it', () => {
    const ledger = new PlaybackLedger()
    ledger.noteSent(800, 0)
    const stale = ledger.placeMark(0)
    ledger.forget(10)
    ledger.noteSent(800, 20)
    const fresh = ledger.placeMark(20)
    expect(ledger.noteMark(stale, 30)).toBe(false)
    expect([ledger.proven, ledger.heard(30)]).toEqual([800, 880])
    expect(ledger.noteMark(fresh, 120)).toBe(true)
    expect(ledger.proven).toBe(1_600)
  })

  it('nor does one that is unknown, or told twice, or older than one told before', () => {
    const ledger = new PlaybackLedger()
    const names = [1, 2].map(() => {
      ledger.noteSent(800, 0)
      return ledger.placeMark(0)
    })
    expect(ledger.noteMark(names[1] ?? '', 200)).toBe(true)
    expect([...names, 'unknown', ''].map((name) => ledger.noteMark(name, 210))).toEqual([false, false, false, false])
    expect(ledger.proven).toBe(1_600)
  })
})

describe('L3: marks are retired', () => {
  it('by clear itself', () => {
    const ledger = new PlaybackLedger()
    ledger.noteSent(800, 0)
    ledger.placeMark(0)
    ledger.forget(10)
    expect(ledger.marksPending).toBe(0)
    expect(ledger.proven).toBe(ledger.sent)
  })

  it('when their echo is 2 s overdue, each by itself', () => {
    const ledger = new PlaybackLedger()
    ledger.noteSent(800, 0)
    const name = ledger.placeMark(0)
    ledger.noteSent(8_000, 0)
    ledger.placeMark(0)
    ledger.expireMarks(2_099)
    expect([ledger.proven, ledger.marksPending]).toEqual([0, 2])
    ledger.expireMarks(2_100)
    expect([ledger.proven, ledger.marksPending]).toEqual([800, 1])
    expect(ledger.noteMark(name, 2_200)).toBe(false)
    ledger.expireMarks(3_100)
    expect([ledger.proven, ledger.marksPending]).toEqual([8_800, 0])
  })
})

describe('L4: what the carrier has', () => {
  /** Sends a second of audio every second, each with a mark that is echoed `lateMs` after it should be. */
  function speak(ledger: PlaybackLedger, from: number, latenesses: readonly number[]): number {
    const echoes: { readonly name: string; readonly at: number }[] = []
    for (const [index, lateMs] of latenesses.entries()) {
      const now = from + index * 1_000
      for (const { name, at } of echoes.filter((echo) => echo.at <= now)) ledger.noteMark(name, at)
      ledger.noteSent(8_000, now)
      echoes.push({ name: ledger.placeMark(now), at: now + 1_000 + lateMs })
    }
    const now = from + latenesses.length * 1_000
    for (const { name, at } of echoes.filter((echo) => echo.at > now - 1_000 && echo.at <= now))
      ledger.noteMark(name, at)
    return ledger.aheadMs(now)
  }

  it('is more than the clock says by so much as all echoes of a while were late', () => {
    const ledger = new PlaybackLedger()
    speak(ledger, 0, [0, 0])
    expect(speak(ledger, 2_000, [2_000, 2_000, 2_000, 2_000, 2_000, 2_000])).toBe(2_000)
  })

  it('is what the clock says when they stray, or were late from the first', () => {
    const straying = new PlaybackLedger()
    expect(speak(straying, 0, [0, 500, 100, 400, 500, 0])).toBe(0)
    const slow = new PlaybackLedger()
    expect(speak(slow, 0, [1_000, 1_000, 1_000, 1_000, 1_000, 1_000])).toBe(0)
  })
})
