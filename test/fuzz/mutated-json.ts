import * as fc from 'fast-check'
import { type Change, changes, damaged, pick } from './mutated-text.ts'
import { ODD_NAMES, ODD_VALUES } from './odd-parts.ts'

/**
 * JSON as it is written rather than what it means, so that a name may come twice and a number be too long to be one.
 */
type Tree =
  | { readonly kind: 'text'; text: string }
  | { readonly kind: 'array'; items: Tree[] }
  | { readonly kind: 'object'; entries: [name: string, value: Tree][] }

/** The texts of the objects with their values, names and order changed, and some of them damaged as texts on top. */
export function mutatedJson(objects: readonly object[]): fc.Arbitrary<string> {
  const texts = objects.map((object) => JSON.stringify(object))
  return fc.tuple(fc.nat(objects.length - 1), changes, changes, fc.nat(2)).map(([index, inside, outside, weight]) => {
    const root: Tree = { kind: 'array', items: [toTree(objects[index])] }
    for (const change of inside) alter(root, change)
    const text = written(root.items[0] ?? { kind: 'text', text: '' })
    return weight > 0 ? text : outside.reduce((all, change) => damaged(all, change, texts), text)
  })
}

function toTree(value: unknown): Tree {
  if (Array.isArray(value)) return { kind: 'array', items: value.map(toTree) }
  if (typeof value !== 'object' || value === null) return { kind: 'text', text: JSON.stringify(value) }
  return { kind: 'object', entries: Object.entries(value).map(([name, inner]) => [name, toTree(inner)]) }
}

function written(tree: Tree): string {
  if (tree.kind === 'text') return tree.text
  if (tree.kind === 'array') return `[${tree.items.map(written).join()}]`
  return `{${tree.entries.map(([name, value]) => `${JSON.stringify(name)}:${written(value)}`).join()}}`
}

/** A place where a value stands, in whatever it stands. */
interface Place {
  readonly holder: Exclude<Tree, { kind: 'text' }>
  readonly index: number
}

function placesIn(holder: Tree): Place[] {
  if (holder.kind === 'text') return []
  const values = holder.kind === 'array' ? holder.items : holder.entries.map(([, value]) => value)
  return values.flatMap((value, index) => [{ holder, index }, ...placesIn(value)])
}

function valueAt({ holder, index }: Place): Tree {
  const value = holder.kind === 'array' ? holder.items[index] : holder.entries[index]?.[1]
  return value ?? { kind: 'text', text: 'null' }
}

function replaceAt({ holder, index }: Place, value: Tree): void {
  if (holder.kind === 'array') holder.items[index] = value
  else holder.entries[index] = [holder.entries[index]?.[0] ?? '', value]
}

const DEPTHS = [1, 10, 100, 3_000]
const DEEPEST = 30_000
const DEEPEST_EVERY = 61

type Alteration = (place: Place, what: number, others: readonly Place[]) => void

const ALTERATIONS: readonly Alteration[] = [
  // Another value.
  (place, what) => replaceAt(place, oddValue(what)),
  // What is a number as a text, and the other way about.
  (place) => replaceAt(place, { kind: 'text', text: requoted(written(valueAt(place))) }),
  // Some other value of the same message, copied or exchanged.
  (place, what, others) => replaceAt(place, copied(valueAt(pick(others, what)))),
  // Something in its text changed.
  (place, what) => replaceAt(place, { kind: 'text', text: damaged(written(valueAt(place)), [what, what >> 4, what]) }),
  // Left out; there twice; in another place.
  ({ holder, index }) => void contents(holder).splice(index, 1),
  ({ holder, index }, what) => {
    if (holder.kind === 'array') holder.items.splice(index, 0, oddValue(what))
    else holder.entries.splice(index + (what % 2), 0, [holder.entries[index]?.[0] ?? '', oddValue(what)])
  },
  ({ holder, index }, what) => {
    if (holder.kind === 'array') holder.items.reverse()
    else holder.entries.splice(what % holder.entries.length, 0, ...holder.entries.splice(index, 1))
  },
  // By another name, or something more by such a name.
  ({ holder, index }, what) => {
    if (holder.kind === 'object') holder.entries[index] = [pick(ODD_NAMES, what), valueAt({ holder, index })]
  },
  ({ holder }, what) => {
    if (holder.kind === 'object') holder.entries.push([pick(ODD_NAMES, what), oddValue(what >> 3)])
  },
  // Deep inside something.
  (place, what) => replaceAt(place, nested(valueAt(place), what)),
]

function alter(root: Tree, [how, where, what]: Change): void {
  const places = placesIn(root)
  if (places.length > 0) pick(ALTERATIONS, how)(pick(places, where), what, places)
}

function oddValue(what: number): Tree {
  return { kind: 'text', text: pick(ODD_VALUES, what) }
}

/** A value that stands in two places at once would be altered in both. */
function copied(value: Tree): Tree {
  return { kind: 'text', text: written(value) }
}

function contents(holder: Place['holder']): unknown[] {
  return holder.kind === 'array' ? holder.items : holder.entries
}

function requoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1) : JSON.stringify(text)
}

function nested(value: Tree, what: number): Tree {
  const depth = what % DEEPEST_EVERY === DEEPEST_EVERY - 1 ? DEEPEST : pick(DEPTHS, what)
  const [open, close] = what % 2 === 0 ? ['[', ']'] : ['{"a":', '}']
  return { kind: 'text', text: open.repeat(depth) + written(value) + close.repeat(depth) }
}
