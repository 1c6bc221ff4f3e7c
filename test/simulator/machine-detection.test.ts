import { describe, expect, it } from 'vitest'
import { decodeMulaw } from '../../src/audio/g711.ts'
import { rmsDbfs } from '../../src/audio/levels.ts'
import { type CalleeBehaviour, type CalleePlan, loadSpeech, type SimulatedCall } from '../../src/simulator/index.ts'
import { ask, type Asked } from './asking.ts'
import { streamTwiml, type Told } from './small-server.ts'
import { onStage, OUR_NUMBER, type Stage } from './stage.ts'

const CALLEE = '+15552223333'
const answering = (detected: number) => ({
  server: {
    answer: ({ path }: Told, origin: string): string | number =>
      path === '/detected' ? detected : streamTwiml(origin),
  },
})

interface Order {
  readonly plan?: CalleeBehaviour
  readonly form?: Readonly<Record<string, string>>
}

function order({ carrier, server }: Stage, { plan, form = {} }: Order): Promise<Asked> {
  if (plan !== undefined) carrier.callee(CALLEE, plan)
  return ask(carrier, 'Calls.json', {
    To: CALLEE,
    From: OUR_NUMBER,
    Twiml: streamTwiml(server.origin),
    MachineDetection: 'Enable',
    AsyncAmd: 'true',
    AsyncAmdStatusCallback: `${server.origin}/detected`,
    ...form,
  })
}

/** The verdicts that were told, with the time since the answer. */
const verdictsOf = ({ server }: Stage): [string | null, number][] =>
  server.of('/detected').map(({ params }) => [params.get('AnsweredBy'), Number(params.get('MachineDetectionDuration'))])
const callOf = ({ carrier }: Stage): SimulatedCall => {
  const [call] = carrier.calls
  if (call === undefined) throw new Error('expected a call, got none')
  return call
}
/** Until `ms` after the answer. */
async function untilAnsweredFor(stage: Stage, ms: number): Promise<void> {
  await stage.clock.until(() => callOf(stage).answeredAt !== undefined)
  await stage.clock.advance((callOf(stage).answeredAt ?? 0) + ms - stage.clock.now())
}

const DETECT_END = { MachineDetection: 'DetectMessageEnd' }
const machine = (plan: CalleePlan = {}): CalleePlan => ({ answeredBy: 'machine', ...plan })

describe('the verdict of answering machine detection', () => {
  it.each<[CalleePlan, Readonly<Record<string, string>>, string, number]>([
    [{}, {}, 'human', 2_200],
    [{ answeredBy: 'human' }, { MachineDetectionSpeechEndThreshold: '800' }, 'human', 1_800],
    [{ answeredBy: 'human' }, DETECT_END, 'human', 2_200],
    [machine(), {}, 'machine_start', 2_400],
    [machine(), { MachineDetectionSpeechThreshold: '4000' }, 'machine_start', 4_000],
    [{ answeredBy: 'fax' }, DETECT_END, 'fax', 2_000],
    [{ answeredBy: 'unknown' }, {}, 'unknown', 5_000],
    [{ answeredBy: 'unknown' }, { MachineDetectionSilenceTimeout: '3000' }, 'unknown', 3_000],
    [machine({ greetingMs: 6_000 }), DETECT_END, 'machine_end_beep', 6_500],
    [machine({ greetingMs: 6_000, beeps: false }), DETECT_END, 'machine_end_silence', 7_200],
    [machine({ greetingMs: 6_000, messageEnd: 'silence' }), DETECT_END, 'machine_end_silence', 7_200],
    [machine({ greetingMs: 6_000, messageEnd: 'other' }), DETECT_END, 'machine_end_other', 7_200],
    [machine({ beeps: false, messageEnd: 'unnoticed' }), DETECT_END, 'unknown', 30_000],
    [machine({ greetingMs: Infinity }), { ...DETECT_END, MachineDetectionTimeout: '10' }, 'unknown', 10_000],
    [machine({ greetingMs: 9_800 }), { ...DETECT_END, MachineDetectionTimeout: '10' }, 'unknown', 10_000],
  ])('on %j, asked %j, is %s after %i ms', async (plan, form, answeredBy, ms) => {
    await onStage(answering(204), async (stage) => {
      await order(stage, { plan, form })
      await untilAnsweredFor(stage, ms - 1)
      expect(verdictsOf(stage)).toEqual([])
      await untilAnsweredFor(stage, ms)
      await stage.clock.advance(1)
      expect(verdictsOf(stage)).toEqual([[answeredBy, ms]])
      expect(callOf(stage)).toMatchObject({ answeredBy, status: 'in-progress', warnings: [] })
    })
  })

  it('comes beside the call, which streams meanwhile, and names the call and the account', async () => {
    await onStage(answering(204), async (stage) => {
      const { carrier, server } = stage
      const { body } = await order(stage, {})
      expect(body['answered_by']).toBeNull()
      await untilAnsweredFor(stage, 1_000)
      expect(callOf(stage).isStreaming).toBe(true)
      await untilAnsweredFor(stage, 3_000)
      expect(Object.fromEntries(server.of('/detected')[0]?.params ?? [])).toEqual({
        AccountSid: carrier.accountSid,
        CallSid: callOf(stage).sid,
        AnsweredBy: 'human',
        MachineDetectionDuration: '2200',
      })
      expect((await ask(carrier, `Calls/${callOf(stage).sid}.json`)).body['answered_by']).toBe('human')
    })
  })

  it('is unknown when the call ends before', async () => {
    await onStage(answering(204), async (stage) => {
      await order(stage, { plan: machine() })
      await untilAnsweredFor(stage, 1_500)
      await stage.carrier.callee(CALLEE).hangsUp()
      expect(verdictsOf(stage)).toEqual([['unknown', 1_500]])
    })
  })

  it('is never given on a call that nobody answers, nor where none was asked for', async () => {
    await onStage(answering(204), async (stage) => {
      await order(stage, { plan: 'busy' })
      await stage.clock.advance(5_000)
      await order(stage, { plan: machine(), form: { SendDigits: 'ww1' } })
      await stage.clock.advance(40_000)
      expect(verdictsOf(stage)).toEqual([])
      expect(stage.carrier.calls.map(({ answeredBy }) => answeredBy)).toEqual([undefined, undefined])
    })
  })

  it('can be late, come twice, or never', async () => {
    const late = { detectionCallbacks: { delayMs: 4_000, duplicate: true } }
    await onStage(answering(204), async (stage) => {
      await order(stage, { plan: late })
      await untilAnsweredFor(stage, 6_100)
      expect(verdictsOf(stage)).toEqual([])
      await untilAnsweredFor(stage, 6_300)
      expect(verdictsOf(stage)).toEqual([
        ['human', 2_200],
        ['human', 2_200],
      ])
    })
    await onStage(answering(204), async (stage) => {
      await order(stage, { plan: { detectionCallbacks: { never: true } } })
      await untilAnsweredFor(stage, 60_000)
      expect(verdictsOf(stage)).toEqual([])
      expect(callOf(stage).answeredBy).toBe('human')
    })
  })

  it('that nobody takes leaves a warning', async () => {
    await onStage(answering(500), async (stage) => {
      await order(stage, {})
      await untilAnsweredFor(stage, 3_000)
      expect(stage.carrier.warnings.map(({ code }) => code)).toEqual([11200])
    })
  })

  it('that has nowhere to go is warned of as 21262', async () => {
    await onStage(answering(204), async (stage) => {
      await order(stage, { form: { AsyncAmdStatusCallback: '' } })
      await untilAnsweredFor(stage, 3_000)
      expect(stage.carrier.warnings.map(({ code }) => code)).toEqual([21262])
      expect(callOf(stage).answeredBy).toBe('human')
    })
  })

  it('keeps the line dead and is told to the voice URL, unless it is asked for beside the call', async () => {
    await onStage(answering(204), async (stage) => {
      const { server } = stage
      await order(stage, { plan: machine(), form: { AsyncAmd: 'false', Url: server.voiceUrl } })
      await untilAnsweredFor(stage, 2_300)
      expect(server.of('/twiml')).toEqual([])
      await untilAnsweredFor(stage, 2_500)
      expect(server.of('/twiml')[0]?.params.get('AnsweredBy')).toBe('machine_start')
      expect(verdictsOf(stage)).toEqual([])
    })
  })

  it.each([
    ['MachineDetection', 'On'],
    ['AsyncAmd', 'yes'],
    ['AsyncAmdStatusCallbackMethod', 'PUT'],
    ['MachineDetectionTimeout', '2'],
    ['MachineDetectionTimeout', '60'],
    ['MachineDetectionSpeechThreshold', '999'],
    ['MachineDetectionSpeechEndThreshold', '5001'],
    ['MachineDetectionSilenceTimeout', 'long'],
  ])('cannot be asked for with %s %s', async (name, value) => {
    await onStage(answering(204), async (stage) => {
      const { status, body } = await order(stage, { form: { [name]: value } })
      expect({ status, ...body }).toMatchObject({ status: 400, code: 21218 })
      expect(body['message']).toContain(`expected ${name}`)
      expect(stage.carrier.calls).toEqual([])
    })
  })
})

/** What the server was sent between two times after the answer, as samples. */
function saidBetween(stage: Stage, fromMs: number, toMs: number): Int16Array {
  const answeredAt = callOf(stage).answeredAt ?? 0
  const log = callOf(stage).stream?.log.of('media', 'carrier') ?? []
  const payloads = log
    .filter(({ at }) => at >= answeredAt + fromMs && at < answeredAt + toMs)
    .map(({ message }) => /"payload":"([^"]*)"/.exec(JSON.stringify(message))?.[1] ?? '')
  const bytes = Buffer.concat(payloads.map((payload) => Buffer.from(payload, 'base64')))
  const samples = new Int16Array(bytes.length)
  decodeMulaw(bytes, samples)
  return samples
}

/** How much of what is heard is a tone of this pitch, from 0 to 1. */
function shareOfTone(samples: Int16Array, hz: number): number {
  let [sine, cosine, energy] = [0, 0, 0]
  for (const [index, sample] of samples.entries()) {
    sine += sample * Math.sin((2 * Math.PI * hz * index) / 8_000)
    cosine += sample * Math.cos((2 * Math.PI * hz * index) / 8_000)
    energy += sample * sample
  }
  return (2 * (sine ** 2 + cosine ** 2)) / (energy * samples.length)
}

describe('a machine that answers', () => {
  it('is heard to greet for as long as planned, then to beep at 1 kHz for 400 ms, then to wait', async () => {
    await onStage({ carrier: { jitterMs: 0 } }, async (stage) => {
      await order(stage, { plan: machine({ greetingMs: 5_000 }) })
      await untilAnsweredFor(stage, 8_000)
      for (const fromMs of [500, 2_000, 4_000]) {
        const greeting = saidBetween(stage, fromMs, fromMs + 900)
        expect(rmsDbfs(greeting)).toBeGreaterThan(-30)
        expect(shareOfTone(greeting, 1_000)).toBeLessThan(0.1)
      }
      const beep = saidBetween(stage, 5_060, 5_360)
      expect(shareOfTone(beep, 1_000)).toBeGreaterThan(0.98)
      expect(rmsDbfs(saidBetween(stage, 5_500, 8_000))).toBe(-Infinity)
    })
  })

  it('says what a recording says, over and over until its time is up, and need not beep', async () => {
    const greeting = (await loadSpeech('src/examples/speech/menu.wav')).subarray(0, 8_000)
    await onStage({ carrier: { jitterMs: 0 } }, async (stage) => {
      await order(stage, { plan: machine({ greeting, greetingMs: 4_000, beeps: false }) })
      await untilAnsweredFor(stage, 5_000)
      const [second, third] = [saidBetween(stage, 1_000, 1_900), saidBetween(stage, 2_000, 2_900)]
      expect(second).toEqual(third)
      expect(rmsDbfs(saidBetween(stage, 4_100, 5_000))).toBe(-Infinity)
    })
    await onStage({ carrier: { jitterMs: 0 } }, async (stage) => {
      await order(stage, { plan: machine({ greeting, beeps: false }), form: DETECT_END })
      await untilAnsweredFor(stage, 3_000)
      expect(callOf(stage).answeredBy).toBe('machine_end_silence')
      expect(rmsDbfs(saidBetween(stage, 1_100, 3_000))).toBe(-Infinity)
    })
  })

  it('talks whether anybody listens or not: what was said before the stream came is lost', async () => {
    const late = '<Response><Pause length="3"/>'
    await onStage({ carrier: { jitterMs: 0 } }, async (stage) => {
      const Twiml = streamTwiml(stage.server.origin).replace('<Response>', late)
      await order(stage, { plan: machine({ greetingMs: 4_000 }), form: { Twiml } })
      await untilAnsweredFor(stage, 6_000)
      expect(rmsDbfs(saidBetween(stage, 3_100, 3_900))).toBeGreaterThan(-30)
      expect(shareOfTone(saidBetween(stage, 4_060, 4_360), 1_000)).toBeGreaterThan(0.98)
      expect(rmsDbfs(saidBetween(stage, 4_500, 6_000))).toBe(-Infinity)
    })
  })

  it('is a fax that whistles, or a machine that never stops', async () => {
    await onStage({ carrier: { jitterMs: 0 } }, async (stage) => {
      await order(stage, { plan: { answeredBy: 'fax' } })
      await untilAnsweredFor(stage, 2_000)
      expect(shareOfTone(saidBetween(stage, 1_000, 1_500), 2_100)).toBeGreaterThan(0.98)
    })
    await onStage({ carrier: { jitterMs: 0 } }, async (stage) => {
      await order(stage, { plan: machine({ greetingMs: Infinity }) })
      await untilAnsweredFor(stage, 20_000)
      expect(rmsDbfs(saidBetween(stage, 18_000, 19_900))).toBeGreaterThan(-30)
    })
  })

  it('is heard by a caller who is put through to it', async () => {
    const dial = `<Response><Dial>${CALLEE}</Dial></Response>`
    await onStage({ server: { answer: () => dial } }, async ({ carrier, clock, caller, dial: call }) => {
      carrier.callee(CALLEE, machine({ greetingMs: 2_000 }))
      await call()
      const isTone = (heard: Int16Array): boolean => heard.length > 800 && shareOfTone(heard.slice(-800), 1_000) > 0.9
      await caller.hears(isTone)
      const greetedMs = clock.now() - (carrier.calls[1]?.answeredAt ?? 0)
      expect(greetedMs).toBeGreaterThan(2_100)
      expect(greetedMs).toBeLessThan(2_600)
    })
  })
})
