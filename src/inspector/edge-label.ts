import type { ChartEdge, ChartState, Trigger } from './chart-model.ts'

/** The words on a diagram: `event [guard] / action, action`, as in UML. */

export function labelOfEdge({ trigger, guard, actions, targets }: ChartEdge): string {
  const isIgnored = targets.length === 0 && actions.length === 0
  return [
    isIgnored ? 'ignores' : '',
    labelOfTrigger(trigger),
    guard === undefined ? '' : `[${guard}]`,
    actions.length === 0 ? '' : `/ ${actions.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
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
  switch (trigger.kind) {
    case 'event':
      return trigger.type
    case 'after':
      return trigger.ms === undefined ? `after ${trigger.delay}` : `after ${durationOf(trigger.ms)} (${trigger.delay})`
    case 'done':
      return `${trigger.actor} done`
    case 'error':
      return `${trigger.actor} failed`
    case 'finished':
      return 'finished'
    case 'always':
      return ''
  }
}

/** E.g. `250 ms`, `10 s`, `5 min`, `1 h`. */
export function durationOf(ms: number): string {
  if (ms < 1_000) return `${ms} ms`
  if (ms < 120_000) return `${ms / 1_000} s`
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`
}
