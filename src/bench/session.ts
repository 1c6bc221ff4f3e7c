import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from './child.ts'
import type { Contender } from './contenders.ts'
import type { LoadFigures } from './load/figures.ts'
import type { Seen } from './load/onlooker.ts'
import { type Pinning, waitedMs } from './pinning.ts'
import { MAIN_FILE, SPEECH_FOLDER } from './places.ts'
import type { PlaneShares } from './servers/plane-shares.ts'
import type { ServerFigures } from './servers/server-process.ts'

/** What one window came to, at both ends. */
export interface Window {
  readonly load: LoadFigures
  readonly server: ServerFigures
  /** Of one core, and for one frame: 20 ms in and 20 ms out. */
  readonly cpuShare: number
  readonly cpuUsPerFrame: number
  /** For how much of the time the server was ready to run and its core was somebody else's; undefined off Linux. */
  readonly deprived: number | undefined
}

/** After calls were set up or hung up, before anything counts. */
const SETTLE_MS = 1_000

interface SessionParts {
  readonly server: Child
  readonly load: Child
  readonly folder: string
  readonly versions: object
}

/** One contender's process on its core, the load generator's on another. */
export class Session {
  readonly contender: Contender
  readonly versions: Readonly<Record<string, string>>
  readonly #server: Child
  readonly #load: Child
  readonly #folder: string
  readonly #core: number | undefined

  private constructor(contender: Contender, core: number | undefined, parts: SessionParts) {
    this.contender = contender
    this.#core = core
    this.#server = parts.server
    this.#load = parts.load
    this.#folder = parts.folder
    this.versions = parts.versions as Readonly<Record<string, string>>
  }

  static async open(contender: Contender, pinning: Pinning): Promise<Session> {
    const folder = await mkdtemp(join(tmpdir(), 'callchart-bench-'))
    const logFile = join(folder, 'log')
    const { name, argv, target } = contender
    const server = new Child({ name, argv, core: pinning.server, logFile })
    const loadArgv = [process.execPath, MAIN_FILE, 'load', SPEECH_FOLDER]
    const load = new Child({ name: 'load generator', argv: loadArgv, core: pinning.load, logFile })
    try {
      const { port, versions } = await server.ready
      await load.ready
      await load.ask({ do: 'aim', target: { ...target, port } })
      return new Session(contender, pinning.server, { server, load, folder, versions: versions as object })
    } catch (error) {
      await Promise.all([server.close(), load.close()])
      throw error
    }
  }

  /** Sets calls up or hangs them up, and lets the dust settle. */
  async resize(calls: number): Promise<void> {
    await this.#load.ask({ do: 'resize', calls })
    await sleep(SETTLE_MS)
  }

  async measure(ms: number): Promise<Window> {
    const before = await this.#server.ask<ServerFigures>({ do: 'reset' })
    const waitedBefore = waitedMs(this.#server.pid, this.#core)
    const begin = performance.now()
    const load = this.#load.ask<LoadFigures>({ do: 'measure', ms })
    await sleep(ms)
    const server = await this.#server.ask<ServerFigures>({ do: 'figures' })
    const elapsedMs = performance.now() - begin
    const waited = waitedMs(this.#server.pid, this.#core)
    const cpuMs = server.cpuMs - before.cpuMs
    const figures = await load
    return {
      load: figures,
      server,
      cpuShare: cpuMs / elapsedMs,
      cpuUsPerFrame: (cpuMs * 1_000) / figures.framesSent,
      deprived: waited === undefined || waitedBefore === undefined ? undefined : (waited - waitedBefore) / elapsedMs,
    }
  }

  /** With the garbage gone, where the server can be told to. */
  settle(): Promise<ServerFigures> {
    return this.#server.ask<ServerFigures>({ do: 'settle' })
  }

  /** Sets calls up and ends each at its first audio. CPU of the server's, until the last of them is gone. */
  async setUps(count: number, atOnce: number): Promise<{ perSecond: number; cpuMs: number; elapsedMs: number }> {
    const begin = performance.now()
    const before = await this.#server.ask<ServerFigures>({ do: 'figures' })
    const { perSecond } = await this.#load.ask<{ perSecond: number }>({ do: 'setUps', count, atOnce })
    await sleep(SETTLE_MS)
    const after = await this.#server.ask<ServerFigures>({ do: 'figures' })
    return { perSecond, cpuMs: after.cpuMs - before.cpuMs, elapsedMs: performance.now() - begin }
  }

  /** Somebody looks at one of the calls; only where that can be done. */
  async look(): Promise<void> {
    await this.#load.ask({ do: 'look' })
  }

  lookAway(): Promise<Seen> {
    return this.#load.ask({ do: 'lookAway' })
  }

  /** Only of our own server. */
  planes(ms: number): Promise<PlaneShares> {
    return this.#server.ask({ do: 'planes', ms })
  }

  /** Only of servers on Node: bytes of heap taken in so many milliseconds. */
  async allocated(ms: number): Promise<number> {
    return (await this.#server.ask<{ bytes: number }>({ do: 'allocated', ms })).bytes
  }

  async close(): Promise<void> {
    await Promise.all([this.#server.close(), this.#load.close()])
    await rm(this.#folder, { recursive: true, force: true })
  }
}
