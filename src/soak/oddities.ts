import type { Call } from '../agents/agent.ts'
import { messageOf, UsageError } from '../errors.ts'
import type { AudioSource } from '../media/playback.ts'

interface Oddity {
  readonly what: string
  readonly source: unknown
  readonly rate?: number
}

/** What agents play by mistake: each has to be played, or refused with a word about what was expected. */
function oddities(): readonly Oddity[] {
  return [
    { what: 'nothing', source: new Int16Array(0) },
    { what: 'one sample', source: new Int16Array(1) },
    { what: 'an odd number of samples', source: new Int16Array(1_337).fill(500) },
    {
      what: 'as loud as it gets',
      source: Int16Array.from({ length: 800 }, (_, at) => (at % 2 === 0 ? 32_767 : -32_768)),
    },
    { what: 'floats that are not numbers', source: new Float32Array(320).fill(Number.NaN) },
    { what: 'bytes', source: new Uint8Array(321) },
    { what: 'a text', source: 'hello' },
    { what: 'null', source: null },
    { what: 'undefined', source: undefined },
    { what: 'an odd rate', source: new Int16Array(160), rate: 11_025 },
    { what: 'a rate that is not a number', source: new Int16Array(160), rate: Number.NaN },
    { what: 'chunks of no length', source: [new Int16Array(0), new Int16Array(0), new Int16Array(320)] },
    { what: 'chunks of one sample', source: Array.from({ length: 50 }, () => new Int16Array(1)) },
    { what: 'chunks that are none', source: [new Int16Array(320), 'two', 3] },
    { what: 'no chunks', source: [] },
    { what: 'a promise', source: Promise.resolve(new Int16Array(160)) },
  ]
}

/** Resolves when all were tried, or the call is over; with what was neither played nor refused properly. */
export async function playOddities(call: Call): Promise<string | undefined> {
  for (const { what, source, rate } of oddities()) {
    try {
      await call.play(source as AudioSource, rate === undefined ? {} : { rate }).finished
    } catch (error) {
      if (error instanceof UsageError) continue
      return `playing ${what}: expected it to be played or refused, got ${messageOf(error)}`
    }
    if (call.signal.aborted) break
  }
  return undefined
}
