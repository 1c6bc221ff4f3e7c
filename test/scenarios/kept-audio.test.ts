import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { alignSpeech } from '../../src/audio/align.ts'
import { readWav } from '../../src/audio/wav.ts'
import { CALLEE_SPEECH, CALLER_SPEECH } from '../../src/cli/speech-files.ts'
import { loadSpeech } from '../../src/simulator/recorded-speech.ts'
import { temporaryFolder } from '../cli/program.ts'
import { holdingAgent, openStage } from './stage.ts'

const CALLEE = '+15552220001'

/** Left and right of a file of 16-bit samples, behind its 44 bytes of header. */
async function channelsOf(path: string): Promise<[Int16Array, Int16Array]> {
  const bytes = await readFile(path)
  const { channels, sampleRate } = readWav(bytes)
  expect([channels, sampleRate]).toEqual([2, 8_000])
  const length = (bytes.length - 44) / 4
  const side = (offset: number) => Int16Array.from({ length }, (_, i) => bytes.readInt16LE(44 + 4 * i + offset))
  return [side(0), side(2)]
}

describe('a call whose audio is kept', () => {
  it('leaves a file with both sides in it, in time with each other, and its record says where', async () => {
    await using folder = await temporaryFolder()
    const { agent, calls } = holdingAgent()
    await using stage = await openStage({
      agents: { holding: agent },
      agent: 'holding',
      env: { CALLCHART_DATA_DIR: folder.path, CALLCHART_RECORD_AUDIO: 'all' },
    })
    const { caller, call } = await stage.caller()
    const [question, answer] = [await loadSpeech(CALLER_SPEECH), await loadSpeech(CALLEE_SPEECH)]
    await caller.says(question)
    await stage.meanwhile(calls[0]?.play(answer, { rate: 8_000 }).finished ?? Promise.reject(new Error('no call')))
    await stage.clock.advance(300)
    await caller.hangsUp()
    const { id } = await stage.over(call.sid)
    await stage.carrier.until(() => stage.view(call.sid).audioFile !== null)
    const { audioFile } = stage.view(call.sid)
    expect(audioFile).toBe(join(folder.path, 'audio', `${id}.wav`))

    const [said, heard] = await channelsOf(String(audioFile))
    expect(said.length).toBe(heard.length)
    const far = alignSpeech(question, said, { maxLag: 40_000 })
    const near = alignSpeech(answer, heard, { maxLag: 80_000 })
    expect(far.correlation).toBeGreaterThan(0.98)
    expect(near.correlation).toBeGreaterThan(0.98)
    // The answer came when the question was over.
    expect(near.lagSamples).toBeGreaterThan(far.lagSamples + question.length)
    expect(near.lagSamples).toBeLessThan(far.lagSamples + question.length + 2_400)
  })

  it('is kept because it was dialled so, and another one is not', async () => {
    await using folder = await temporaryFolder()
    const { agent } = holdingAgent()
    await using stage = await openStage({ agents: { holding: agent }, env: { CALLCHART_DATA_DIR: folder.path } })
    for (const record of [true, false]) {
      const callee = stage.carrier.callee(CALLEE)
      await stage.api('POST', '/calls', { to: CALLEE, agent: 'holding', record })
      const call = await callee.answers()
      await stage.carrier.until(() => call.isStreaming)
      await stage.clock.advance(1_000)
      await callee.hangsUp()
      await stage.over(call.sid)
      // The disk has a moment more than the call.
      if (record) await stage.carrier.until(() => stage.view(call.sid).audioFile !== null)
      expect(stage.view(call.sid).audioFile !== null).toBe(record)
    }
  })

  it('goes on when there is nowhere to keep it, and the operator is told once', async () => {
    await using stage = await openStage({
      env: { CALLCHART_DATA_DIR: '/dev/null/nowhere', CALLCHART_RECORD_AUDIO: 'all' },
    })
    const { caller, call } = await stage.caller()
    await caller.says(await loadSpeech(CALLER_SPEECH))
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', audioFile: null })
    expect(stage.log.filter(({ msg }) => msg.startsWith('what is said cannot be kept'))).toHaveLength(1)
  })
})
