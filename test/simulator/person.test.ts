import { describe, expect, it } from 'vitest'
import { loadSpeech } from '../../src/simulator/index.ts'
import { noise } from './noise.ts'
import { echo } from './small-server.ts'
import { CALLER, onStage } from './stage.ts'

const SPEECH = 'src/examples/speech/caller.wav'

const loudEnough = (heard: Int16Array): boolean => heard.some((sample) => Math.abs(sample) > 1_000)

describe('a person who speaks', () => {
  it('has spoken when the last frame has left, one utterance after the other', async () => {
    await onStage({}, async ({ clock, caller, dial }) => {
      const call = await dial()
      const beganAt = clock.now()
      void caller.says(noise(800))
      await caller.says(noise(1_600))
      expect(clock.now() - beganAt).toBeGreaterThan(280)
      expect(clock.now() - beganAt).toBeLessThan(330)
      expect(call.stream?.sentFrames.filter((frame) => frame.isSpeech)).toHaveLength(15)
    })
  })

  it('goes on speaking while the story does something else, and only awaiting it moves the time', async () => {
    await onStage({}, async ({ clock, caller, dial }) => {
      const call = await dial()
      const beganAt = clock.now()
      const speaking = caller.says(noise(8_000))
      await clock.advance(500)
      expect(clock.now() - beganAt).toBe(500)
      expect(call.speech.pendingMs).toBeGreaterThan(450)
      expect(call.speech.pendingMs).toBeLessThan(550)
      await speaking
      expect(call.speech.pendingMs).toBe(0)
    })
  })

  it('is told when the call ends in the middle, but only if anybody waits for it', async () => {
    await onStage({}, async ({ clock, caller, server, dial }) => {
      await dial()
      const speaking = caller.says(noise(80_000))
      void caller.presses('123', { spacingMs: 5_000 })
      await clock.advance(1_000)
      server.sockets[0]?.close()
      await clock.advance(10)
      await expect(speaking).rejects.toThrow(`the call ended (completed) before ${CALLER} had spoken`)
    })
  })

  it('says a file of any rate', async () => {
    await onStage({ server: { onMessage: echo } }, async ({ caller, dial }) => {
      const call = await dial()
      await caller.says(SPEECH)
      const speech = await loadSpeech(SPEECH)
      const { atMs, correlation } = await caller.hears(speech)
      expect(correlation).toBeGreaterThan(0.99)
      expect(atMs).toBeGreaterThan(0)
      expect(atMs).toBeLessThan(100)
      expect(call.heard().length / 8).toBeGreaterThan(speech.length / 8)
    })
  })

  it('cannot speak without a call', async () => {
    await onStage({}, async ({ caller }) => {
      expect(() => caller.says(noise(1))).toThrow(`${CALLER} is not on a call`)
      await Promise.resolve()
    })
  })
})

describe('a person who listens', () => {
  it('hears the same speech again only when it is said again', async () => {
    await onStage({ server: { onMessage: echo } }, async ({ caller, dial }) => {
      await dial()
      const speech = noise(1_600)
      await caller.says(speech)
      const first = await caller.hears(speech)
      await expect(caller.hears(speech, { withinMs: 600 })).rejects.toThrow(
        `${CALLER} waited 600 ms for 200 ms of speech, best correlation`,
      )
      await caller.says(speech)
      const second = await caller.hears(speech)
      expect(second.atMs - first.atMs).toBeGreaterThan(600)
    })
  })

  it('does not take other speech for it, nor a part for the whole', async () => {
    await onStage({ server: { onMessage: echo } }, async ({ caller, dial }) => {
      await dial()
      const speech = noise(3_200)
      await caller.says(speech.subarray(0, 2_400))
      await expect(caller.hears(speech, { withinMs: 1_000 })).rejects.toThrow('400 ms of speech')
    })
  })

  it('does not hear again the beginning of what it has found already', async () => {
    await onStage({ server: { onMessage: echo } }, async ({ caller, dial }) => {
      await dial()
      const speech = noise(3_200)
      await caller.says(speech)
      await caller.hears(speech.subarray(0, 1_600))
      await expect(caller.hears(speech, { withinMs: 600 })).rejects.toThrow('400 ms of speech')
    })
  })

  it('hears whatever a predicate finds', async () => {
    await onStage({ carrier: { jitterMs: 0 } }, async ({ clock, caller, server, dial }) => {
      await dial()
      await expect(caller.hears(loudEnough, { withinMs: 500 })).rejects.toThrow(
        'waited 500 ms for what should be heard',
      )
      server.speak(100, 0x90)
      const before = clock.now()
      await caller.hears(loudEnough)
      expect(clock.now() - before).toBeLessThanOrEqual(200)
    })
  })
})

describe('a person who is hung up on', () => {
  it('notices who ended the call', async () => {
    await onStage({}, async ({ caller, server, clock, dial }) => {
      await dial()
      await expect(caller.isHungUpOn({ withinMs: 500 })).rejects.toThrow('waited 500 ms of virtual time')
      server.sockets[0]?.close()
      expect(await caller.isHungUpOn()).toMatchObject({ endedBy: 'twiml' })
      await dial()
      await caller.hangsUp()
      await clock.advance(1)
      await expect(caller.isHungUpOn()).rejects.toThrow(`expected ${CALLER} to be hung up on, but the caller hung up`)
    })
  })
})
