import { describe, expect, it, onTestFinished } from 'vitest'
import { openStage, PUBLIC_URL } from '../scenarios/stage.ts'
import { openChaosProxy } from './chaos-proxy.ts'

describe('a chaos proxy between the carrier and the server', () => {
  async function openCall() {
    const reach: Record<string, string> = {}
    const stage = await openStage({ carrier: { reach } })
    const proxy = await openChaosProxy({ clock: stage.clock, target: stage.url })
    onTestFinished(() => proxy.close())
    reach[PUBLIC_URL] = proxy.url
    const { caller, call } = await stage.caller()
    const media = proxy.connections.find(({ opening }) => opening === 'GET /ws HTTP/1.1')
    if (media === undefined) throw new Error('expected the media socket among the connections')
    return { stage, proxy, caller, call, media }
  }

  it('carries a whole call, webhooks and media', async () => {
    const { stage, caller, call } = await openCall()
    await using _ = stage
    await stage.clock.advance(1_000)
    expect(call.positionHeardMs).toBeGreaterThan(500)
    await caller.hangsUp()
    expect((await stage.over(call.sid)).reason).toBe('caller hung up')
  })

  it('can reset the media alone, which the call survives', async () => {
    const { stage, caller, call, media } = await openCall()
    await using _ = stage
    media.reset()
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming, { timeoutMs: 5_000 })
    expect(stage.view(call.sid).state).toBe('active')
    await caller.hangsUp()
    expect((await stage.over(call.sid)).reason).toBe('caller hung up')
  })

  it('can make the line of a whole call bad, in simulated time', async () => {
    const { stage, proxy, caller, call } = await openCall()
    await using _ = stage
    proxy.set({ up: { latencyMs: 300, jitterMs: 200 }, down: { latencyMs: 300, jitterMs: 200 } })
    await stage.clock.advance(2_000)
    expect(stage.view(call.sid).state).toBe('active')
    await caller.hangsUp()
    expect((await stage.over(call.sid)).reason).toBe('caller hung up')
  })
})
