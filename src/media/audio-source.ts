import { isAnyArrayBuffer } from 'node:util/types'
import { UsageError } from '../errors.ts'
import { LiveAudio } from './live-audio.ts'

/** 16-bit mono PCM at the rate given beside it: whole, or in chunks of any size as they come to be. */
export type AudioSource = Int16Array | Iterable<Int16Array> | AsyncIterable<Int16Array>

/** `not yet`: `whenReady` tells when to ask again. */
export type PullResult = Int16Array | 'exhausted' | 'not yet' | Promise<Int16Array | 'exhausted'>

/** One pass over an audio source. */
export interface SourceReader {
  /** No faster than time: see {@link LiveAudio}. */
  readonly isLive: boolean
  /** It never has to be waited for. */
  readonly isAtHand: boolean
  /** Samples that are known to be left in it; 0 where nobody knows. */
  readonly left: number
  /**
   * The next chunk: at once where it is already there, else as a promise. Throws or rejects with the source's own
   * error, or `AUDIO_SOURCE_INVALID` for a chunk that is no Int16Array.
   */
  next(): PullResult
  /** Calls `listener` once, as soon as it is worth asking again. Only where `next` may say `not yet`. */
  whenReady(listener: () => void): void
  /** Tells a source that has more that nobody listens any more. What it makes of that is its own affair: never throws. */
  stop(): void
}

/** @throws {UsageError} `AUDIO_SOURCE_INVALID` for what is no source at all. */
export function readSource(source: AudioSource): SourceReader {
  if (source instanceof Int16Array) return readArray(source)
  if (typeof source === 'object' && source !== null) {
    if (source instanceof LiveAudio) return new LiveReader(source)
    if (Symbol.asyncIterator in source) return readAsync(source[Symbol.asyncIterator]())
    if (Symbol.iterator in source && !ArrayBuffer.isView(source)) return readSync(source[Symbol.iterator]())
  }
  throw new UsageError(
    'AUDIO_SOURCE_INVALID',
    `expected an Int16Array, or an (async) iterable of them, got ${nameOf(source)}`,
  )
}

function readArray(samples: Int16Array): SourceReader {
  let rest: Int16Array | 'exhausted' = samples
  return {
    isLive: false,
    isAtHand: true,
    get left() {
      return rest === 'exhausted' ? 0 : rest.length
    },
    next: () => {
      const next = rest
      rest = 'exhausted'
      return next
    },
    whenReady: () => {},
    stop: () => {},
  }
}

/** Fifty times a second and call: no promise is made for a frame. */
class LiveReader implements SourceReader {
  readonly #source: LiveAudio

  constructor(source: LiveAudio) {
    this.#source = source
  }

  get isLive(): true {
    return true
  }

  get isAtHand(): false {
    return false
  }

  get left(): 0 {
    return 0
  }

  next(): Int16Array | 'exhausted' | 'not yet' {
    return this.#source.take() ?? (this.#source.isExhausted ? 'exhausted' : 'not yet')
  }

  whenReady(listener: () => void): void {
    this.#source.whenReady(listener)
  }

  stop(): void {
    if (!this.#source.isExhausted) dismiss(this.#source[Symbol.asyncIterator]())
  }
}

function readAsync(iterator: AsyncIterator<unknown>): SourceReader {
  let over = false
  const step = async () => {
    try {
      const result = await iterator.next()
      over = result.done === true
      return result
    } catch (error) {
      over = true
      throw error
    }
  }
  return {
    isLive: false,
    isAtHand: false,
    left: 0,
    next: async () => toChunk(await step()),
    whenReady: () => {},
    stop: () => (over ? undefined : dismiss(iterator)),
  }
}

function readSync(iterator: Iterator<unknown>): SourceReader {
  let over = false
  const step = () => {
    // A generator cannot be stopped while it runs, nor need one that threw be.
    over = true
    const result = iterator.next()
    over = result.done === true
    return result
  }
  return {
    isLive: false,
    isAtHand: true,
    left: 0,
    next: () => toChunk(step()),
    whenReady: () => {},
    stop: () => (over ? undefined : dismiss(iterator)),
  }
}

function dismiss(iterator: AsyncIterator<unknown> | Iterator<unknown>): void {
  const told = async () => iterator.return?.()
  told().catch(() => {})
}

function toChunk(result: IteratorResult<unknown, unknown>): Int16Array | 'exhausted' {
  if (result.done === true) return 'exhausted'
  if (result.value instanceof Int16Array) return result.value
  throw new UsageError(
    'AUDIO_SOURCE_INVALID',
    `expected the audio source to yield Int16Array chunks, got ${nameOf(result.value)}; ` +
      'PcmByteReader makes them from bytes',
  )
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  return isAnyArrayBuffer(value) ? 'ArrayBuffer' : value.constructor?.name || 'an object'
}
