import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { AudioSource, Playback } from '../../src/media/playback.ts'
import { level, msOf, speakingRig } from './speaking-rig.ts'

/** An endless source of 20 ms chunks, of either kind, that remembers whether it was told to stop. */
function endless(kind: 'sync' | 'async') {
  const state = { pulled: 0, stops: 0 }
  const next = () => {
    state.pulled += 1
    return { value: level(20, 1_000), done: false as const }
  }
  const end = () => {
    state.stops += 1
    return { value: undefined, done: true as const }
  }
  const source: AudioSource =
    kind === 'sync'
      ? { [Symbol.iterator]: () => ({ next, return: end }) }
      : { [Symbol.asyncIterator]: () => ({ next: async () => next(), return: async () => end() }) }
  return { state, source }
}

describe('S1: a source is pulled', () => {
  it('one chunk at a time, and the next source only when the first is dry', async () => {
    const { clock, queue } = speakingRig()
    let asked = 0
    let answer: (result: IteratorResult<Int16Array>) => void = () => {}
    const next = () => {
      asked += 1
      return new Promise<IteratorResult<Int16Array>>((resolve) => (answer = resolve))
    }
    let second = 0
    queue.play({ [Symbol.asyncIterator]: () => ({ next }) }, 8000)
    queue.play(
      (function* () {
        second += 1
        yield level(20, 1_000)
      })(),
      8000,
    )
    await clock.run(200)
    expect([asked, second]).toEqual([1, 0])
    answer({ value: level(40, 1_000), done: false })
    await clock.run(200)
    expect([asked, second]).toEqual([2, 0])
    answer({ value: undefined, done: true })
    await clock.run(200)
    expect([asked, second]).toEqual([2, 1])
  })
})

describe('S1: a source that is awaited', () => {
  it('is still awaited, and not asked again, when one behind it is cancelled', async () => {
    const { clock, queue, stream } = speakingRig()
    let asked = 0
    const next = async () => {
      asked += 1
      await clock.reached(clock.now() + 100)
      return asked === 1
        ? { value: level(200, 1_000), done: false as const }
        : { value: undefined, done: true as const }
    }
    const first = queue.play({ [Symbol.asyncIterator]: () => ({ next }) }, 8000)
    queue.play(level(100, 2_000), 8000).cancel()
    await clock.run(50)
    expect(asked).toBe(1)
    await clock.run(400)
    await expect(first.finished).resolves.toEqual({ playedMs: 200, interrupted: false })
    expect(msOf(stream.heard(), 2_000)).toBe(0)
  })
})

describe('S2: nothing that is played holds the event loop', () => {
  it('encodes an array of an hour 400 ms at a time', () => {
    const { clock, queue } = speakingRig()
    queue.play(level(3_600_000, 1_000), 8000)
    expect(queue.queueMs + 160).toBeLessThanOrEqual(400)
    clock.advance(20)
    expect(queue.queueMs + 160).toBeLessThanOrEqual(820)
    clock.advance(2_000)
    expect(queue.queueMs).toBeLessThanOrEqual(10_000)
    queue.release()
  })

  it('encodes no more when many are played in one turn', () => {
    const { queue } = speakingRig()
    for (let i = 0; i < 32; i += 1) queue.play(level(10_000, 1_000), 8000)
    expect(queue.queueMs + 160).toBeLessThanOrEqual(400)
  })

  it('pulls an iterable that is always ready a bounded number of times a turn', () => {
    const { clock, queue } = speakingRig()
    const { source, state } = endless('sync')
    queue.play(source, 8000)
    expect(state.pulled).toBeLessThanOrEqual(21)
    clock.advance(20)
    expect(state.pulled).toBeLessThanOrEqual(42)
  })

  it.each(['sync', 'async'] as const)('survives an %s source of nothing but empty chunks', async (kind) => {
    const { clock, queue, stream } = speakingRig()
    let pulled = 0
    const empties = function* () {
      for (;;) {
        pulled += 1
        yield new Int16Array()
      }
    }
    const source =
      kind === 'sync'
        ? empties()
        : (async function* () {
            yield* empties()
          })()
    const playback = queue.play(source, 8000)
    const next = queue.play(level(100, 1_000), 8000)
    await eventLoopTurn()
    expect(pulled).toBeLessThanOrEqual(1_601)
    await clock.run(100)
    playback.cancel()
    await clock.run(200)
    await expect(playback.finished).resolves.toEqual({ playedMs: 0, interrupted: true })
    await expect(next.finished).resolves.toEqual({ playedMs: 100, interrupted: false })
    expect(stream.heardMs).toBe(100)
  })
})

describe('a source that fails', () => {
  const boom = new Error('the model is gone')

  it.each([
    [
      'throws',
      function* () {
        yield level(300, 1_000)
        throw boom
      },
    ],
    [
      'rejects',
      async function* () {
        yield level(300, 1_000)
        throw boom
      },
    ],
  ])(
    'and %s rejects `finished` with its own error; what came of it is still heard, and what follows',
    async (_, make) => {
      const { clock, queue, stream, types } = speakingRig()
      const failing = queue.play(make(), 8000)
      const next = queue.play(level(200, 2_000), 8000)
      let failed: unknown
      failing.finished.catch((error: unknown) => (failed = error))
      await clock.run(0)
      expect(failed).toBe(boom)
      await clock.run(1_000)
      expect(msOf(stream.heard(), 1_000)).toBe(300)
      expect(msOf(stream.heard(), 2_000)).toBe(200)
      await expect(next.finished).resolves.toEqual({ playedMs: 200, interrupted: false })
      expect(types()).toEqual(['playback.started', 'playback.drained'])
    },
  )

  it('is drained only when its last words have been heard', async () => {
    const { clock, queue, types } = speakingRig()
    queue.play(
      (function* () {
        yield level(100, 1_000)
        throw boom
      })(),
      8000,
    )
    clock.advance(90)
    expect(queue.isDrained).toBe(false)
    clock.advance(10)
    expect(types()).toEqual(['playback.started', 'playback.drained'])
  })

  it('before its first chunk leaves no trace', async () => {
    const { clock, queue, stream } = speakingRig()
    const failing = queue.play({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(boom) }),
    })
    await clock.run(20)
    await expect(failing.finished).rejects.toBe(boom)
    expect(queue.isDrained).toBe(true)
    expect(stream.sent).toEqual([])
  })

  it('does not end the process when nobody awaits `finished`', async () => {
    const { clock, queue } = speakingRig()
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    queue.play({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(boom) }) })
    await clock.run(40)
    await eventLoopTurn()
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })
})

describe('S3: a source that answers late, or never,', () => {
  it('holds back what follows until it is cancelled', async () => {
    const { clock, queue, stream } = speakingRig()
    const silent = queue.play({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) })
    const next = queue.play(level(100, 1_000), 8000)
    await clock.run(5_000)
    expect(stream.sent).toEqual([])
    silent.cancel()
    await clock.run(200)
    await expect(silent.finished).resolves.toEqual({ playedMs: 0, interrupted: true })
    await expect(next.finished).resolves.toEqual({ playedMs: 100, interrupted: false })
  })

  it('is not listened to when it answers after it was cut', async () => {
    const { clock, queue, stream } = speakingRig()
    let answer: (result: IteratorResult<Int16Array>) => void = () => {}
    let fail: (error: Error) => void = () => {}
    queue.play({ [Symbol.asyncIterator]: () => ({ next: () => new Promise((resolve) => (answer = resolve)) }) })
    queue.clear()
    queue.play({ [Symbol.asyncIterator]: () => ({ next: () => new Promise((_, reject) => (fail = reject)) }) })
    queue.clear()
    answer({ value: level(100, 1_000), done: false })
    fail(new Error('too late'))
    await clock.run(200)
    expect(stream.sent).toEqual([])
    expect(queue.isDrained).toBe(true)
  })
})

describe('a source that is cut', () => {
  const cuts: readonly [string, (rig: ReturnType<typeof speakingRig>, playback: Playback) => void][] = [
    ['clear', ({ queue }) => void queue.clear()],
    ['cancel', (_, playback) => playback.cancel()],
    ['release', ({ queue }) => queue.release()],
  ]
  it.each(cuts)('is told so once by %s, and not asked again', async (_, cut) => {
    for (const kind of ['sync', 'async'] as const) {
      const rig = speakingRig()
      const { source, state } = endless(kind)
      const playback = rig.queue.play(source, 8000)
      await rig.clock.run(100)
      const { pulled } = state
      cut(rig, playback)
      playback.cancel()
      await rig.clock.run(100)
      expect(state).toEqual({ pulled, stops: 1 })
    }
  })

  it('is not told so when it had come to its end', async () => {
    const { clock, queue } = speakingRig()
    let stops = 0
    const chunks = [level(100, 1_000)]
    const playback = queue.play(
      {
        [Symbol.asyncIterator]: () => ({
          next: async () => {
            const value = chunks.shift()
            return value === undefined ? { value, done: true as const } : { value, done: false as const }
          },
          return: async () => {
            stops += 1
            return { value: undefined, done: true as const }
          },
        }),
      },
      8000,
    )
    await clock.run(50)
    playback.cancel()
    await clock.run(50)
    expect(stops).toBe(0)
  })

  it('may fail at being told; that is its own affair', async () => {
    const { clock, queue } = speakingRig()
    const next = () => ({ value: level(20, 1_000), done: false as const })
    const fail = () => {
      throw new Error('will not stop')
    }
    queue.play({ [Symbol.iterator]: () => ({ next, return: fail }) }, 8000)
    queue.play({ [Symbol.asyncIterator]: () => ({ next: async () => next(), return: fail }) }, 8000)
    expect(queue.clear()).toEqual({ heardMs: 0 })
    await clock.run(20)
    expect(queue.isDrained).toBe(true)
  })

  it('may cut itself, or play more, while it is being asked', async () => {
    const { clock, queue, stream } = speakingRig()
    const reentrant = function* () {
      yield level(100, 1_000)
      queue.play(level(50, 2_000), 8000)
      yield level(100, 1_000)
      own.cancel()
      yield level(100, 3_000)
    }
    let own: Playback = { finished: new Promise(() => {}), cancel: () => {} }
    const gate = queue.play({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) })
    own = queue.play(reentrant(), 8000)
    gate.cancel()
    await clock.run(1_000)
    expect(msOf(stream.heard(), 3_000)).toBe(0)
    expect(msOf(stream.heard(), 2_000)).toBe(50)
    expect((await own.finished).interrupted).toBe(true)
    expect(queue.isDrained).toBe(true)
  })

  it.each([
    ['cut', 'clear'],
    ['left without a stream', 'detach'],
  ] as const)('may be %s by a listener at the very moment it starts', (_, act) => {
    const { clock, queue, stream, edges } = speakingRig()
    const push = edges.push.bind(edges)
    edges.push = (edge) => {
      if (edge.type === 'playback.started') queue[act]()
      return push(edge)
    }
    queue.play(level(1_000, 1_000), 8000)
    clock.advance(1_000)
    expect(stream.sent.length).toBe(1)
  })
})

describe('a source that has its next words at hand', () => {
  it('is encoded half a second ahead, and no further: a barge-in throws the rest away', () => {
    const { clock, queue } = speakingRig()
    let pulled = 0
    queue.play(
      (function* () {
        for (;;) {
          pulled += 1
          yield level(20, 1_000)
        }
      })(),
      8000,
    )
    for (let second = 0; second < 3; second += 1) {
      clock.advance(1_000)
      expect(queue.queueMs).toBeGreaterThanOrEqual(400)
      expect(queue.queueMs).toBeLessThanOrEqual(520)
    }
    expect(pulled * 20).toBeLessThan(3_000 + 160 + 520 + 20)
  })

  it('is encoded as far as there is room if it has to be waited for', async () => {
    const { clock, queue } = speakingRig()
    queue.play(
      (async function* () {
        for (;;) yield level(200, 1_000)
      })(),
      8000,
    )
    await clock.run(3_000)
    expect(queue.queueMs).toBeGreaterThan(9_000)
  })
})
