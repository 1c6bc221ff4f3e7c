import { describe, expect, it } from 'vitest'
import { leaveMessageAfterBeep, type MessageOptions } from '../../src/agents/leave-message.ts'
import { loadTelephoneSpeech } from '../../src/audio/prompt.ts'
import { level, msOf } from '../media/speaking-rig.ts'
import { agentRig, settled } from './agent-rig.ts'

const MESSAGE = level(1_000, 1_000)
const GREETING = await loadTelephoneSpeech(new URL('../../src/examples/speech/welcome.wav', import.meta.url).pathname)
const GREETING_MS = GREETING.length / 8

function beep(ms: number, hz = 1_000): Int16Array {
  return Int16Array.from({ length: ms * 8 }, (_, i) => Math.round(8_000 * Math.sin((2 * Math.PI * hz * i) / 8_000)))
}

function leaving(options: MessageOptions = {}) {
  const rig = agentRig()
  const result = leaveMessageAfterBeep(rig.call, MESSAGE, { rate: 8000, ...options })
  /** When the message began, in milliseconds since the call did. */
  const begin = rig.clock.now()
  const beganAt = () => {
    const first = rig.stream.pieces[0]
    return first === undefined ? undefined : first.at - begin
  }
  const nobodyListens = () => expect(rig.listeners.size).toBe(0)
  return { ...rig, result, begin, beganAt, nobodyListens }
}

describe('the carrier’s word', () => {
  it.each([
    ['machine_end_beep', 'beep'],
    ['machine_end_silence', 'silence'],
    ['machine_end_other', 'silence'],
  ] as const)('%s is the end of the greeting: the message is left at once', async (answeredBy, by) => {
    const { clock, tell, beganAt, result, stream, nobodyListens } = leaving()
    await clock.run(700)
    tell(answeredBy)
    await clock.run(500)
    expect(beganAt()).toBe(700)
    await expect(settled(result)).resolves.toBe('pending')
    await clock.run(600)
    await expect(settled(result)).resolves.toEqual({ left: true, answeredBy, by })
    expect(msOf(stream.heard(), 1_000)).toBe(1_000)
    nobodyListens()
  })

  it.each(['human', 'fax'] as const)('%s leaves the talking to the agent', async (answeredBy) => {
    const { clock, tell, hear, result, stream, nobodyListens } = leaving()
    await hear(GREETING)
    tell(answeredBy)
    await expect(settled(result)).resolves.toEqual({ left: false, answeredBy, by: answeredBy })
    await clock.run(5_000)
    expect(stream.heardMs).toBe(0)
    nobodyListens()
  })

  it('that came before anybody asked counts', async () => {
    const { call, clock, tell } = agentRig()
    tell('machine_end_beep')
    const result = leaveMessageAfterBeep(call, MESSAGE, { rate: 8000 })
    await clock.run(1_100)
    await expect(settled(result)).resolves.toEqual({ left: true, answeredBy: 'machine_end_beep', by: 'beep' })
  })

  it('is waited for, whatever is heard meanwhile', async () => {
    const { hear, beganAt, tell, result, clock } = leaving()
    await hear(GREETING)
    await hear(beep(400))
    await hear(4_000)
    expect(beganAt()).toBeUndefined()
    tell('human')
    await clock.run(0)
    await expect(settled(result)).resolves.toMatchObject({ left: false, by: 'human' })
  })
})

describe('a machine of which only the start was told', () => {
  it.each([
    [150, 1_000],
    [400, 1_000],
    [250, 440],
    [1_500, 1_950],
  ])('has greeted after its beep, of %i ms at %i Hz', async (ms, hz) => {
    const { hear, tell, begin, beganAt, result, clock } = leaving()
    await hear(GREETING.subarray(0, 8_000))
    tell('machine_start')
    await hear(GREETING.subarray(8_000))
    await hear(300)
    const endedAt = clock.now() - begin + ms
    await hear(beep(ms, hz))
    await hear(100)
    // The judgement is of 20 ms at a time.
    expect(Math.abs((beganAt() ?? 0) - endedAt)).toBeLessThanOrEqual(30)
    await clock.run(1_100)
    await expect(settled(result)).resolves.toEqual({ left: true, answeredBy: 'machine_start', by: 'beep' })
  })

  it('has greeted when it beeped before that was told', async () => {
    const { hear, tell, result, clock } = leaving()
    await hear(GREETING)
    await hear(beep(400))
    await hear(200)
    tell('machine_start')
    await clock.run(1_100)
    await expect(settled(result)).resolves.toMatchObject({ left: true, by: 'beep' })
  })

  it('has greeted when it is silent for two seconds after it spoke, and not before it did', async () => {
    const { hear, tell, beganAt, result, clock } = leaving()
    tell('machine_start')
    await hear(5_000)
    await hear(GREETING)
    await hear(1_400)
    await hear(GREETING)
    expect(beganAt()).toBeUndefined()
    await hear(1_700)
    expect(beganAt()).toBeUndefined()
    await hear(400)
    expect(beganAt()).toBeGreaterThan(0)
    await clock.run(1_100)
    await expect(settled(result)).resolves.toEqual({ left: true, answeredBy: 'machine_start', by: 'silence' })
  })

  it('has not greeted yet when it goes on after a beep, nor for a click, a key or a tone that is no beep', async () => {
    const { hear, tell, beganAt } = leaving()
    await hear(beep(400))
    await hear(GREETING)
    tell('machine_start')
    await hear(GREETING)
    for (const [ms, hz] of [
      [80, 1_000],
      [400, 250],
      [400, 2_100],
    ] as const) {
      await hear(beep(ms, hz))
      await hear(500)
    }
    expect(beganAt()).toBeUndefined()
  })

  it('may turn out to be a human after all', async () => {
    const { hear, tell, result } = leaving()
    tell('machine_start')
    await hear(GREETING)
    tell('human')
    await expect(settled(result)).resolves.toMatchObject({ left: false, by: 'human' })
  })
})

describe('without a word of the carrier', () => {
  it('silence after speech is the end of the greeting, once it would have spoken', async () => {
    const { hear, beganAt, result, clock } = leaving({ detectionMs: 10_000 })
    await hear(GREETING)
    await hear(10_000 - GREETING_MS - 40)
    expect(beganAt()).toBeUndefined()
    await hear(100)
    expect(beganAt()).toBe(10_000)
    await clock.run(1_100)
    await expect(settled(result)).resolves.toEqual({ left: true, answeredBy: undefined, by: 'silence' })
  })

  it('nothing is left where nobody ever speaks, or never comes to an end', async () => {
    const silent = leaving({ detectionMs: 2_000, greetingMs: 3_000 })
    await silent.hear(5_020)
    await expect(settled(silent.result)).resolves.toEqual({ left: false, answeredBy: undefined, by: 'timeout' })
    silent.nobodyListens()
    const endless = leaving({ detectionMs: 2_000, greetingMs: 3_000, quietMs: 1_500 })
    for (let i = 0; i < 3; i += 1) await endless.hear(GREETING)
    await expect(settled(endless.result)).resolves.toMatchObject({ left: false, by: 'timeout' })
    expect(endless.stream.heardMs).toBe(0)
  })
})

describe('a message', () => {
  it('is not left when the far end hangs up before, or while it is played', async () => {
    const early = leaving()
    await early.hear(GREETING)
    early.hangUp()
    await expect(settled(early.result)).resolves.toEqual({ left: false, answeredBy: undefined, by: 'hang-up' })
    const late = leaving()
    late.tell('machine_end_beep')
    await late.clock.run(500)
    late.hangUp()
    await expect(settled(late.result)).resolves.toMatchObject({ left: false, by: 'beep' })
  })

  it('whose source fails is the caller’s to know of', async () => {
    const { call, clock, tell } = agentRig()
    tell('machine_end_beep')
    const result = leaveMessageAfterBeep(
      call,
      (async function* () {
        yield level(20, 1_000)
        throw new Error('no voice')
      })(),
    )
    await Promise.all([expect(result).rejects.toThrow('no voice'), clock.run(100)])
  })
})
