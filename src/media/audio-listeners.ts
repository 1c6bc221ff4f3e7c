import { PCM_SAMPLES_PER_MS } from '../audio/format.ts'
import { UsageError } from '../errors.ts'
import { ChunkAssembler } from './chunk-assembler.ts'

/** Called with a whole chunk of 16 kHz mono, in a buffer that is shared and reused: read it, and copy to keep it. */
export type AudioListener = (pcm: Int16Array) => void

const MAX_CHUNK_MS = 1_000

interface Listening {
  readonly assembler: ChunkAssembler
  readonly end: () => void
}

/**
 * Everybody who listens to a call, each with chunks of a length of its own.
 *
 * Invariants
 * - A1 Nobody is called any more once it was ended, not even for the audio being handed out.
 * - A2 Whoever comes while audio is being handed out hears the next.
 * - A3 A listener that throws, or whose promise rejects, is ended and told of; the others go on.
 */
export class AudioListeners {
  readonly #onFault: (error: unknown) => void
  /** Replaced, never changed: what is being iterated stays as it is. */
  #all: readonly Listening[] = []

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault
  }

  get size(): number {
    return this.#all.length
  }

  /** Returns the function that ends it. Throws `AUDIO_FORMAT_UNSUPPORTED` unless `chunkMs` is whole and 1 to 1000. */
  add(listener: AudioListener, chunkMs: number): () => void {
    let ended = false
    const listening: Listening = {
      assembler: new ChunkAssembler(requireChunkMs(chunkMs) * PCM_SAMPLES_PER_MS, (chunk) => {
        if (!ended) this.#tell(listener, chunk, listening)
      }),
      end: () => {
        ended = true
        this.#all = this.#all.filter((other) => other !== listening)
      },
    }
    // A literal would have room for sixteen more.
    this.#all = this.#all.concat(listening)
    return listening.end
  }

  push(pcm: Int16Array): void {
    for (const { assembler } of this.#all) assembler.push(pcm)
  }

  clear(): void {
    for (const listening of this.#all) listening.end()
  }

  #tell(listener: AudioListener, chunk: Int16Array, listening: Listening): void {
    const fail = (error: unknown) => {
      listening.end()
      this.#onFault(error)
    }
    try {
      const returned: unknown = listener(chunk)
      if (returned instanceof Promise) returned.catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}

export function requireChunkMs(chunkMs: number): number {
  if (Number.isInteger(chunkMs) && chunkMs >= 1 && chunkMs <= MAX_CHUNK_MS) return chunkMs
  throw new UsageError(
    'AUDIO_FORMAT_UNSUPPORTED',
    `expected chunkMs to be a whole number from 1 to ${MAX_CHUNK_MS}, got ${String(chunkMs)}`,
  )
}
