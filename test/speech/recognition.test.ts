import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Agent } from '../../src/agents/agent.ts'
import { echo } from '../../src/agents/echo.ts'
import { MODEL_RATE } from '../../src/audio/format.ts'
import { writeWav } from '../../src/audio/wav.ts'
import { doubleRate } from '../../src/audio/whole-buffer.ts'
import { temporaryFolder } from '../cli/program.ts'
import { openStage } from '../scenarios/stage.ts'
import { maySkip, MISSING, recognise, speak } from './recogniser.ts'

/** Is speech still understood after a call? Asked of a recogniser that knows nothing of telephones. */

const VOICES = ['rms', 'slt']
/** Many differ in a word that sounds much like another: with ten that are unlike, a bad line is understood, too. */
const SENTENCES = [
  'please call me back this morning',
  'please call me back this evening',
  'please call me back on thursday',
  'i have lost my credit card',
  'i have lost my debit card',
  'can i have a table for nine',
  'can i have a table for five',
  'the train leaves at ten thirty',
  'the train leaves at ten thirteen',
  'please put me through to the sales office',
]
const SPOKEN = VOICES.flatMap((voice) =>
  SENTENCES.map((sentence, index) => ({ name: `${voice}-${index}`, voice, sentence })),
)
/** Longer than an echo takes to come back. */
const PAUSE_MS = 300
const PATIENCE_MS = 120_000

describe.skipIf(maySkip)(`speech${maySkip ? ` (left out: ${MISSING})` : ''}`, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  const wav = (place: string, name: string): string => join(folder.path, place, `${name}.wav`)

  beforeAll(async () => {
    folder = await temporaryFolder()
    for (const place of ['recorded', 'agent', 'caller']) await mkdir(join(folder.path, place))
    for (const { voice, sentence, name } of SPOKEN) await speak(voice, sentence, wav('recorded', name))
    await sayAllOnOneCall()
  }, PATIENCE_MS)

  afterAll(() => folder[Symbol.asyncDispose]())

  /** Keeps what the agent and then the caller heard of each. */
  async function sayAllOnOneCall(): Promise<void> {
    let atAgent: Int16Array[] = []
    const attentiveEcho: Agent = (call) => {
      call.onAudio((pcm) => void atAgent.push(pcm.slice()))
      return echo(call)
    }
    await using stage = await openStage({ agent: 'attentive', agents: { attentive: attentiveEcho } })
    const { caller, call } = await stage.caller()
    for (const { name } of SPOKEN) {
      atAgent = []
      const from = call.heard().length
      await caller.says(wav('recorded', name))
      await stage.clock.advance(PAUSE_MS)
      await writeFile(wav('agent', name), writeWav(joined(atAgent), MODEL_RATE))
      await writeFile(wav('caller', name), writeWav(doubleRate(call.heard().subarray(from)), MODEL_RATE))
    }
    await caller.hangsUp()
    await stage.over(call.sid)
  }

  it.each([
    ['as it was recorded', 'recorded'],
    ['by an agent, to which it came over the telephone', 'agent'],
    ['by the caller, to whom the echo agent said it back', 'caller'],
  ])(
    'is understood %s: twenty sentences of twenty',
    async (_title, place) => {
      const names = SPOKEN.map(({ name }) => name)
      const heard = await recognise(join(folder.path, place), names, SENTENCES)
      const misheard = SPOKEN.flatMap(({ name, sentence }, index) =>
        heard[index] === sentence ? [] : [`${name}: expected "${sentence}", heard "${heard[index]}"`],
      )
      expect(misheard).toEqual([])
    },
    PATIENCE_MS,
  )
})

function joined(chunks: readonly Int16Array[]): Int16Array {
  return Int16Array.from(chunks.flatMap((chunk) => [...chunk]))
}
