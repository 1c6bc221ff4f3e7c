import { expect } from 'vitest'
import type { Agent } from '../../../src/agents/agent.ts'
import { eventually } from '../../sockets/upgrade-rig.ts'
import type { StagedFault } from '../fault.ts'
import { createEar, takePen } from './media-socket-pen.ts'
import { untilTheEnd } from '../../scenarios/stage.ts'

/** Audio of odd lengths, with holes, out of order, late: what of it is heard, to the sample. */

const CALLER = '+15551110001'
const FRAME = 160
const FRAME_MS = 20
const FRAME_SAMPLES = 320
const TEN_MINUTES_MS = 600_000
/** What a reader may fall behind. */
const READER_MS = 10_000

const lengths = createEar()

const oddLengths: StagedFault = {
  name: 'payloads of 0, 1, 159, 161 and 8,000 bytes, and such as are no base64',
  expected: 'each byte is an eighth of a millisecond, over the borders of messages; no base64 is counted as malformed',
  stage: { agents: { ear: lengths.agent }, agent: 'ear' },
  befall: async ({ stage }) => {
    const pen = await takePen(stage, CALLER)
    const before = lengths.heardMs(CALLER)
    for (const bytes of [0, 1, 159, 161, 8_000]) pen.say(pen.media(new Uint8Array(bytes)))
    for (const payload of ['****', '/w=', '/w', 'AAA=AAAA', '=', '/w==/w==']) pen.say(pen.media(payload))
    await pen.read()
    // 8,321 bytes: of the last millisecond there is only an eighth.
    expect(lengths.heardMs(CALLER) - before).toBe(1_040)
    pen.say(pen.media(new Uint8Array(7)))
    await pen.read()
    expect(lengths.heardMs(CALLER) - before).toBe(1_041)
    expect(pen.grown('bytesIn', 'framesIn', 'malformed', 'gapsFilledMs')).toEqual({
      bytesIn: 8_328,
      framesIn: 6,
      malformed: 6,
      gapsFilledMs: 0,
    })
    await pen.caller.hangsUp()
    expect(await stage.over(pen.call.sid)).toMatchObject({ reason: 'caller hung up' })
    return '8,328 bytes are 1,041 ms; 6 malformed'
  },
}

const holes = createEar()

const outOfOrder: StagedFault = {
  name: 'a gap, a duplicate, frames that come too late, timestamps that go back',
  expected: 'what is missing is filled with silence and counted; nothing is heard twice',
  // On a perfect line, where each timestamp tells exactly how much audio was before it.
  stage: { agents: { ear: holes.agent }, agent: 'ear', carrier: { jitterMs: 0 } },
  befall: async ({ stage }) => {
    const pen = await takePen(stage, CALLER)
    const start = holes.heardMs(CALLER)
    const loud = new Uint8Array(FRAME).fill(0x10)
    const heardMs = async () => {
      await pen.read()
      return holes.heardMs(CALLER) - start
    }
    pen.say(pen.media(loud))
    const { sequence, timestampMs } = pen
    // Five frames are lost on the way, and come when nobody waits for them any more.
    pen.say(pen.media(loud, { sequence: sequence + 6, timestampMs: timestampMs + 5 * FRAME_MS }))
    expect(await heardMs()).toBe(7 * FRAME_MS)
    // But for what the filter remembers at either end.
    const filled = holes.samplesOf(CALLER).slice(-6 * FRAME_SAMPLES + 100, -FRAME_SAMPLES - 100)
    expect(filled).toEqual(filled.map(() => 0))
    for (let lost = 1; lost <= 5; lost += 1) pen.say(pen.media(loud, { sequence: sequence + lost, timestampMs }))
    pen.say(pen.media(loud, { sequence: sequence + 6, timestampMs: timestampMs + 5 * FRAME_MS }))
    expect(await heardMs()).toBe(7 * FRAME_MS)
    // The next in the count, but of an earlier time.
    pen.say(pen.media(loud, { sequence: sequence + 7, timestampMs: 0 }))
    pen.say(pen.media(loud))
    expect(await heardMs()).toBe(9 * FRAME_MS)
    // By that time, too, three are missing.
    pen.say(pen.media(loud, { timestampMs: 5 * FRAME_MS }))
    expect(await heardMs()).toBe(13 * FRAME_MS)
    expect(pen.grown('framesIn', 'gapsFilledMs', 'sequenceGaps', 'malformed')).toEqual({
      framesIn: 5,
      gapsFilledMs: 8 * FRAME_MS,
      sequenceGaps: 1,
      malformed: 0,
    })
    await pen.caller.hangsUp()
    expect(await stage.over(pen.call.sid)).toMatchObject({ reason: 'caller hung up' })
    return '5 frames heard once, 160 ms filled, 1 gap counted'
  },
}

let backlogMs = 0
let unread: AsyncIterable<Int16Array> | undefined
/** It hears all that comes, and has a reader that it never reads from. */
const slowReader: Agent = (call) => {
  unread = call.audio({ chunkMs: 20 })
  call.onAudio((pcm) => (backlogMs += pcm.length / 16))
  return untilTheEnd(call)
}

const atOnce: StagedFault = {
  name: 'ten minutes of audio at once',
  expected:
    'a listener hears all of it; for a reader that does not keep up the last 10 s are kept, the rest is counted',
  stage: { agents: { slowReader }, agent: 'slowReader' },
  befall: async ({ stage }) => {
    const pen = await takePen(stage, CALLER)
    const before = backlogMs
    const audio = new Uint8Array(FRAME)
    const frames = TEN_MINUTES_MS / FRAME_MS
    for (let count = 0; count < frames; count += 1) pen.say(pen.media(audio))
    await eventually(() => expect(pen.grown('framesIn')).toEqual({ framesIn: frames }), 10_000)
    expect(backlogMs - before).toBe(TEN_MINUTES_MS)
    expect(pen.stats['droppedMs']).toBe(backlogMs - READER_MS)
    await pen.caller.hangsUp()
    expect(await stage.over(pen.call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    let leftMs = 0
    for await (const chunk of unread ?? []) leftMs += chunk.length / 16
    expect(leftMs).toBe(READER_MS)
    return 'all of it heard; 10 s kept for the reader'
  },
}

export const AUDIO: readonly StagedFault[] = [oddLengths, outOfOrder, atOnce]
