import { describe, expect, it } from 'vitest'
import type { Call } from '../../src/agents/agent.ts'
import { echo } from '../../src/agents/echo.ts'
import { createPromptAgent } from '../../src/agents/prompt.ts'
import type { AudioSource } from '../../src/media/playback.ts'

function fakeCall() {
  const heard = (async function* () {
    yield Int16Array.of(1, 2)
    yield Int16Array.of(3)
  })()
  const played: AudioSource[] = []
  let finish = () => {}
  const finished = new Promise<{ playedMs: number; interrupted: boolean }>((resolve) => {
    finish = () => resolve({ playedMs: 1, interrupted: false })
  })
  const call = {
    audio: () => heard,
    play: (source: AudioSource) => {
      played.push(source)
      return { finished, cancel: () => {} }
    },
  } as unknown as Call
  return { call, heard, played, finish: () => finish() }
}

describe('the echo agent', () => {
  it('plays what it hears until there is nothing more to hear', async () => {
    const { call, heard, played, finish } = fakeCall()
    const done = echo(call)
    finish()
    await done
    expect(played).toEqual([heard])
  })
})

describe('a prompt agent', () => {
  it('plays its recording once and returns when it has been heard', async () => {
    const { call, played, finish } = fakeCall()
    const prompt = Int16Array.of(5, 6, 7)
    let isDone = false
    const done = createPromptAgent(prompt)(call).then(() => {
      isDone = true
    })
    await Promise.resolve()
    expect(isDone).toBe(false)
    finish()
    await done
    expect(played).toEqual([prompt])
  })
})
