import { describe, expect, it } from 'vitest'
import type { SimulatedCall } from '../../src/simulator/index.ts'
import { ask } from './asking.ts'
import { streamTwiml, type Told } from './small-server.ts'
import { onStage, type Stage } from './stage.ts'

const OTHER = '+15553334444'
const PAUSE = '<Response><Pause length="5"/><Hangup/></Response>'

/** Gives a call other instructions in the middle of what it does. */
async function redirect({ carrier }: Stage, call: SimulatedCall, twiml = PAUSE): Promise<void> {
  expect((await ask(carrier, `Calls/${call.sid}.json`, { Twiml: twiml })).status).toBe(200)
}

const pathsOf = ({ server }: Stage): string[] => server.told.map(({ path }) => path)
const dialling = {
  server: { answer: (): string => `<Response><Dial action="/after">${OTHER}</Dial></Response>` },
}

describe('other instructions', () => {
  it('end a media stream with stop and a close, and the action of its Connect is not asked', async () => {
    const answer = (_: Told, origin: string): string => streamTwiml(origin, '', 'action="/after"')
    await onStage({ server: { answer } }, async (stage) => {
      const { clock, server, dial } = stage
      const call = await dial()
      await redirect(stage, call)
      await clock.advance(1_000)
      expect(server.messages.at(-1)).toMatchObject({ event: 'stop', stop: { callSid: call.sid } })
      expect(server.closeCodes).toEqual([1005])
      expect(call).toMatchObject({ status: 'in-progress', isStreaming: false })
      await clock.advance(5_000)
      expect(call).toMatchObject({ status: 'completed', endedBy: 'twiml', warnings: [] })
      expect(pathsOf(stage)).toEqual(['/twiml', '/media'])
    })
  })

  it('may be a fresh media stream of the same call', async () => {
    await onStage({}, async (stage) => {
      const call = await stage.dial()
      await redirect(stage, call, streamTwiml(stage.server.origin))
      await stage.clock.advance(100)
      expect(call.streams).toHaveLength(2)
      expect(call.isStreaming).toBe(true)
      expect(stage.server.ofEvent('start').map(({ sequenceNumber }) => sequenceNumber)).toEqual(['1', '1'])
    })
  })

  it('hang up on whoever is being dialled, and the action of the Dial is not asked', async () => {
    await onStage(dialling, async (stage) => {
      const { carrier, clock, dial } = stage
      carrier.callee(OTHER, { answersAfterMs: Infinity })
      const call = await dial()
      await clock.advance(2_000)
      await redirect(stage, call)
      await clock.advance(1_000)
      expect(carrier.calls[1]).toMatchObject({ status: 'canceled', endedBy: 'api' })
      expect(call.status).toBe('in-progress')
      await clock.advance(5_000)
      expect(pathsOf(stage)).toEqual(['/twiml'])
    })
  })

  it('hang up on whoever was put through', async () => {
    await onStage(dialling, async (stage) => {
      const { carrier, clock, dial } = stage
      const call = await dial()
      const child = await carrier.callee(OTHER).answers()
      await clock.advance(2_000)
      await redirect(stage, call)
      await clock.advance(1_000)
      expect(child).toMatchObject({ status: 'completed', endedBy: 'api', isBridged: false })
      expect(call).toMatchObject({ status: 'in-progress', isBridged: false })
      expect(pathsOf(stage)).toEqual(['/twiml'])
    })
  })

  it('take a dialled leg away from the one that dialled it, which then asks how to go on', async () => {
    const after = ({ path }: Told): string => (path === '/after' ? '<Response/>' : dialling.server.answer())
    await onStage({ server: { answer: after } }, async (stage) => {
      const { carrier, clock, server, dial } = stage
      const call = await dial()
      const child = await carrier.callee(OTHER).answers()
      await redirect(stage, child, streamTwiml(server.origin))
      await clock.advance(100)
      expect(child).toMatchObject({ status: 'in-progress', isStreaming: true, isBridged: false })
      expect(server.of('/after')[0]?.params.get('DialCallStatus')).toBe('completed')
      expect(call).toMatchObject({ status: 'completed', endedBy: 'twiml' })
      server.speak(100)
      await clock.advance(200)
      expect(child.positionHeardMs).toBe(100)
    })
  })
})
