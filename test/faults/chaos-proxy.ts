import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setImmediate as eventLoopTurn } from 'node:timers/promises'
import { type Clock, systemClock, type Timer } from '../../src/clock.ts'
import { Random } from '../../src/simulator/random.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { ChaosConnection, type Directions, resetAtOnce } from './chaos-connection.ts'

/**
 * A bad network: it takes TCP connections on a loopback port and carries them to a target, and does to each of them, or
 * to all, what networks do. It knows nothing of what is said.
 *
 *     const reach = {}
 *     await using stage = await openStage({ carrier: { reach } })
 *     await using proxy = await openChaosProxy({ clock: stage.clock, target: stage.url })
 *     reach[PUBLIC_URL] = proxy.url
 *     proxy.set({ down: { latencyMs: 300, jitterMs: 200 } })
 *
 * On a virtual clock everything but the sockets themselves takes place in its time, which stands still until what was
 * told by one side has come to the other. What a virtual clock waits for is a carrier's own affair: one that asks for a
 * pong over a way with latency gets none as long as time stands still, and goes on after a quarter of a second.
 */

export interface ChaosProxyOptions {
  /** Where connections go, as an http(s) or ws(s) origin; may be told later, and changed. Without one they are reset. */
  readonly target?: string
  /** Default: the real one. */
  readonly clock?: Clock
  /** Decides the jitter; default 1. */
  readonly seed?: number
}

/** What becomes of whoever connects: carried; held until it goes on; let in and never heard; or sent away with an RST. */
type Welcome = 'carry' | 'stall' | 'swallow' | 'refuse'

/** Starts a proxy; close it with {@link ChaosProxy.close}. */
export async function openChaosProxy(options: ChaosProxyOptions = {}): Promise<ChaosProxy> {
  const proxy = new ChaosProxy(options)
  await proxy.listen()
  return proxy
}

/** Turns of the event loop in which what was written on one side is read on the other. */
const TURNS_PER_ROUND = 4
const MOST_ROUNDS = 50

export class ChaosProxy {
  /** Those that are open, in the order of their coming. */
  readonly connections: ChaosConnection[] = []
  /** http(s) or ws(s); undefined resets whoever comes. */
  target: string | undefined
  #clock: Clock
  readonly #random: Random
  readonly #server = createServer({ allowHalfOpen: true }, (client) => this.#welcomeIn(client))
  #unhook: () => void = () => undefined
  #directions: Directions = {}
  #welcome: Welcome = 'carry'
  #resumption: Timer
  #signs = 0
  #connecting = 0

  constructor({ target, clock = systemClock, seed = 1 }: ChaosProxyOptions) {
    this.target = target
    this.#clock = clock
    this.#random = new Random(seed)
    this.keepTime(clock)
  }

  /** For a proxy that must be there before the clock is: time is this one's for all connections to come. */
  keepTime(clock: Clock): void {
    this.#unhook()
    this.#clock = clock
    this.#unhook = clock instanceof VirtualClock ? clock.onSettle(() => this.#settle()) : () => undefined
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** For all connections, and those to come. What is not named stays. */
  set(directions: Directions): void {
    const { up, down } = this.#directions
    this.#directions = { up: { ...up, ...directions.up }, down: { ...down, ...directions.down } }
    for (const connection of this.connections) connection.set(directions)
  }

  /** Nothing gets on, new connections neither, and nothing is lost: for so long, or until `resume`. */
  stall(forMs?: number): void {
    this.#clock.clearTimeout(this.#resumption)
    this.#welcome = 'stall'
    for (const connection of this.connections) connection.stall()
    if (forMs !== undefined) this.#resumption = this.#clock.setTimeout(() => this.resume(), forMs)
  }

  /** Connections are carried again, those too that have come meanwhile. */
  resume(): void {
    this.#clock.clearTimeout(this.#resumption)
    this.#welcome = 'carry'
    for (const connection of this.connections) connection.resume()
  }

  /** All of them are half-open, and whoever comes is let in and never heard, until `resume`. */
  swallow(): void {
    this.#welcome = 'swallow'
    for (const connection of this.connections) connection.swallow()
  }

  /** All of them are reset, and whoever comes is as well, until `resume`. */
  refuse(): void {
    this.#welcome = 'refuse'
    this.reset()
  }

  reset(): void {
    for (const connection of this.connections) connection.reset()
  }

  /** Resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    const all = [...this.connections]
    for (const connection of all) connection.destroy()
    await Promise.all(all.map(({ over }) => over))
    await closed
    this.#clock.clearTimeout(this.#resumption)
    this.#unhook()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #welcomeIn(client: Socket): void {
    this.#note()
    const { target } = this
    if (this.#welcome === 'refuse' || target === undefined) {
      resetAtOnce(client)
      return
    }
    const connection = new ChaosConnection({
      client,
      server: this.#reach(target),
      clock: this.#clock,
      random: this.#random,
      onSign: () => this.#note(),
    })
    connection.set(this.#directions)
    if (this.#welcome === 'stall') connection.stall()
    if (this.#welcome === 'swallow') connection.swallow()
    this.connections.push(connection)
    void connection.over.then(() => this.connections.splice(this.connections.indexOf(connection), 1))
  }

  #reach(target: string): Socket {
    const { hostname, port } = new URL(target)
    const server = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
    this.#connecting += 1
    const done = () => {
      server.off('connect', done).off('close', done)
      this.#connecting -= 1
      this.#note()
    }
    server.once('connect', done).once('close', done)
    return server
  }

  #note(): void {
    this.#signs += 1
  }

  /** Rounds until one passes without a sign of life. */
  async #settle(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const before = this.#signs
      for (let turn = 0; turn < TURNS_PER_ROUND; turn += 1) await eventLoopTurn()
      if (this.#signs === before && this.#connecting === 0) return
    }
  }
}
