import { type AnyStateMachine, type AnyTransitionDefinition, createMachine } from 'xstate'
import { edgeName, edgesFrom, nodesOf } from '../machines/edge-coverage.ts'

/** A chart with one edge wrong: the event that takes it misspelt, the edge dropped, or led somewhere else. */

export interface Mutant {
  readonly name: string
  /** Of the edge in the chart as it is. */
  readonly edge: string
  readonly original: AnyStateMachine
  readonly machine: AnyStateMachine
}

/** What becomes of the alternatives of an event, of which the one at `rank` is wrong; and of the event misspelt. */
interface Change {
  readonly name: string
  readonly wrong: (alternatives: readonly Config[], rank: number) => readonly Config[]
  readonly misspelt?: (alternatives: readonly Config[], rank: number) => readonly (Config | undefined)[]
}

/** A state, or one of its `on`, `after`, `invoke`, as the chart's author wrote it. */
type Config = Record<string, unknown>

/** Functions are shared. */
function copy<Value>(value: Value): Value {
  if (Array.isArray(value)) return value.map(copy) as Value
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)])) as Value
}

const listOf = (value: unknown): unknown[] => {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** Where the author wrote the alternatives of an event: an object, a key in it, and the same key misspelt. */
function placeOf(state: Config, edge: AnyTransitionDefinition): [Config, string, string] {
  const { eventType, source } = edge
  if (eventType === '') return [state, 'always', 'always']
  const [, kind, id] = /^xstate\.(done|error)\.actor\.(.*)$/.exec(eventType) ?? []
  if (kind !== undefined) {
    const invoke = listOf(state['invoke']).find((one): one is Config => (one as Config)['id'] === id)
    if (invoke === undefined) throw new Error(`expected an invoke for ${edgeName(edge)}, got none`)
    return [invoke, kind === 'done' ? 'onDone' : 'onError', 'onNothing']
  }
  const [, delay] = /^xstate\.after\.(\w+)\./.exec(eventType) ?? []
  const [part, key] = delay === undefined ? ['on', eventType] : ['after', delay]
  const place = state[part] as Config | undefined
  if (place?.[key] === undefined) throw new Error(`expected ${key} at ${source.id}, got none`)
  return [place, key, `${key}Misspelt`]
}

const DROP: Change = { name: 'dropped', wrong: (alternatives, rank) => alternatives.toSpliced(rank, 1) }

const RENAME: Change = {
  name: 'renamed',
  wrong: DROP.wrong,
  misspelt: (alternatives, rank) => [alternatives[rank]],
}

const redirect = (target: string): Change => ({
  name: `redirected to ${target.slice(1)}`,
  wrong: (alternatives, rank) => alternatives.with(rank, { ...alternatives[rank], target }),
})

/** The states beside the one that the edge leads to. What leads nowhere now `ends` it all. */
function wrongTargets({ target, source }: AnyTransitionDefinition, ends: string): string[] {
  const [right] = target ?? []
  if (right?.parent === undefined) return [ends].filter((id) => id !== `#${source.id}`)
  return Object.values(right.parent.states)
    .filter((state) => state !== right)
    .map(({ id }) => `#${id}`)
}

/** An `always` has no event that could be misspelt. */
function changesOf(edge: AnyTransitionDefinition, ends: string): Change[] {
  const renaming = edge.eventType === '' ? [] : [RENAME]
  return [...renaming, DROP, ...wrongTargets(edge, ends).map(redirect)]
}

function mutate(original: AnyStateMachine, edge: AnyTransitionDefinition, change: Change): AnyStateMachine {
  const config = copy<Config>({ ...original.config })
  const state = edge.source.path.reduce((node, key) => (node['states'] as Record<string, Config>)[key] ?? {}, config)
  const [place, key, misspelt] = placeOf(state, edge)
  const alternatives = listOf(place[key]).map((one) => (typeof one === 'string' ? { target: one } : (one as Config)))
  const rank = rankOf(edge)
  place[key] = change.wrong(alternatives, rank)
  if (change.misspelt) place[misspelt] = change.misspelt(alternatives, rank)
  return build(original, config)
}

function build(original: AnyStateMachine, config: Config): AnyStateMachine {
  return createMachine(config as never, original.implementations as never)
}

/** Built like a mutant, with nothing wrong. */
export const rebuilt = (original: AnyStateMachine): AnyStateMachine => build(original, copy({ ...original.config }))

function rankOf(edge: AnyTransitionDefinition): number {
  const { always = [], transitions } = edge.source
  return (edge.eventType === '' ? always : (transitions.get(edge.eventType) ?? [])).indexOf(edge)
}

/** `ends`: the state to which what leads nowhere is led. */
export function mutantsOf(original: AnyStateMachine, ends: string): Mutant[] {
  return nodesOf(original)
    .flatMap(edgesFrom)
    .flatMap((edge) =>
      changesOf(edge, ends).map((change) => ({
        name: `${edgeName(edge)}, ${change.name}`,
        edge: edgeName(edge),
        original,
        machine: mutate(original, edge, change),
      })),
    )
}
