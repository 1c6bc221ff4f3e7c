import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PlayoutBuffer } from '../../src/simulator/playout-buffer.ts'

const audio = (ms: number, code = 1): Uint8Array => new Uint8Array(ms * 8).fill(code)
const filled = (): PlayoutBuffer => {
  const buffer = new PlayoutBuffer({ originMs: 1_000 })
  buffer.write(audio(40), 1_000)
  return buffer
}

describe('the playout buffer', () => {
  it('plays audio from the moment it comes, and what follows right behind it', () => {
    const buffer = filled()
    buffer.write(audio(20, 2), 1_010)
    expect(buffer.bufferedMs(1_010)).toBe(50)
    expect(buffer.heard(1_045).map(({ at, audio: { length } }) => ({ at, length }))).toEqual([
      { at: 0, length: 320 },
      { at: 320, length: 40 },
    ])
    expect(buffer.heardMs(1_045)).toBe(45)
    expect(buffer.heardMs(2_000)).toBe(60)
  })

  it('is silent while it is dry, and counts that as an underrun when more follows within a second', () => {
    const buffer = filled()
    buffer.write(audio(20), 1_050)
    expect(buffer.underruns).toBe(1)
    expect(buffer.heard(2_000).map(({ at }) => at)).toEqual([0, 400])
  })

  it('takes a dry spell of a second for a pause', () => {
    const buffer = filled()
    buffer.write(audio(20), 2_040)
    expect(buffer.underruns).toBe(0)
    buffer.write(audio(20), 3_059)
    expect(buffer.underruns).toBe(1)
  })

  it('blames nobody for the silence after a clear', () => {
    const buffer = filled()
    buffer.clear(1_020)
    buffer.write(audio(20), 1_100)
    expect(buffer.underruns).toBe(0)
  })

  it('makes a mark due when the audio before it has been heard', () => {
    const buffer = filled()
    buffer.mark('a', 1_000)
    buffer.write(audio(20), 1_000)
    buffer.mark('b', 1_000)
    buffer.mark('c', 1_000)
    expect(buffer.nextMarkMs).toBe(1_040)
    expect(buffer.takeDueMarks(1_039)).toEqual([])
    expect(buffer.takeDueMarks(1_040)).toEqual(['a'])
    expect(buffer.takeDueMarks(1_200)).toEqual(['b', 'c'])
    expect(buffer.nextMarkMs).toBeUndefined()
  })

  it('makes a mark due at once when nothing is waiting', () => {
    const buffer = new PlayoutBuffer({ originMs: 0 })
    buffer.mark('early', 10)
    expect(buffer.takeDueMarks(10)).toEqual(['early'])
    buffer.write(audio(20), 10)
    buffer.mark('late', 500)
    expect(buffer.takeDueMarks(500)).toEqual(['late'])
  })

  it('forgets on clear what has not been heard, and gives every waiting mark back in order', () => {
    const buffer = filled()
    buffer.mark('a', 1_000)
    buffer.write(audio(20), 1_000)
    buffer.mark('b', 1_000)
    expect(buffer.clear(1_030)).toEqual(['a', 'b'])
    expect(buffer.bufferedMs(1_030)).toBe(0)
    expect(buffer.heardMs(9_000)).toBe(30)
    expect(buffer.heard(9_000).map((piece) => piece.audio.length)).toEqual([240])
    expect(buffer.nextMarkMs).toBeUndefined()
  })

  it('takes no more than ten minutes', () => {
    const buffer = new PlayoutBuffer({ originMs: 0 })
    expect(buffer.write(audio(599_990), 0)).toBe(599_990 * 8)
    expect(buffer.write(audio(20), 0)).toBe(80)
    expect(buffer.write(audio(20), 0)).toBe(0)
    expect(buffer.write(audio(20), 5)).toBe(40)
  })

  it('does what a buffer that is drained sample by sample would do, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new PlayoutBuffer({ originMs: 0, limitMs: 30 })
        const model = new DrainedBuffer(240)
        let now = 0
        const echoes: string[] = []
        const act = {
          pass: (samples: number) => {
            now += samples
            model.pass(samples)
          },
          write: (samples: number, name: string) => {
            const code = Number(name) + 1
            const accepted = buffer.write(new Uint8Array(samples).fill(code), now / 8)
            expect(accepted).toBe(model.write(samples, code))
          },
          mark: (_: number, name: string) => {
            buffer.mark(name, now / 8)
            model.mark(name)
          },
          clear: () => {
            echoes.push(...buffer.clear(now / 8))
            model.clear()
          },
        }
        for (const [index, { kind, samples }] of steps.entries()) {
          act[kind](samples, String(index))
          echoes.push(...buffer.takeDueMarks(now / 8))
          model.echo()
          expect(echoes).toEqual(model.echoes)
          expect(buffer.bufferedMs(now / 8) * 8).toBe(model.waitingSamples)
        }
        const heard = new Uint8Array(now)
        for (const piece of buffer.heard(now / 8)) heard.set(piece.audio, piece.at)
        expect([...heard]).toEqual(model.heard)
        expect(buffer.heardMs(now / 8) * 8).toBe(model.heard.filter((code) => code !== 0).length)
      }),
    )
  })
})

const step = fc.record({
  kind: fc.constantFrom('pass', 'pass', 'write', 'write', 'mark', 'clear'),
  samples: fc.integer({ min: 0, max: 100 }),
})

/** The obvious implementation: a queue from which one sample is taken at a time. */
class DrainedBuffer {
  readonly heard: number[] = []
  readonly echoes: string[] = []
  #queue: (number | string)[] = []
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  get waitingSamples(): number {
    return this.#queue.filter((entry) => typeof entry === 'number').length
  }

  write(samples: number, code: number): number {
    const accepted = Math.min(samples, this.#limit - this.waitingSamples)
    for (let sample = 0; sample < accepted; sample++) this.#queue.push(code)
    return accepted
  }

  mark(name: string): void {
    this.#queue.push(name)
  }

  echo(): void {
    while (typeof this.#queue[0] === 'string') this.echoes.push(String(this.#queue.shift()))
  }

  clear(): void {
    for (const entry of this.#queue) if (typeof entry === 'string') this.echoes.push(entry)
    this.#queue = []
  }

  pass(samples: number): void {
    for (let sample = 0; sample < samples; sample++) {
      this.echo()
      const code = this.#queue.shift()
      this.heard.push(typeof code === 'number' ? code : 0)
    }
  }
}
