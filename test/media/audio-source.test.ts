import { describe, expect, it } from 'vitest'
import type { AudioSource } from '../../src/media/audio-source.ts'
import { speakingRig } from './speaking-rig.ts'

/** Whatever a JavaScript user may hand in. */
function untyped(source: unknown): AudioSource {
  return source as AudioSource
}

describe('what is no audio source', () => {
  it.each([
    ['Float32Array', [new Float32Array(160)]],
    ['Buffer', [Buffer.alloc(320)]],
    ['Array', [[1, 2, 3]]],
    ['ArrayBuffer', [new ArrayBuffer(8)]],
    ['undefined', [undefined]],
    ['null', [null]],
    ['string', ['audio']],
  ])('by yielding %s is refused by that name, and stopped', async (name, chunks) => {
    const { queue } = speakingRig()
    let stopped = false
    const source = function* () {
      try {
        yield* chunks
      } finally {
        stopped = true
      }
    }
    await expect(queue.play(untyped(source())).finished).rejects.toMatchObject({
      code: 'AUDIO_SOURCE_INVALID',
      message: expect.stringContaining(`got ${name}`),
    })
    expect(stopped).toBe(true)
  })

  it.each([
    ['Float32Array', new Float32Array(160)],
    ['Buffer', Buffer.alloc(320)],
    ['Object', {}],
    ['null', null],
    ['undefined', undefined],
    ['string', 'audio'],
    ['number', Number.NaN],
  ])('by being a %s is refused at once', (name, source) => {
    const { queue } = speakingRig()
    expect(() => queue.play(untyped(source))).toThrow(
      expect.objectContaining({ code: 'AUDIO_SOURCE_INVALID', message: expect.stringContaining(`got ${name}`) }),
    )
    expect(queue.isDrained).toBe(true)
  })

  it('by its rate is refused at once', () => {
    const { queue } = speakingRig()
    expect(() => queue.play(new Int16Array(10), 44_100)).toThrow(
      expect.objectContaining({ code: 'AUDIO_FORMAT_UNSUPPORTED', message: expect.stringContaining('44100') }),
    )
  })
})
