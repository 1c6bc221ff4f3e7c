import { Session } from 'node:inspector/promises'
import type { Profiler } from 'node:inspector'

/** Where the CPU time of a server of ours goes, as shares of the time it was busy. */
export interface PlaneShares {
  /** Statecharts, their actors, the calls' books and logs, HTTP. */
  readonly control: number
  /** Audio, queues, the wire. */
  readonly media: number
  /** Sockets, timers and the rest of Node, where neither plane's code stands on the stack above it. */
  readonly rest: number
  readonly gc: number
}

export type Plane = keyof PlaneShares

/** The first that matches decides. A frame of nobody's (zod, the clock: both use them) is its caller's. */
const PLANES: readonly (readonly [Plane, RegExp])[] = [
  [
    'media',
    /\/src\/(?:audio|media|sockets|agents)\/|\/src\/exchange\/stream-desk|\/src\/twilio\/(?:messages|media-scan|outbound)|\/node_modules\/ws\//,
  ],
  [
    'control',
    /\/machines\/|\/node_modules\/(?:xstate|koa|@koa|twilio|pino)\/|\/src\/(?:actors|exchange|http|twilio)\/|\/src\/(?!clock\.)[\w-]+\.js$/,
  ],
]

const INTERVAL_US = 250

/** Profiles this process for so many milliseconds. */
export async function planeSharesIn(ms: number): Promise<PlaneShares> {
  const session = new Session()
  session.connect()
  try {
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US })
    await session.post('Profiler.start')
    await new Promise((resolve) => setTimeout(resolve, ms))
    const { profile } = await session.post('Profiler.stop')
    return sharesOf(profile)
  } finally {
    session.disconnect()
  }
}

/** Each sample belongs to the plane of the innermost frame that has one. */
export function sharesOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): PlaneShares {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const planeOf = (id: number | undefined): Plane => {
    const node = id === undefined ? undefined : byId.get(id)
    if (node === undefined) return 'rest'
    if (node.callFrame.functionName === '(garbage collector)') return 'gc'
    const found = PLANES.find(([, pattern]) => pattern.test(node.callFrame.url))
    return found?.[0] ?? planeOf(parents.get(node.id))
  }
  const idle = nodes.find(({ callFrame }) => callFrame.functionName === '(idle)')?.id
  const planes = new Map(nodes.map(({ id }) => [id, planeOf(id)]))
  const times: Record<Plane, number> = { control: 0, media: 0, rest: 0, gc: 0 }
  for (const [index, id] of samples.entries()) {
    if (id !== idle) times[planes.get(id) ?? 'rest'] += timeDeltas[index] ?? 0
  }
  const busy = Object.values(times).reduce((sum, time) => sum + time, 0) || 1
  return { control: times.control / busy, media: times.media / busy, rest: times.rest / busy, gc: times.gc / busy }
}
