import { describe, expect, it } from 'vitest'
import { createSimulatedCarrier } from '../../src/simulator/index.ts'
import { noise } from './noise.ts'
import { startSmallServer, streamTwiml, type Told } from './small-server.ts'
import { CALLER, onStage, OUR_NUMBER } from './stage.ts'

const OTHER = '+15553334444'
const DIAL = `<Response><Dial action="/after">${OTHER}</Dial></Response>`
const MINE = noise(8_000, 3)
const THEIRS = noise(8_000, 5)
/** A caller who is put through, and comes back to a media stream afterwards. */
const puttingThrough = {
  answer: ({ path }: Told, origin: string): string => (path === '/after' ? streamTwiml(origin) : DIAL),
}

describe('two persons put through to each other', () => {
  it('hear what the other says, sample by sample and a little later', async () => {
    await onStage({ server: puttingThrough }, async ({ carrier, clock, caller, dial }) => {
      const call = await dial()
      const callee = carrier.callee(OTHER)
      const child = await callee.answers()
      const beganAt = clock.now()
      await Promise.all([caller.says(MINE), callee.says(THEIRS)])
      const [mine, theirs] = await Promise.all([callee.hears(MINE), caller.hears(THEIRS)])
      for (const { correlation } of [mine, theirs]) expect(correlation).toBeGreaterThan(0.99)
      const delayOf = (atMs: number, answeredAt = 0): number => answeredAt + atMs - beganAt
      for (const delay of [delayOf(mine.atMs, child.answeredAt), delayOf(theirs.atMs, call.answeredAt)]) {
        expect(delay).toBeGreaterThan(20)
        expect(delay).toBeLessThan(100)
      }
    })
  })

  it('hear the pauses of the other as long as they are', async () => {
    await onStage({ server: puttingThrough }, async ({ carrier, clock, caller, dial }) => {
      await dial()
      const callee = carrier.callee(OTHER)
      await callee.answers()
      await caller.says(MINE)
      const first = await callee.hears(MINE)
      await clock.advance(2_000)
      const before = clock.now()
      await caller.says(THEIRS)
      const second = await callee.hears(THEIRS)
      expect(second.atMs - first.atMs).toBeGreaterThan(2_000)
      expect(clock.now() - before).toBeLessThan(1_500)
    })
  })

  it('do not hear themselves, nor anything before they are put through', async () => {
    await onStage({ server: puttingThrough }, async ({ carrier, clock, caller, dial }) => {
      const call = await dial()
      const speaking = caller.says(MINE)
      await clock.advance(800)
      expect(call.speech.pendingMs).toBe(1_000)
      const child = await carrier.callee(OTHER).answers()
      await speaking
      await clock.advance(200)
      expect(call.heard().every((sample) => sample === 0)).toBe(true)
      expect(child.heard().some((sample) => sample !== 0)).toBe(true)
      expect(call.positionHeardMs).toBe(0)
    })
  })

  it('hear each other no more when one has hung up, and the caller then hears the server', async () => {
    await onStage({ server: puttingThrough }, async ({ carrier, clock, caller, server, dial }) => {
      const call = await dial()
      const callee = carrier.callee(OTHER)
      const child = await callee.answers()
      await callee.says(THEIRS)
      await caller.hears(THEIRS)
      await callee.hangsUp()
      const heardMs = child.heard().length / 8
      await clock.advance(100)
      expect(call.isStreaming).toBe(true)
      await caller.says(MINE)
      server.speak(100)
      await clock.advance(200)
      expect(child.heard().length / 8).toBe(heardMs)
      expect(call.positionHeardMs).toBe(100)
      expect(call.stream?.sentFrames.filter(({ isSpeech }) => isSpeech)).toHaveLength(50)
    })
  })

  it('do not hear what was on its way when they were parted', async () => {
    await onStage({ server: puttingThrough }, async ({ carrier, clock, dial }) => {
      const call = await dial()
      const callee = carrier.callee(OTHER)
      await callee.answers()
      void callee.says(THEIRS)
      await clock.advance(500)
      await callee.hangsUp()
      const partedMs = clock.now() - (call.answeredAt ?? 0)
      await clock.advance(200)
      const heardMs = call.heard().findLastIndex((sample) => sample !== 0) / 8
      expect(heardMs).toBeLessThan(partedMs)
      expect(heardMs).toBeGreaterThan(partedMs - 10)
    })
  })

  it('hear each other in real time, too', async () => {
    const server = await startSmallServer(puttingThrough)
    const carrier = await createSimulatedCarrier()
    const callee = carrier.callee(OTHER, { answersAfterMs: Infinity })
    const caller = carrier.caller(CALLER)
    await caller.dials(OUR_NUMBER, { voiceUrl: server.voiceUrl })
    await callee.answers()
    void caller.says(MINE)
    expect((await callee.hears(MINE)).correlation).toBeGreaterThan(0.99)
    await caller.hangsUp()
    await callee.isHungUpOn()
    await carrier.close()
    await server.close()
  })
})
