/** Two ends with a proxy between them, and time in the test's hand. When the test is over, nobody is left. */

import { Buffer } from 'node:buffer'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, onTestFinished, vi } from 'vitest'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import type { ChaosConnection } from './chaos-connection.ts'
import { type ChaosProxy, type ChaosProxyOptions, openChaosProxy } from './chaos-proxy.ts'

/** One end of a connection, and what came of it. */
export class End {
  readonly socket: Socket
  readonly ends: string[] = []
  #bytes = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes) => (this.#bytes = Buffer.concat([this.#bytes, bytes])))
    socket.on('end', () => this.ends.push('end'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.ends.push(error.code ?? error.message))
    socket.on('close', () => this.ends.push('close'))
  }

  get text(): string {
    return this.#bytes.toString('latin1')
  }
}

export const ENDED_BY_RESET = ['ECONNRESET', 'close']

interface Rig {
  readonly clock: VirtualClock
  readonly proxy: ChaosProxy
  readonly client: End
  readonly server: End
  readonly connection: ChaosConnection
  readonly connectAgain: () => Promise<{ client: End; server: () => End | undefined }>
}

export const soon = (check: () => void) => vi.waitFor(check, { interval: 2, timeout: 2_000 })

export async function openRig(options: ChaosProxyOptions = {}): Promise<Rig> {
  const clock = new VirtualClock()
  const servers: End[] = []
  const ends: End[] = []
  const listener = createServer({ allowHalfOpen: true }, (socket) => servers.push(new End(socket)))
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo
  const proxy = await openChaosProxy({ target: `http://127.0.0.1:${port}`, clock, ...options })
  const connectAgain = async () => {
    const before = servers.length
    const client = new End(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true }))
    ends.push(client)
    await clock.advance(0)
    return { client, server: () => servers[before] }
  }
  onTestFinished(async () => {
    await proxy.close()
    expect(proxy.connections).toEqual([])
    expect(clock.pending).toBe(0)
    for (const { socket } of [...ends, ...servers]) socket.destroy()
    await new Promise((resolve) => listener.close(resolve))
  })
  const { client } = await connectAgain()
  await soon(() => expect(servers).toHaveLength(1))
  const [connection] = proxy.connections
  const [server] = servers
  if (connection === undefined || server === undefined) throw new Error('expected a connection, got none')
  return { clock, proxy, client, server, connection, connectAgain }
}
