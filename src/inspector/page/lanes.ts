import type { Film } from './film.ts'

/** Who tells whom, left to right. What has to do with the carrier's commands shares a lane: little of it is under way at a time. */
export const LANES = ['carrier', 'node', 'call', 'inbound', 'outbound', 'command', 'agent', 'release'] as const

/** The lanes of what is run, where they are named otherwise. */
const LANE_OF_SOURCE: Readonly<Record<string, string>> = {
  carrier: 'command',
  transfer: 'command',
  recording: 'command',
  // The node says whose turn it is.
  turn: 'node',
}

/** Ids that recordings from before children were noted may name. */
const COMMANDS: ReadonlySet<string> = new Set(['placeCall', 'hangUp'])

/** The lane of whoever tells or is told, by id; `sources`: what each child runs. */
export function laneOf(id: string, sources: ReadonlyMap<string, string>): string {
  if (id === 'carrier' || id === 'node' || id === 'call') return id
  const source = sources.get(id) ?? (COMMANDS.has(id) ? 'carrier' : id)
  return LANE_OF_SOURCE[source] ?? source
}

/** The node is told of calls, and by itself. */
const LANES_OF_NODE = ['call', 'node']

/** All lanes of a film: children that are not known here stand to the right of those that are. */
export function lanesOf({ call, sources }: Film): string[] {
  if (!call) return LANES_OF_NODE
  return [...new Set([...LANES, ...[...sources.keys()].map((id) => laneOf(id, sources))])]
}
