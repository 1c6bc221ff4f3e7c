import { expect } from 'vitest'
import type { Agent } from '../../../src/agents/agent.ts'
import { startMessage } from '../../scenarios/foreign-socket.ts'
import { holdingAgent, type Stage } from '../../scenarios/stage.ts'
import { frame, TEXT } from '../../sockets/raw-peer.ts'
import type { StagedFault } from '../fault.ts'
import { createEar, type Pen, takePen } from './media-socket-pen.ts'

/** What a carrier should not say, or not then, on a stream that is up. */

const MOST_MALFORMED = 20
const WINDOW_MS = 10_000
const DIGITS = '0123456789*#ABCD'.repeat(4).slice(0, 50)

async function hangsUp(stage: Stage, { caller, call }: Pick<Pen, 'caller' | 'call'>): Promise<void> {
  await caller.hangsUp()
  expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
}

const secondStart: StagedFault = {
  name: 'a second `start`, of this stream or of another one',
  expected: 'ignored: the stream, its call and its audio stay',
  befall: async ({ stage }) => {
    const pen = await takePen(stage)
    const token = pen.call.stream?.customParameters['token'] ?? ''
    const other = startMessage(stage, { callSid: pen.call.sid, token })
    for (const message of [other, { ...other, streamSid: pen.sid }, other]) pen.say(message)
    pen.say(pen.media(new Uint8Array(160)))
    await pen.read()
    expect(stage.view(pen.call.sid)).toMatchObject({ state: 'active', streamSids: [pen.sid] })
    expect(pen.grown('framesIn', 'malformed', 'sequenceGaps')).toEqual({ framesIn: 1, malformed: 0, sequenceGaps: 0 })
    await hangsUp(stage, pen)
    return 'the same stream; the next frame is heard'
  },
}

const badJson: StagedFault = {
  name: 'a text that is no JSON',
  expected: 'counted; the stream stays, and the log says nothing of the text',
  befall: async ({ stage }) => {
    const pen = await takePen(stage)
    pen.say('{"event":"dtmf","dtmf":{"digit":"canary"')
    pen.say(pen.media(new Uint8Array(160)))
    await pen.read()
    expect(pen.grown('framesIn', 'malformed')).toEqual({ framesIn: 1, malformed: 1 })
    expect(stage.log.map(({ msg }) => msg)).toContain('malformed media message')
    expect(JSON.stringify(stage.log)).not.toContain('canary')
    await hangsUp(stage, pen)
    expect(pen.call.streams).toHaveLength(1)
    return 'counted once; the same stream'
  },
}

const muchBadJson: StagedFault = {
  name: 'twenty malformed messages in ten seconds',
  expected: 'nineteen are borne, and others ten seconds later; the twentieth is 1008 and a fresh stream',
  befall: async ({ stage }) => {
    const { caller, call } = await stage.caller()
    for (const wait of [WINDOW_MS, 0]) {
      for (let count = 1; count < MOST_MALFORMED; count += 1) call.sendRaw('nonsense')
      await stage.clock.advance(wait)
      expect(call).toMatchObject({ isStreaming: true, streams: { length: 1 } })
    }
    call.sendRaw('nonsense')
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming)
    expect(call.streams[0]?.end).toMatchObject({ closeCode: 1008 })
    await stage.clock.advance(100)
    const { state, stats } = stage.view(call.sid)
    expect([state, stats['malformed']]).toEqual(['active', 2 * MOST_MALFORMED - 1])
    await hangsUp(stage, { caller, call })
    return 'borne, borne, 1008; a fresh stream'
  },
}

const ears = createEar()
const [CANONICAL, ODD] = ['+15551110001', '+15551110002']

/** The same message with the keys of every object the other way round, and something more in each. */
function odd(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, odd(inner)])
  return Object.fromEntries([['later', { payload: '"', media: [] }] as [string, unknown], ...entries].toReversed())
}

const oddButRight: StagedFault = {
  name: 'unknown events, extra fields, keys in another order',
  expected: 'heard sample by sample as what is written in the usual way',
  stage: { agents: { ear: ears.agent }, agent: 'ear' },
  befall: async ({ stage }) => {
    const usual = await takePen(stage, CANONICAL)
    const unusual = await takePen(stage, ODD)
    for (let index = 0; index < 50; index += 1) {
      const audio = new Uint8Array(160).map((_, at) => (at * 31 + index * 7) % 256)
      usual.say(usual.media(audio))
      unusual.say({ event: 'weather', streamSid: unusual.sid, fine: true })
      unusual.say({ event: 'connected', protocol: 'Call', version: '2.0.0', more: 'fields' })
      unusual.say(odd(unusual.media(audio)) as object)
    }
    for (const pen of [usual, unusual]) await pen.read()
    expect(unusual.grown('framesIn', 'malformed', 'gapsFilledMs')).toEqual({
      framesIn: 50,
      malformed: 0,
      gapsFilledMs: 0,
    })
    const [one, other] = [ears.samplesOf(CANONICAL).slice(-16_000), ears.samplesOf(ODD).slice(-16_000)]
    expect(Math.max(...one)).toBeGreaterThan(1_000)
    expect(other).toEqual(one)
    for (const pen of [usual, unusual]) await hangsUp(stage, pen)
    return 'one second, the same in every sample'
  },
}

const afterStop: StagedFault = {
  name: '`media`, digits and another `start` after `stop`, in one packet',
  expected: 'ignored: the caller has hung up, once',
  befall: async ({ stage }) => {
    const pen = await takePen(stage)
    const { accountSid } = stage.carrier
    const stop = {
      event: 'stop',
      sequenceNumber: '2000',
      streamSid: pen.sid,
      stop: { accountSid, callSid: pen.call.sid },
    }
    const late = [
      pen.media(new Uint8Array(160)),
      pen.digit('5'),
      startMessage(stage, { callSid: pen.call.sid, token: '' }),
    ]
    pen.call.sendBytes(Buffer.concat([stop, ...late, stop].map((message) => frame(TEXT, JSON.stringify(message)))))
    expect(await stage.over(pen.call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    expect(pen.grown('framesIn', 'digits', 'malformed')).toEqual({ framesIn: 0, digits: 0, malformed: 0 })
    return 'nothing heard, nothing counted; caller hung up'
  },
}

const { agent: speaker, calls: spoken } = holdingAgent()

const strayMarks: StagedFault = {
  name: 'marks that are unknown, come twice, or are older than a `clear`',
  expected: 'nothing counts as heard that was not',
  stage: { agents: { speaker }, agent: 'speaker' },
  befall: async ({ stage }) => {
    const pen = await takePen(stage)
    const [call] = spoken
    const { stream } = pen.call
    if (call === undefined || stream === undefined) throw new Error('expected a call with its agent, got none')
    const told = () => stream.log.of('mark', 'carrier').flatMap(({ message }) => markIn(message))
    const stray = async () => {
      for (const name of ['nobody’s', 'g9-99', '', ...told(), ...told()]) pen.say(pen.mark(name))
      await pen.read()
    }
    const settled: string[] = []
    const first = call.play(new Int16Array(16_000).fill(1_000))
    void first.finished.then(() => settled.push('first'))
    await stage.clock.advance(600)
    expect(told().length).toBeGreaterThan(0)
    await stray()
    await stage.clock.advance(200)
    expect(settled).toEqual([])
    const { heardMs } = call.clear()
    await pen.read()
    expect(Math.abs(heardMs - 800)).toBeLessThanOrEqual(40)
    expect(await first.finished).toMatchObject({ interrupted: true })
    const second = call.play(new Int16Array(8_000).fill(1_000))
    void second.finished.then(() => settled.push('second'))
    // In the end all of it is with the carrier, though not all of it heard.
    for (let tenth = 1; tenth < 5; tenth += 1) {
      await stage.clock.advance(100)
      await stray()
      expect(settled).toEqual(['first'])
    }
    expect(await stage.meanwhile(second.finished)).toEqual({ playedMs: 500, interrupted: false })
    expect(pen.grown('malformed', 'underruns')).toEqual({ malformed: 0, underruns: 0 })
    await hangsUp(stage, pen)
    return 'no change: 800 ms before the `clear`, 500 ms after it'
  },
}

function markIn(message: unknown): string[] {
  const { mark } = message as { mark?: { name: string } }
  return mark === undefined ? [] : [mark.name]
}

const keyed: string[] = []
const reader: Agent = async (call) => {
  for await (const digit of call.digits()) keyed.push(digit)
}

const manyDigits: StagedFault = {
  name: 'fifty digits in a second, and fifty in one packet',
  expected: 'all of them, in order',
  stage: { agents: { reader }, agent: 'reader' },
  befall: async ({ stage }) => {
    const pen = await takePen(stage)
    for (const digit of DIGITS) {
      pen.say(pen.digit(digit))
      await stage.clock.advance(20)
    }
    expect(keyed.join('')).toBe(DIGITS)
    const frames = Array.from(DIGITS, (digit) => frame(TEXT, JSON.stringify(pen.digit(digit))))
    pen.call.sendBytes(Buffer.concat(frames))
    await pen.read()
    expect(keyed.join('')).toBe(DIGITS + DIGITS)
    expect(pen.grown('digits', 'malformed', 'sequenceGaps')).toEqual({ digits: 100, malformed: 0, sequenceGaps: 0 })
    await hangsUp(stage, pen)
    return 'a hundred, in order'
  },
}

export const MESSAGES: readonly StagedFault[] = [
  secondStart,
  badJson,
  muchBadJson,
  oddButRight,
  afterStop,
  strayMarks,
  manyDigits,
]
