/** The inspector's endpoint beside the media endpoint on a real server, with a desk that takes notes. */

import { request } from 'node:http'
import { expect, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { createLogger } from '../../src/log.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { MediaEndpoint } from '../../src/sockets/media-endpoint.ts'
import type { Viewer, ViewerDesk, ViewerPort } from '../../src/sockets/viewer-desk.ts'
import { ViewerEndpoint } from '../../src/sockets/viewer-endpoint.ts'
import { ViewerSession } from '../../src/viewer-session.ts'
import type { Handshake, RawPeer } from './raw-peer.ts'
import { PUBLIC_URL } from './socket-rig.ts'
import { opened, openUpgrades } from './upgrade-rig.ts'

export const API_TOKEN = 'an-api-token-of-some-length'
export const PATH = '/inspector/socket'
export const HOURS_12 = 12 * 3_600_000

export type Headers = Readonly<Record<string, string>>

/** Writes down what the inspector would hear of somebody who looks. */
export class NotedViewer implements Viewer {
  readonly heard: string[] = []
  readonly port: ViewerPort

  constructor(port: ViewerPort) {
    this.port = port
  }

  receive(text: string): void {
    this.heard.push(text)
  }

  closed(): void {
    this.heard.push('(closed)')
  }
}

interface Setup {
  readonly apiToken?: string | undefined
  readonly maxViewers?: number
}

/** The endpoint beside the media endpoint on a real server, a virtual clock, and a desk that takes notes. */
export async function openViewers({ maxViewers, ...rest }: Setup = {}) {
  const apiToken = 'apiToken' in rest ? rest.apiToken : API_TOKEN
  const clock = new VirtualClock(1_000)
  const now = { epoch: Date.UTC(2026, 10, 1) }
  const lines: string[] = []
  const logger = createLogger('trace', { write: (line) => lines.push(line) })
  const viewers: NotedViewer[] = []
  const open = vi.fn<ViewerDesk['open']>((port) => {
    const viewer = new NotedViewer(port)
    viewers.push(viewer)
    return viewer
  })
  const session = new ViewerSession({ apiToken, publicUrl: PUBLIC_URL, clock, epochNow: () => now.epoch })
  const endpoint = new ViewerEndpoint({
    clock,
    logger,
    session,
    desk: { open },
    ...(maxViewers === undefined ? {} : { maxViewers }),
  })
  const admit = () => Promise.resolve(undefined)
  const media = new MediaEndpoint({ publicUrl: PUBLIC_URL, tokens: ['t'], clock, logger, desk: { admit } })
  const told: string[] = []
  const knocking = await openUpgrades({
    upgrade: (incoming, socket, head) =>
      (endpoint.matches(incoming) ? endpoint : media).upgrade(incoming, socket, head),
    endpoint,
    clock,
    // Each was told of the end once and last.
    afterwards: () => {
      for (const { heard } of viewers) expect(heard.indexOf('(closed)')).toBe(heard.length - 1)
    },
  })
  const { port, openConnections } = knocking
  const host = `127.0.0.1:${port}`

  const cookie = () => {
    const result = session.logIn(API_TOKEN, { host })
    return result.outcome === 'admitted' ? (result.cookie.split(';')[0] ?? '') : ''
  }
  /** As a page of ours sends them once somebody has logged in. */
  const headers = (): Headers => ({ host, origin: `http://${host}`, cookie: cookie() })

  /** Resolves with an open socket, or with the status of the refusal. */
  const connect = (given: Headers = headers(), path = PATH) =>
    knocking.connect(path, { headers: given }, (text) => told.push(text))

  return {
    clock,
    now,
    lines,
    viewers,
    /** What any page was sent. */
    told,
    open,
    endpoint,
    host,
    openConnections,
    headers,
    connect,
    async look(given?: Headers): Promise<WebSocket> {
      return opened(await connect(given))
    },
    /** A handshake by hand, of a page of ours unless told otherwise. */
    raw(handshake: Handshake = {}): RawPeer {
      const headersOfPage = { Host: host, Origin: `http://${host}`, Cookie: cookie() }
      return knocking.raw({ path: PATH, ...handshake, headers: { ...headersOfPage, ...handshake.headers } })
    },
    /** What a refused upgrade is told. */
    refusal(given: Headers): Promise<{ status: number; text: string }> {
      return new Promise((resolve, reject) => {
        const upgrade = { connection: 'Upgrade', upgrade: 'websocket' }
        const asked = request(
          { host: '127.0.0.1', port, path: PATH, headers: { ...upgrade, ...given } },
          (response) => {
            let text = ''
            response.setEncoding('utf8').on('data', (part: string) => (text += part))
            response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
          },
        )
        asked.on('error', reject).end()
      })
    },
    /** Who looks since last. */
    get viewer(): NotedViewer {
      const viewer = viewers.at(-1)
      if (viewer === undefined) throw new Error('expected somebody to look, found nobody')
      return viewer
    },
  }
}
