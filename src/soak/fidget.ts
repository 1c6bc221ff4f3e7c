import type { Call } from '../agents/agent.ts'
import { CallchartError, messageOf } from '../errors.ts'
import type { Playback } from '../media/playback.ts'
import { Chance } from './chance.ts'

/** An agent that does whatever can be done with a call, in any order: each must be done, or refused with a word of ours. */

const CHUNK_SAMPLES = 1_600
const MOST_PLAYBACKS = 40

interface Scene {
  readonly call: Call
  readonly prompt: Int16Array
  readonly chance: Chance
  /** Somebody who is busy. */
  readonly number: string
  readonly playbacks: Playback[]
  readonly undo: (() => void)[]
}

type Deed = (scene: Scene) => unknown

const DEEDS: readonly [Deed, ...Deed[]] = [
  ({ call, prompt, playbacks }) => playbacks.push(call.play(prompt)),
  ({ call, prompt, playbacks }) => playbacks.push(call.play(prompt.subarray(0, CHUNK_SAMPLES), { rate: 8_000 })),
  ({ call, prompt, playbacks }) => playbacks.push(call.play(prompt.subarray(0, 999), { rate: 24_000 })),
  ({ call, prompt, playbacks }) => playbacks.push(call.play(inChunks(prompt))),
  ({ call, prompt, playbacks }) => playbacks.push(call.play(slowly(call, prompt))),
  ({ call, playbacks }) => playbacks.push(call.play(call.audio())),
  ({ call, prompt }) => call.play(prompt.subarray(0, CHUNK_SAMPLES)).finished,
  ({ call }) => call.clear(),
  ({ call }) => call.clear(),
  ({ playbacks, chance }) => playbacks[chance.between(0, MOST_PLAYBACKS)]?.cancel(),
  ({ playbacks }) => playbacks.at(-1)?.cancel(),
  ({ call }) => call.hold(),
  ({ call, prompt }) => call.hold({ audio: () => inChunks(prompt), rate: 8_000 }),
  ({ call }) => call.resume(),
  ({ call }) => call.resume(),
  ({ call, playbacks }) => playbacks.push(call.sendDigits('1w#')),
  ({ call }) => call.sendDigits('no keys'),
  ({ call }) => call.recording.start(),
  ({ call }) => call.recording.pause(),
  ({ call }) => call.recording.resume(),
  ({ call }) => call.recording.stop(),
  ({ call, undo }) => undo.push(call.onAudio(() => {}, { chunkMs: 100 })),
  ({ call, undo }) => undo.push(call.on('speech.started', () => call.clear())),
  ({ undo }) => undo.pop()?.(),
  ({ call }) => readSome(call.audio({ chunkMs: 100 })),
  ({ call, number }) => call.transfer(number, { ringTimeoutSeconds: 5 }),
  ({ call, number }) => void call.transfer(number, { ringTimeoutSeconds: 5 }).catch(() => {}),
  ({ call }) => call.transfer('nobody'),
  ({ call }) => call.stats,
]

const PAUSES_MS = [20, 20, 40, 100, 400, 1_500] as const

export async function fidget(
  call: Call,
  { seed, number }: { readonly seed: number; readonly number: string },
  prompt: Int16Array,
): Promise<string | undefined> {
  const chance = new Chance(seed)
  const scene: Scene = { call, prompt, chance, number, playbacks: [], undo: [] }
  while (!call.signal.aborted) {
    const deed = chance.pick(DEEDS)
    try {
      await deed(scene)
    } catch (error) {
      if (!(error instanceof CallchartError))
        return `${String(deed)}: expected it to be done or refused, got ${messageOf(error)}`
    }
    scene.playbacks.splice(0, scene.playbacks.length - MOST_PLAYBACKS)
    await call.sleep(chance.pick(PAUSES_MS))
  }
  return undefined
}

function* inChunks(prompt: Int16Array): Generator<Int16Array> {
  for (let at = 0; at < prompt.length; at += CHUNK_SAMPLES) yield prompt.subarray(at, at + CHUNK_SAMPLES)
}

/** Slower than it is heard, as a model is that has to think. */
async function* slowly(call: Call, prompt: Int16Array): AsyncGenerator<Int16Array> {
  for (const chunk of inChunks(prompt.subarray(0, 10 * CHUNK_SAMPLES))) {
    yield chunk
    if ((await call.sleep(140)) === 'over') return
  }
}

async function readSome(audio: AsyncIterable<Int16Array>): Promise<void> {
  let left = 5
  for await (const _ of audio) {
    left -= 1
    if (left === 0) return
  }
}
