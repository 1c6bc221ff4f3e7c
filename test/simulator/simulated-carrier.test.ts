import { describe, expect, it } from 'vitest'
import { createSimulatedCarrier, VirtualClock } from '../../src/simulator/index.ts'
import { echo, startSmallServer } from './small-server.ts'
import { CALLER, onStage, OUR_NUMBER } from './stage.ts'

/** What a server sees of a call. */
async function play(seed: number): Promise<unknown> {
  let seen: unknown
  await onStage({ carrier: { seed } }, async ({ carrier, server, clock, dial }) => {
    const { sid } = await dial()
    await clock.advance(200)
    seen = [carrier.accountSid, sid, server.ofEvent('media').map(({ media }) => media.timestamp)]
  })
  return seen
}

describe('a simulated carrier', () => {
  it('complains of calls that are still alive when it is closed, and ends them', async () => {
    const server = await startSmallServer()
    const clock = new VirtualClock()
    const carrier = await createSimulatedCarrier({ clock })
    const call = await carrier.caller(CALLER).dials(OUR_NUMBER, { voiceUrl: server.voiceUrl })
    await clock.advance(500)
    await expect(carrier.close()).rejects.toThrow(
      `closed with calls still alive: ${call.sid} in-progress (${CALLER} -> ${OUR_NUMBER})`,
    )
    expect(call).toMatchObject({ status: 'completed', endedBy: 'carrier' })
    expect(server.messages.at(-1)?.event).toBe('stop')
    expect(clock.pending).toBe(0)
    await server.close()
  })

  it('is the same for the same seed', async () => {
    const [first, again, other] = [await play(7), await play(7), await play(8)]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
  })

  it('forgets the oldest ended calls, and no live one', async () => {
    await onStage({ carrier: { keepEndedCalls: 2 } }, async ({ carrier, server, caller, clock, dial }) => {
      const stays = await carrier.caller('+15550009999').dials(OUR_NUMBER, { voiceUrl: server.voiceUrl })
      for (let call = 0; call < 4; call++) {
        await dial()
        await caller.hangsUp()
      }
      await clock.advance(10)
      expect(carrier.calls).toHaveLength(2)
      expect(carrier.calls[0]).toBe(stays)
    })
  })

  it('carries many calls at once, each with its own audio', async () => {
    await onStage({ server: { onMessage: echo } }, async ({ carrier, server, clock }) => {
      const callers = Array.from({ length: 10 }, (_, index) => carrier.caller(`+1555000200${index}`))
      const calls = await Promise.all(callers.map((person) => person.dials(OUR_NUMBER, { voiceUrl: server.voiceUrl })))
      await clock.advance(50)
      await Promise.all(callers.map((person, index) => person.says(new Int16Array(800).fill(1_000 * (index + 1)))))
      await clock.advance(100)
      const loudest = calls.map((call) => Math.round(Math.max(...call.heard()) / 1_000))
      expect(loudest).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    })
  })

  it('does not let a server that hangs hold the clock', async () => {
    await onStage({ server: { answer: () => null } }, async ({ carrier, server, caller, clock }) => {
      const call = carrier.connect(CALLER, OUR_NUMBER, { voiceUrl: server.voiceUrl })
      caller.joins(call)
      // Waiting for it at each of these would exceed the time limit of the test.
      for (let step = 0; step < 200; step++) await clock.advance(10)
      expect(call.status).toBe('ringing')
    })
  })

  it('does not let a server that no longer reads hold the clock', async () => {
    const onSocket = { onSocket: (socket: { pause(): void }) => socket.pause() }
    await onStage({ server: onSocket }, async ({ clock, dial }) => {
      const call = await dial()
      await clock.advance(3_000)
      expect(call.report().framesSent).toBeGreaterThan(140)
    })
  })

  it('takes the real time a server needs for an answer for no time at all', async () => {
    const slow = { answer: () => new Promise<string>((resolve) => setTimeout(() => resolve('<Response/>'), 60)) }
    await onStage({ server: slow }, async ({ server, caller, clock }) => {
      const call = await caller.dials(OUR_NUMBER, { voiceUrl: server.voiceUrl })
      expect(call.isRouted).toBe(true)
      expect(clock.now()).toBeLessThanOrEqual(10)
    })
  })

  it('lets a server handle all that was sent before time goes on, however slowly it takes it', async () => {
    await onStage({ server: { oneMessageATurn: true } }, async ({ server, clock, dial }) => {
      const call = await dial()
      for (let message = 0; message < 100; message++) call.sendRaw('{"event":"one of many"}')
      await clock.advance(0)
      expect(server.ofEvent('one of many')).toHaveLength(100)
    })
  })

  it('discards caller audio when the server reads too slowly, and notes 31930', async () => {
    const onSocket = { onSocket: (socket: { pause(): void }) => socket.pause() }
    await onStage({ server: onSocket }, async ({ carrier, clock, dial }) => {
      const call = await dial()
      // Fills the buffers of both kernels first.
      call.sendRaw(JSON.stringify({ event: 'padding', padding: 'x'.repeat(16_000_000) }))
      await clock.advance(1_000)
      expect(carrier.warnings.map(({ code }) => code)).toEqual([31930])
    })
  })
})

describe('what a forger would try', () => {
  it('is a stream with any claims, beside the one a call has', async () => {
    await onStage({}, async ({ carrier, server, clock, dial }) => {
      const call = await dial()
      const url = `${server.origin.replace('http', 'ws')}/media`
      const accountSid = `AC${'0'.repeat(32)}`
      const stray = carrier.opensStream({ url, callSid: call.sid, accountSid, customParameters: { token: 'used' } })
      await clock.advance(50)
      const start = { callSid: call.sid, accountSid, customParameters: { token: 'used' } }
      expect(server.ofEvent('start')[1]).toMatchObject({ streamSid: stray.sid, start })
      server.sockets[1]?.close(1008)
      await clock.advance(1)
      expect(stray.end).toMatchObject({ by: 'server', closeCode: 1008 })
      expect(call.isStreaming).toBe(true)
    })
  })

  it('is ended with the carrier', async () => {
    await onStage({}, async ({ carrier, server, clock }) => {
      const stray = carrier.opensStream({ url: `${server.origin.replace('http', 'ws')}/media` })
      await clock.advance(50)
      await carrier.close()
      expect(stray.end).toEqual({ by: 'carrier' })
      expect(server.closeCodes).toEqual([1005])
    })
  })

  it('is the same webhook again', async () => {
    await onStage({}, async ({ carrier, server, dial }) => {
      const call = await dial()
      const answer = await carrier.repeatsWebhook(call, server.voiceUrl)
      expect(answer).toMatchObject({ status: 200, contentType: 'text/xml' })
      expect(server.of('/twiml').map(({ params }) => params.get('CallSid'))).toEqual([call.sid, call.sid])
    })
  })
})
