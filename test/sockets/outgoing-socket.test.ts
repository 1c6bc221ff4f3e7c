import { createServer, type AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Clock, systemClock } from '../../src/clock.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { OutgoingSocket } from '../../src/sockets/outgoing-socket.ts'
import { InspectorListener } from '../inspector/inspector-listener.ts'
import { eventually } from './socket-rig.ts'

interface Rig {
  readonly socket: OutgoingSocket
  readonly told: string[]
}

function openTo(url: string, clock: Clock, maxWaitingBytes?: number): Rig {
  const told: string[] = []
  const socket = new OutgoingSocket({
    url,
    clock,
    onUp: () => told.push('up'),
    onDown: (cause) => told.push(`down: ${cause}`),
    ...(maxWaitingBytes === undefined ? {} : { maxWaitingBytes }),
  })
  onTestFinished(() => socket.close())
  return { socket, told }
}

/** Takes connections and never says a word. */
async function openSilence(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('an outgoing socket', () => {
  it('drops what is said before it is open, and sends the rest', async () => {
    const listener = await InspectorListener.open()
    const { socket, told } = openTo(listener.url, systemClock)
    socket.send('early')
    expect(socket.hasRoom).toBe(false)
    await eventually(() => expect(told).toEqual(['up']))
    socket.send('in time')
    await listener.hears('in time')
    expect(listener.texts).toEqual(['in time'])
  })

  it('opens again when the other side has gone and come back, and tells of one outage once', async () => {
    const clock = new VirtualClock()
    const listener = await InspectorListener.open()
    const { port, url } = listener
    const { told } = openTo(url, clock)
    await eventually(() => expect(told).toEqual(['up']))
    await listener.close()
    await eventually(() => expect(told).toHaveLength(2))
    await clock.advance(1_000)
    // The attempt has failed once the next one is waited for.
    await eventually(() => expect(clock.pending).toBe(1))
    const again = await InspectorListener.open(port)
    await clock.advance(2_000)
    await eventually(() => expect(told).toHaveLength(3))
    expect(told).toEqual(['up', 'down: it closed with code 1006', 'up'])
    expect(again.size).toBe(1)
  })

  it('has no room for a peer that does not read, and drops what is said then', async () => {
    const listener = await InspectorListener.open()
    const { socket, told } = openTo(listener.url, systemClock, 1_000_000)
    await eventually(() => expect(told).toEqual(['up']))
    await eventually(() => expect(listener.size).toBe(1))
    listener.stopReading()
    const sent: number[] = []
    for (let count = 0; count < 1_000 && socket.hasRoom; count += 1) {
      socket.send('x'.repeat(100_000))
      sent.push(count)
    }
    expect(socket.hasRoom).toBe(false)
    expect(sent.length).toBeLessThan(1_000)
    await listener.close()
  })

  it('is closed at once though it never came to be open, and is not opened again', async () => {
    const clock = new VirtualClock()
    const { socket, told } = openTo(await openSilence(), clock)
    await socket.close()
    await clock.advance(60_000)
    expect(told).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('is closed at once while it waits to try again', async () => {
    const clock = new VirtualClock()
    const listener = await InspectorListener.open()
    const { url } = listener
    await listener.close()
    const { socket, told } = openTo(url, clock)
    await eventually(() => expect(told).toHaveLength(1))
    expect(told[0]).toMatch(/^down: .*ECONNREFUSED/)
    await socket.close()
    expect(clock.pending).toBe(0)
  })

  it('is cut after a second when the other side does not answer its goodbye', async () => {
    const clock = new VirtualClock()
    const listener = await InspectorListener.open()
    const { socket, told } = openTo(listener.url, clock)
    await eventually(() => expect(told).toEqual(['up']))
    await eventually(() => expect(listener.size).toBe(1))
    listener.stopReading()
    const closed = socket.close()
    await clock.advance(1_000)
    await closed
    expect(told).toEqual(['up'])
  })
})
