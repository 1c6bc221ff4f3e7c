import type { NODE } from '../wire.ts'

/** The node as something to watch. */
export const NODE_ADDRESS: typeof NODE = 'node'

/** What the page's address names: a call's id, the node, or nothing. */
export function watchedOf(path: string): string | null {
  const [, id] = /^\/inspector\/calls\/([^/]+)\/?$/.exec(path) ?? []
  if (id !== undefined) return decodeURIComponent(id)
  return /^\/inspector\/node\/?$/.test(path) ? NODE_ADDRESS : null
}

export function pathOf(watched: string | null): string {
  if (watched === null) return '/inspector'
  return watched === NODE_ADDRESS ? '/inspector/node' : `/inspector/calls/${encodeURIComponent(watched)}`
}
