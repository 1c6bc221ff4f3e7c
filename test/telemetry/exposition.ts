/** Prometheus's text format, read as strictly as it is written down: a line that does not fit is an error. */

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"`
const SAMPLE = new RegExp(
  String.raw`^(${NAME})(?:\{(${LABEL}(?:,${LABEL})*)\})? (-?[0-9.]+(?:e[+-]?\d+)?|NaN|Nan|\+Inf|-Inf)$`,
)
const META = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`)

export interface Exposition {
  /** `counter`, `gauge`, `histogram`, by name. */
  readonly types: ReadonlyMap<string, string>
  readonly helps: ReadonlyMap<string, string>
  /** Values by `name{label="value"}`, as written. */
  readonly samples: ReadonlyMap<string, number>
}

export function parseExposition(text: string): Exposition {
  if (!text.endsWith('\n')) throw new Error('expected a last line that ends, got one that does not')
  const types = new Map<string, string>()
  const helps = new Map<string, string>()
  const samples = new Map<string, number>()
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, kind, about = '', words = ''] = META.exec(line) ?? []
    if (kind !== undefined) {
      const into = kind === 'TYPE' ? types : helps
      if (into.has(about)) throw new Error(`expected one ${kind} for ${about}, got two`)
      into.set(about, words)
      continue
    }
    const [, name = '', labels, value = ''] = SAMPLE.exec(line) ?? []
    if (!types.has(familyOf(name, types))) throw new Error(`expected a sample of a type that was told, got ${line}`)
    const series = labels === undefined ? name : `${name}{${labels}}`
    if (samples.has(series)) throw new Error(`expected each series once, got ${series} twice`)
    samples.set(series, Number(value.replace('Inf', 'Infinity').replace('Nan', 'NaN')))
  }
  return { types, helps, samples }
}

/** `x` for the `x_bucket`, `x_sum` and `x_count` of a histogram. */
function familyOf(name: string, types: ReadonlyMap<string, string>): string {
  const family = name.replace(/_(?:bucket|sum|count)$/, '')
  return types.get(family) === 'histogram' ? family : name
}
