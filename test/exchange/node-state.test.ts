import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { AdmissionError } from '../../src/errors.ts'
import { NodeState } from '../../src/exchange/node-state.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'

function createNode(maxCalls = 2) {
  const clock = new VirtualClock()
  const hungUp: number[] = []
  const node = new NodeState({ clock, maxCalls, drainMs: 1_000, hangUpAll: () => hungUp.push(clock.now()) })
  return { clock, hungUp, node }
}

describe('a node', () => {
  it('is ready until it is full, and again when a call has gone', () => {
    const { node } = createNode()
    node.noteAdmitted()
    expect(node.readiness).toBe('ready')
    node.noteAdmitted()
    expect(node.readiness).toBe('full')
    expect(() => node.requireRoom()).toThrow(
      new AdmissionError('NODE_FULL', 'expected at most 2 calls at once, got one more'),
    )
    node.noteReleased()
    expect(node.readiness).toBe('ready')
    node.requireRoom()
  })

  it('is overloaded while its loop is strained, and says when it is worth asking again', () => {
    const { node } = createNode()
    node.noteStrained()
    expect(node.readiness).toBe('overloaded')
    expect(() => node.requireRoom()).toThrow(
      expect.objectContaining({ name: 'AdmissionError', code: 'NODE_OVERLOADED', retryAfterMs: 2_000 }),
    )
    node.noteRecovered()
    expect(node.readiness).toBe('ready')
    node.requireRoom()
  })

  it('turns away nobody who was under way already, unless it is draining', () => {
    const { node } = createNode(1)
    node.noteAdmitted()
    node.requireRoom('adopted')
    node.noteAdmitted()
    expect([node.readiness, node.live]).toEqual(['full', 2])
    node.noteStrained()
    node.requireRoom('adopted')
    node.drain()
    expect(() => node.requireRoom('adopted')).toThrow(AdmissionError)
  })

  it('that is draining does not mind its loop, and one that has stopped hears nothing of it', async () => {
    const { node } = createNode()
    node.noteAdmitted()
    node.drain()
    node.noteStrained()
    node.noteRecovered()
    expect(node.readiness).toBe('draining')
    node.noteReleased()
    await node.stopped()
    node.noteStrained()
    expect(node.readiness).toBe('draining')
  })

  it('stops at once when it is told to drain and has no calls', async () => {
    const { node, clock } = createNode()
    node.drain()
    await node.stopped()
    expect(clock.pending).toBe(0)
  })

  it('hangs up what has not finished in its time, and is stopped when the last call has gone', async () => {
    const { node, clock, hungUp } = createNode()
    node.noteAdmitted()
    node.drain()
    expect(() => node.requireRoom()).toThrow(AdmissionError)
    await clock.advance(1_000)
    await nextTurn()
    expect(hungUp).toEqual([1_000])
    node.noteReleased()
    await node.stopped()
    expect(clock.pending).toBe(0)
  })

  it('hangs up at once when it is told to stop, and bears being told again', async () => {
    const { node, hungUp } = createNode()
    node.noteAdmitted()
    node.drain()
    node.stop()
    node.stop()
    await nextTurn()
    expect(hungUp).toEqual([0])
    node.noteReleased()
    node.stop()
    await node.stopped()
  })
})
