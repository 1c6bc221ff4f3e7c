import { expect } from 'vitest'
import { PcmByteReader } from '../../../src/audio/index.ts'
import type { AudioSource } from '../../../src/media/playback.ts'
import { sine } from '../../audio/signals.ts'
import { holdingAgent, untilTheEnd } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'
import { byHand, codeOf, type InHand, untilHungUp } from './agent-in-hand.ts'

const A_SECOND = sine(440, 16_000, 16_000)
const NOTHING = new Int16Array(0)

/** What no compiler would let by. */
const asAudio = (value: unknown) => value as AudioSource

/** That half a second of speech, played now, is heard to its end. */
async function canStillSpeak({ stage, agentCall }: InHand): Promise<void> {
  const { finished } = agentCall.play(A_SECOND.subarray(0, 8_000))
  expect(await stage.meanwhile(finished)).toEqual({ playedMs: 500, interrupted: false })
}

function yearOfAudio(): StagedFault {
  const year = { seconds: 0, isLetGo: false }
  function* audio() {
    try {
      for (; year.seconds < 366 * 86_400; year.seconds += 1) yield A_SECOND
    } finally {
      year.isLetGo = true
    }
  }
  return untilHungUp({
    name: 'plays a year of audio',
    expected: 'it is read as it is said; at the end of the call its source is let go',
    agent: async (call) => {
      await call.play(audio()).finished
      await untilTheEnd(call)
    },
    judge: () => {
      expect(year.isLetGo).toBe(true)
      expect(year.seconds).toBeGreaterThanOrEqual(1)
      expect(year.seconds).toBeLessThanOrEqual(2)
      return 'within a second, less than 3 s were read; the source was let go'
    },
  })
}

async function* emptyChunks() {
  for (;;) yield NOTHING
}

const NOT_A_NUMBER: readonly (readonly [what: string, act: (inHand: InHand) => unknown, code: string])[] = [
  ['audio', ({ agentCall }) => agentCall.play(asAudio(Number.NaN)), 'AUDIO_SOURCE_INVALID'],
  ['a rate', ({ agentCall }) => agentCall.play(A_SECOND, { rate: Number.NaN }), 'AUDIO_FORMAT_UNSUPPORTED'],
  ['numbers', ({ agentCall }) => agentCall.play(asAudio([Number.NaN, 1])).finished, 'AUDIO_SOURCE_INVALID'],
  ['a chunk', ({ agentCall }) => agentCall.onAudio(() => {}, { chunkMs: Number.NaN }), 'AUDIO_FORMAT_UNSUPPORTED'],
  ['hold music', ({ agentCall }) => agentCall.hold({ audio: asAudio(Number.NaN) }), 'AUDIO_SOURCE_INVALID'],
  [
    'a time to ring',
    ({ agentCall }) => agentCall.transfer('+15553330001', { ringTimeoutSeconds: Number.NaN }),
    'TRANSFER_TARGET_INVALID',
  ],
]

/** Half a sample more than a second. */
const ODD = Buffer.concat([Buffer.from(A_SECOND.buffer), Buffer.of(1)])

async function* bytes() {
  yield ODD
}

function* samplesOfBytes() {
  const reader = new PcmByteReader()
  for (let at = 0; at < ODD.length; at += 321) yield reader.push(ODD.subarray(at, at + 321))
}

async function playNothing(inHand: InHand): Promise<string> {
  const { stage, agentCall, call } = inHand
  expect(await stage.meanwhile(agentCall.play(NOTHING).finished)).toEqual({ playedMs: 0, interrupted: false })
  const endless = agentCall.play(emptyChunks())
  await stage.clock.advance(500)
  expect(call.positionHeardMs).toBe(0)
  endless.cancel()
  expect(await stage.meanwhile(endless.finished)).toEqual({ playedMs: 0, interrupted: true })
  await canStillSpeak(inHand)
  return 'heard, 0 ms; the source was cancelled; what came next was heard'
}

async function handOverNaN(inHand: InHand): Promise<string> {
  const { stage, call } = inHand
  for (const [what, act, code] of NOT_A_NUMBER) {
    const acting = Promise.resolve().then(() => act(inHand))
    expect([what, await codeOf(() => stage.meanwhile(acting))]).toEqual([what, code])
  }
  expect(stage.view(call.sid)).toMatchObject({ transfers: [] })
  await canStillSpeak(inHand)
  return `${NOT_A_NUMBER.length} of ${NOT_A_NUMBER.length} refused; the call goes on`
}

async function playBytes({ stage, agentCall }: InHand): Promise<string> {
  for (const given of [ODD, new Uint8Array(161), bytes()]) {
    const playing = Promise.resolve().then(() => agentCall.play(asAudio(given)).finished)
    expect(await codeOf(() => stage.meanwhile(playing))).toBe('AUDIO_SOURCE_INVALID')
  }
  const { finished } = agentCall.play(samplesOfBytes())
  expect(await stage.meanwhile(finished)).toEqual({ playedMs: 1_000, interrupted: false })
  return '`AUDIO_SOURCE_INVALID`; then 1,000 ms were heard'
}

const odd: readonly StagedFault[] = [
  byHand({
    name: 'plays an empty buffer, and a source of nothing but those',
    expected: 'it has been heard at once; the other one holds up nothing but itself',
    act: playNothing,
  }),
  byHand({
    name: 'hands over NaN, wherever a number or audio goes',
    expected: 'each is refused by a code, and nothing of it begins',
    act: handOverNaN,
  }),
  byHand({
    name: 'plays bytes, an odd number of them',
    expected: 'bytes are refused as no samples; by a `PcmByteReader` all whole samples are heard',
    act: playBytes,
  }),
]

function flood(): StagedFault {
  const rejected: unknown[] = []
  return untilHungUp({
    name: 'floods `play` a thousand times without awaiting',
    expected: '32 wait, the rest are refused with `PLAYBACK_OVERFLOW`; 10 s at most are encoded',
    agent: async (call) => {
      for (let count = 0; count < 1_000; count += 1) {
        call.play(A_SECOND).finished.catch((error: unknown) => rejected.push(error))
      }
      await untilTheEnd(call)
    },
    judge: () => {
      expect(rejected).toHaveLength(1_000 - 32)
      const codes = new Set(rejected.map((error) => Reflect.get(Object(error), 'code')))
      expect([...codes]).toEqual(['PLAYBACK_OVERFLOW'])
      return '968 refused with `PLAYBACK_OVERFLOW`; the call goes on'
    },
  })
}

function afterTheEnd(): StagedFault {
  const { agent, calls } = holdingAgent()
  return {
    name: 'plays, transfers, holds and records after the end',
    expected: 'each is refused with `CALL_OVER`; nothing reaches the carrier',
    stage: { agents: { clumsy: agent }, agent: 'clumsy' },
    befall: async ({ stage }) => {
      const { caller, call } = await stage.caller()
      await caller.hangsUp()
      await stage.over(call.sid)
      const [agentCall] = calls
      if (agentCall === undefined) throw new Error('expected an agent with a call in its hand, got none')
      const asked = stage.carrier.rest.requests.length
      const acts = [
        () => agentCall.play(A_SECOND).finished,
        () => agentCall.sendDigits('12').finished,
        () => agentCall.hold(),
        () => agentCall.transfer('+15553330001'),
        () => agentCall.recording.start(),
      ]
      for (const act of acts) expect(await codeOf(act)).toBe('CALL_OVER')
      agentCall.resume()
      agentCall.hangUp({ now: true })
      expect(agentCall.clear()).toEqual({ heardMs: 0 })
      expect(await agentCall.sleep(1_000)).toBe('over')
      for await (const _ of agentCall.audio()) throw new Error('expected no more audio, got some')
      for await (const _ of agentCall.digits()) throw new Error('expected no more digits, got one')
      expect(stage.carrier.rest.requests).toHaveLength(asked)
      expect(stage.view(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up', transfers: [] })
      return '`CALL_OVER` five times; the carrier was asked for nothing'
    },
  }
}

/** Whatever is played. */
export const PLAYING: readonly StagedFault[] = [yearOfAudio(), ...odd, flood(), afterTheEnd()]
