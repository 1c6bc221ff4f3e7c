import type { TransitionLine } from './film.ts'

/** An event's name for people: XState's own names say too much. */
export function wordsOfEvent(event: string): string {
  const [, kind, actor] = /^xstate\.(done|error)\.actor\.(.+)$/.exec(event) ?? []
  if (actor !== undefined) return `${actor} ${kind === 'done' ? 'done' : 'failed'}`
  if (event.startsWith('xstate.after.')) return `after ${event.split('.')[2] ?? ''}`
  if (event.startsWith('xstate.done.state.')) return 'finished'
  return event.replace(/^xstate\./, '')
}

export function wordsOfStep({ event, edges = [] }: TransitionLine): string {
  return isEventless(edges) ? 'always' : wordsOfEvent(event)
}

/** Nobody told the chart anything: it went on by itself. */
export function isByItself({ event, edges = [] }: TransitionLine): boolean {
  return isEventless(edges) || event.startsWith('xstate.after.') || event === 'xstate.init'
}

/** `graceTimeout` of `call.active.stream.lost.mute/xstate.after.graceTimeout.call.active.stream.lost.mute/0`. */
export function delayOfEdge(edge: string): string {
  const [source = '', event = ''] = edge.split('/')
  return event.replace(/^xstate\.after\./, '').replace(`.${source}`, '')
}

function isEventless(edges: readonly string[]): boolean {
  return edges.length > 0 && edges.every((edge) => edge.split('/')[1] === 'always')
}
