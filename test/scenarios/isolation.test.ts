import { describe, expect, it } from 'vitest'
import type { Agent } from '../../src/agents/agent.ts'
import { MemoryDirectory } from '../../src/directory.ts'
import { openStage, OUR_NUMBER, PUBLIC_URL, type Stage, TALK, untilTheEnd } from './stage.ts'

const boom = () => {
  throw new Error('boom')
}

/** Ways in which one agent goes wrong while everybody else's echo goes on. */
const faults: Record<string, { agent: Agent; reason: string }> = {
  'throws at once': { agent: async () => boom(), reason: 'agent failed' },
  'throws before it is a promise': { agent: () => boom(), reason: 'agent failed' },
  'throws later': {
    agent: async (call) => {
      await call.play(new Int16Array(1_600)).finished
      boom()
    },
    reason: 'agent failed',
  },
  'throws in an audio listener': {
    agent: async (call) => {
      call.onAudio(boom)
      await untilTheEnd(call)
    },
    reason: 'agent failed',
  },
  'throws in an edge listener': {
    agent: async (call) => {
      call.on('playback.started', boom)
      call.play(new Int16Array(1_600))
      await untilTheEnd(call)
    },
    reason: 'agent failed',
  },
  'awaits a source that throws': {
    agent: async (call) => {
      await call.play(
        (function* () {
          yield new Int16Array(160)
          boom()
        })(),
      ).finished
    },
    reason: 'agent failed',
  },
  'plays something that is no audio': {
    agent: async (call) => {
      call.play(new Float32Array(160) as unknown as Int16Array)
    },
    reason: 'agent failed',
  },
}

async function threeEchoes(stage: Stage) {
  const echoes = []
  for (const number of ['+15551110001', '+15551110002', '+15551110003']) echoes.push(await stage.caller(number))
  for (const { call } of echoes) call.speech.repeat(TALK)
  return echoes
}

describe('one call in trouble', () => {
  it.each(Object.entries(faults))('whose agent %s ends alone, and its leg is hung up', async (_, { agent, reason }) => {
    await using stage = await openStage({ agents: { faulty: agent } })
    const echoes = await threeEchoes(stage)
    const callee = stage.carrier.callee('+15552220001', { answersAfterMs: 0 })
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: callee.number, agent: 'faulty' }))
    expect(await stage.meanwhile(dialled.ended)).toMatchObject({ state: 'error', reason })
    expect((await dialled.ended).cause).toMatch(/boom|expected/)
    expect(callee.call?.isOver).toBe(true)
    await stage.clock.advance(500)
    for (const { caller, call } of echoes) {
      const { worstGapMs, underruns, warnings } = call.report()
      expect({ worstGapMs: worstGapMs <= 24, underruns, warnings }).toEqual({
        worstGapMs: true,
        underruns: 0,
        warnings: [],
      })
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ reason: 'caller hung up' })
    }
  })

  it('whose chart itself dies is cleaned up from outside: released, hung up, recorded', async () => {
    await using stage = await openStage()
    const other = await stage.caller()
    const callee = stage.carrier.callee('+15552220001', { answersAfterMs: 0 })
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: callee.number }))
    await stage.carrier.until(() => callee.call?.isStreaming === true)
    const setTimeout = stage.clock.setTimeout.bind(stage.clock)
    stage.clock.setTimeout = () => {
      stage.clock.setTimeout = setTimeout
      return boom()
    }
    // The chart cannot arm the timer of the state it enters, and dies of it.
    dialled.hangUp()
    expect(await dialled.ended).toEqual({ state: 'error', reason: 'internal error', cause: 'boom' })
    expect(stage.records.find(dialled.id)).toMatchObject({ state: 'error', reason: 'internal error' })
    await stage.carrier.until(() => callee.call?.isOver === true)
    expect(callee.call?.endedBy).toBe('api')
    expect(stage.view(other.call.sid).state).toBe('active')
    await other.caller.hangsUp()
    await stage.over(other.call.sid)
  })

  it('whose carrier actor breaks ends alone, with what broke as the cause', async () => {
    class BrokenDirectory extends MemoryDirectory {
      override token(id: string): string {
        return this.find(id)?.direction === 'outbound' ? boom() : super.token(id)
      }
    }
    await using stage = await openStage({ directory: new BrokenDirectory() })
    const other = await stage.caller()
    const dialled = stage.meanwhile(stage.switchboard.dial({ to: '+15552220001' }))
    await expect(dialled).rejects.toThrow('boom')
    await stage.carrier.until(() => stage.views().some((call) => call.state === 'error'))
    expect(stage.views().find((call) => call.state === 'error')?.cause).toContain('boom')
    expect(stage.view(other.call.sid).state).toBe('active')
    await other.caller.hangsUp()
    await stage.over(other.call.sid)
  })

  it('whose agent never returns and ignores its signal is over all the same', async () => {
    await using stage = await openStage({ agent: 'deaf', agents: { deaf: () => new Promise(() => {}) } })
    const { caller, call } = await stage.caller()
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('whose agent floods the line without waiting is bounded', async () => {
    const rejected: unknown[] = []
    const flood: Agent = async (call) => {
      const year = (function* () {
        for (;;) yield new Int16Array(16_000).fill(1_000)
      })()
      for (let i = 0; i < 1_000; i += 1) {
        call.play(i === 0 ? year : new Int16Array(16_000)).finished.catch((error: unknown) => rejected.push(error))
      }
      await untilTheEnd(call)
    }
    await using stage = await openStage({ agent: 'flood', agents: { flood } })
    const { caller, call } = await stage.caller()
    await stage.clock.advance(2_000)
    expect(rejected).toHaveLength(1_000 - 32)
    expect(rejected[0]).toMatchObject({ code: 'PLAYBACK_OVERFLOW' })
    expect(Number(stage.view(call.sid).stats['queueMs'])).toBeLessThanOrEqual(10_000)
    await caller.hangsUp()
    await stage.over(call.sid)
  })
})

describe('a drain', () => {
  it('is not ready and rejects new calls, lets live ones finish, and then stops', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    let isStopped = false
    const drained = stage.switchboard.drain().then(() => {
      isStopped = true
    })
    expect(await stage.api('GET', '/readyz')).toMatchObject({ status: 503, body: { status: 'draining' } })
    expect(await stage.api('POST', '/calls', { to: '+15552220001' })).toMatchObject({
      status: 503,
      body: { code: 'NODE_DRAINING' },
    })
    const refused = await stage.carrier.caller('+15551110002').dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
    expect(refused.status).toBe('busy')
    await stage.clock.advance(5_000)
    expect({ isStopped, state: stage.view(call.sid).state }).toEqual({ isStopped: false, state: 'active' })
    await caller.hangsUp()
    await stage.meanwhile(drained)
    expect(stage.view(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('hangs up with the reason "draining" what has not finished in time', async () => {
    await using stage = await openStage({ env: { CALLCHART_DRAIN_SECONDS: '3' } })
    const { call } = await stage.caller()
    await stage.meanwhile(stage.switchboard.drain())
    expect(stage.view(call.sid)).toMatchObject({ state: 'ended', reason: 'draining' })
    expect(call.isOver).toBe(true)
  })
})
