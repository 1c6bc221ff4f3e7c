import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeMulaw } from '../../src/audio/g711.ts'
import { TwoChannelLine } from '../../src/recording/two-channel-line.ts'

function rig(changeableMs = 2_000) {
  const stretches: { readonly samples: Int16Array; readonly from: number }[] = []
  const line = new TwoChannelLine({ changeableMs, onSettled: (samples, from) => stretches.push({ samples, from }) })
  /** Both channels whole, once the line is finished. */
  const whole = () => {
    const length = line.finish()
    const left = new Int16Array(length)
    const right = new Int16Array(length)
    for (const { samples, from } of stretches) {
      for (let i = 0; i < samples.length; i += 2) {
        left[from + i / 2] = samples[i] ?? 0
        right[from + i / 2] = samples[i + 1] ?? 0
      }
    }
    return { left, right }
  }
  return { line, stretches, whole }
}

const piece = (ms: number, code: number) => new Uint8Array(ms * 8).fill(code)

function sampleOf(code: number): number {
  const out = new Int16Array(1)
  decodeMulaw(Uint8Array.of(code), out)
  return out[0] ?? 0
}

/** Where a sample value lies, as stretches of milliseconds. */
function placesOf(samples: Int16Array, code: number): number[][] {
  const value = sampleOf(code)
  const places: number[][] = []
  for (let i = 0; i <= samples.length; i += 1) {
    if (samples[i] === value && samples[i - 1] !== value) places.push([i / 8])
    if (samples[i] !== value && i > 0 && samples[i - 1] === value) places.at(-1)?.push(i / 8)
  }
  return places
}

describe('two channels', () => {
  it('lie side by side, each piece where it belongs, with silence between', () => {
    const { line, whole } = rig()
    line.put('right', piece(100, 0x90), 50)
    line.put('left', piece(20, 0xa0), 10)
    line.put('left', piece(20, 0xa0), 200)
    const { left, right } = whole()
    expect(placesOf(left, 0xa0)).toEqual([
      [10, 30],
      [200, 220],
    ])
    expect(placesOf(right, 0x90)).toEqual([[50, 150]])
    expect(left.length).toBe(220 * 8)
  })

  it('have no seams between pieces that lie end to end, to a millisecond', () => {
    const { line, whole } = rig()
    for (let i = 0; i < 500; i += 1) line.put('left', piece(20, 0xa0), 3.3 + i * 20.0007)
    expect(placesOf(whole().left, 0xa0)).toEqual([[3.25, 10_003.25]])
  })

  it('forget what is cut, and what is laid over', () => {
    const { line, whole } = rig()
    line.put('right', piece(100, 0x90), 0)
    line.cut('right', 40)
    line.put('right', piece(10, 0x91), 60)
    line.put('left', piece(100, 0xa0), 0)
    line.put('left', piece(20, 0xa1), 30)
    const { left, right } = whole()
    expect([placesOf(right, 0x90), placesOf(right, 0x91)]).toEqual([[[0, 40]], [[60, 70]]])
    expect([placesOf(left, 0xa0), placesOf(left, 0xa1)]).toEqual([[[0, 30]], [[30, 50]]])
  })

  it('begin at the beginning: what came before it is left out', () => {
    const { line, whole } = rig()
    line.put('left', piece(100, 0xa0), -60)
    line.put('left', piece(20, 0xa1), 40)
    const { left } = whole()
    expect([placesOf(left, 0xa0), placesOf(left, 0xa1)]).toEqual([[[0, 40]], [[40, 60]]])
  })

  it('may still change for two seconds; what comes later than that is left out', () => {
    const { line, whole } = rig()
    for (let at = 0; at < 10_000; at += 20) line.put('right', piece(20, 0x90), at)
    line.put('left', piece(20, 0xa0), 8_000)
    line.put('left', piece(20, 0xa1), 3_000)
    line.cut('right', 9_990)
    const { left, right } = whole()
    expect([placesOf(left, 0xa0), placesOf(left, 0xa1)]).toEqual([[[8_000, 8_020]], []])
    expect(placesOf(right, 0x90)).toEqual([[0, 9_990]])
  })

  it('hand on a second at a time, and nothing of an hour in which nothing was said', () => {
    const { line, stretches, whole } = rig()
    for (let at = 0; at < 5_000; at += 20) line.put('left', piece(20, 0xa0), at)
    line.put('left', piece(20, 0xa1), 3_600_000)
    const { left } = whole()
    expect(placesOf(left, 0xa0)).toEqual([[0, 5_000]])
    expect(placesOf(left, 0xa1)).toEqual([[3_600_000, 3_600_020]])
    const handedOn = stretches.reduce((sum, { samples }) => sum + samples.length / 2, 0)
    expect(handedOn / 8_000).toBeLessThanOrEqual(9)
    expect(Math.max(...stretches.map(({ samples }) => samples.length))).toBeLessThanOrEqual(2 * 8 * 4_000)
  })

  it('are what they would be on paper, over any course', () => {
    const step = fc.record({
      do: fc.constantFrom('left', 'left', 'right', 'right', 'cut', 'wait' as const),
      ms: fc.integer({ min: 0, max: 300 }),
    })
    const fill = (ms: number) => ({ do: 'left', ms }) as const
    const END_TO_END = [fill(26), { do: 'right', ms: 295 } as const, { do: 'right', ms: 32 } as const, fill(1)]
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { line, whole } = rig(1_000)
        const paper = { left: new Map<number, number>(), right: new Map<number, number>() }
        const ends = { left: 0, right: 0 }
        let now = 0
        for (const [i, { do: what, ms }] of steps.entries()) {
          if (what === 'wait') now += ms * 8
          else if (what === 'cut') {
            const from = Math.min(ends.right, Math.max(now, ends.right - ms))
            line.cut('right', from)
            for (const at of paper.right.keys()) if (at >= from * 8) paper.right.delete(at)
            ends.right = from
          } else {
            // To a millisecond, pieces lie end to end.
            const at = now - ends[what] <= 1 ? ends[what] : now
            const code = 0x90 + (i % 40)
            line.put(what, piece(ms, code), at)
            for (let k = 0; k < ms * 8; k += 1) paper[what].set(at * 8 + k, sampleOf(code))
            ends[what] = at + ms
            now = Math.max(now, ends.left - 300, ends.right - 300)
          }
        }
        const { left, right } = whole()
        for (const [name, channel] of [['left', left] as const, ['right', right] as const]) {
          let wrong = 0
          for (let at = 0; at < channel.length; at += 1) if (channel[at] !== (paper[name].get(at) ?? 0)) wrong += 1
          expect(wrong).toBe(0)
          expect(Math.max(0, ...paper[name].keys())).toBeLessThanOrEqual(channel.length)
        }
      }),
      { numRuns: 60, examples: [[END_TO_END]] },
    )
  })
})
