/** A real server whose upgrades go to an endpoint, and whoever knocks at it. When the test is over, nobody is left. */

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { expect, onTestFinished, vi } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import type { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { type Handshake, RawPeer } from './raw-peer.ts'

/** Waits in real time, by default for less than any timer of real time takes. */
export function eventually(check: () => Promise<void> | void, timeout = 1_500): Promise<void> {
  return vi.waitFor(check, { interval: 2, timeout })
}

export interface UpgradeOptions {
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Whose sockets are to be closed in the end. */
  readonly endpoint: { readonly connections: number }
  readonly clock: VirtualClock
  /** What else must be true in the end. */
  readonly afterwards?: () => void
}

export async function openUpgrades({ upgrade, endpoint, clock, afterwards }: UpgradeOptions) {
  const server = createServer((_, response) => response.writeHead(404).end())
  server.on('upgrade', upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const clients: WebSocket[] = []
  const peers: RawPeer[] = []

  const openConnections = () =>
    new Promise<number>((resolve, reject) => {
      server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)))
    })

  onTestFinished(async () => {
    for (const client of clients) client.terminate()
    for (const peer of peers) peer.socket.destroy()
    await eventually(async () => expect(await openConnections()).toBe(0))
    // Whatever the ending: nobody is left, and nothing is waited for.
    await eventually(() => expect(endpoint.connections).toBe(0))
    expect(clock.pending).toBe(0)
    afterwards?.()
    await new Promise((resolve) => server.close(resolve))
  })

  return {
    port,
    openConnections,
    /** Resolves with an open socket, or with the status of the refusal. */
    connect(path: string, options: ClientOptions, onMessage?: (text: string) => void): Promise<WebSocket | number> {
      const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, options)
      clients.push(client)
      client.on('error', () => undefined)
      client.on('message', (data: Buffer) => onMessage?.(data.toString()))
      return new Promise((resolve) => {
        client.on('open', () => resolve(client))
        client.on('unexpected-response', (_, response) => {
          resolve(response.statusCode ?? 0)
          client.terminate()
        })
      })
    },
    /** A handshake by hand. */
    raw(handshake: Handshake): RawPeer {
      const peer = new RawPeer(port, handshake)
      peers.push(peer)
      return peer
    },
  }
}

/** Throws for the status of a refusal. */
export function opened(client: WebSocket | number): WebSocket {
  if (typeof client === 'number') throw new Error(`expected an open socket, got status ${client}`)
  return client
}
