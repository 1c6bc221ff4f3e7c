import { NEVER_MS } from '../../machines/index.ts'
import type { ChartEdge, ChartState, Trigger } from './chart-model.ts'

/** The words on a diagram: `event [guard] / action, action`, as in UML. */

/** The parts of an edge's label; those that it does not have are empty. */
export interface EdgeWords {
  readonly trigger: string
  readonly guard: string
  readonly actions: string
}

/** `omit`: names of actions that are left out. */
export function wordsOfEdge({ trigger, guard, actions, targets }: ChartEdge, omit: readonly string[] = []): EdgeWords {
  const isIgnored = targets.length === 0 && actions.length === 0
  const drawn = actions.filter((action) => !omit.includes(action.replace(/\(.*/s, '')))
  return {
    trigger: `${isIgnored ? 'ignores ' : ''}${labelOfTrigger(trigger)}`,
    guard: guard === undefined ? '' : `[${guard}]`,
    actions: drawn.length === 0 ? '' : `/ ${drawn.join(', ')}`,
  }
}

export function labelOfEdge(edge: ChartEdge, omit: readonly string[] = []): string {
  const { trigger, guard, actions } = wordsOfEdge(edge, omit)
  return [trigger, guard, actions].filter((part) => part !== '').join(' ')
}

/** What a state does on its own, a line each: on entering, on leaving, and as long as it lasts. */
export function linesOfState({ entry, exit, invokes }: ChartState): string[] {
  return [
    ...entry.map((action) => `entry / ${action}`),
    ...exit.map((action) => `exit / ${action}`),
    ...invokes.map(({ id, src }) => (id === src ? `runs ${id}` : `runs ${id} (${src})`)),
  ]
}

function labelOfTrigger(trigger: Trigger): string {
  if (trigger.kind === 'event') return trigger.type
  if (trigger.kind === 'done') return `${trigger.actor} done`
  if (trigger.kind === 'error') return `${trigger.actor} failed`
  if (trigger.kind === 'after') return `after ${labelOfDelay(trigger.delay, trigger.ms)}`
  return trigger.kind === 'finished' ? 'finished' : ''
}

/** A wait that never ends unless somebody wishes it to has no length. */
function labelOfDelay(name: string, ms: number | undefined): string {
  return ms === undefined || ms === NEVER_MS ? name : `${durationOf(ms)} (${name})`
}

/** E.g. `250 ms`, `10 s`, `5 min`, `1 h`. */
export function durationOf(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  if (ms < 120_000) return `${ms / 1_000} s`
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`
}
