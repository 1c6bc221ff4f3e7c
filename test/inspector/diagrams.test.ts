import { readdir, readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { ChartEdge } from '../../src/inspector/chart-model.ts'
import { createDiagrams, type Diagram } from '../../src/inspector/diagrams.ts'

const folder = new URL('../../diagrams/', import.meta.url)
const diagrams = createDiagrams()

/** What an edge waits for, as a word that stands in the drawing whatever the drawing looks like. */
function wordOf({ trigger }: ChartEdge): string {
  if (trigger.kind === 'event') return trigger.type
  if (trigger.kind === 'after') return trigger.delay
  if (trigger.kind === 'done') return `${trigger.actor} done`
  return trigger.kind === 'error' ? `${trigger.actor} failed` : ''
}

const nameOf = (id: string) => id.split('.').slice(1).join('_')

/** The labels that may be about an edge: lines in its source, and on arrows from its source or from inside it. */
function labelsAbout({ mermaid }: Diagram, edge: ChartEdge): string[] {
  const source = nameOf(edge.source)
  const target = nameOf(edge.targets[0] ?? '')
  return mermaid.split('\n').flatMap((line) => {
    const [subject = '', text = ''] = line.trim().split(' : ')
    if (line.trim().startsWith('• ')) return [line]
    if (subject === source || subject === `${source}_anywhere`) return [text]
    return subject.startsWith(source) && subject.endsWith(`--> ${target}`) ? text.split('<br/>') : []
  })
}

/** Whether a label says what the edge waits for, on what condition, and why the call then ends. */
function isAbout(label: string, edge: ChartEdge): boolean {
  const reasons = edge.actions.filter((action) => action.startsWith('noteReason('))
  const isGuarded = edge.guard === undefined ? !label.includes('[') : label.includes(`[${edge.guard}]`)
  return label.includes(wordOf(edge)) && isGuarded && reasons.every((reason) => label.includes(reason))
}

describe.each(diagrams)('diagrams/$name.mmd', (diagram) => {
  it('shows the machine as it is; if not, `npm run diagrams` draws it anew', async () => {
    expect(await readFile(new URL(`${diagram.name}.mmd`, folder), 'utf8')).toBe(diagram.mermaid)
  })

  it('shows every state', () => {
    const shown = diagram.chart.states
      .slice(1)
      .filter(({ id, key }) => diagram.mermaid.includes(`state "${key}" as ${nameOf(id)}`))
    expect(shown).toHaveLength(diagram.chart.states.length - 1)
  })

  it('shows every edge', () => {
    const hidden = diagram.chart.edges.filter(
      (edge) => !labelsAbout(diagram, edge).some((label) => isAbout(label, edge)),
    )
    expect(hidden.map(({ id }) => id)).toEqual([])
  })

  it('holds nothing that Mermaid cannot read', () => {
    const lines = diagram.mermaid.split('\n').map((line) => line.trim())
    const allowed = [
      /^%% [^{}]+$/,
      /^stateDiagram-v2$/,
      /^(\[\*\]|\w+) --> (\[\*\]|\w+)( : [^:;#{}]+)?$/,
      /^state "[\w ]+" as \w+( \{)?$/,
      /^\w+ : [^:;#{}]+$/,
      /^note right of \w+$/,
      /^anywhere in \w+$/,
      /^• [^:;#{}]+$/,
      /^(\}|--|end note|)$/,
    ]
    expect(lines.filter((line) => !allowed.some((form) => form.test(line)))).toEqual([])
    expect(lines.filter((line) => /\b(as|-->) (end|state|note|class|style)\b/.test(line))).toEqual([])
    expect(lines.filter((line) => line.endsWith('{'))).toHaveLength(lines.filter((line) => line === '}').length)
  })
})

describe('diagrams/', () => {
  it('holds no drawing of a machine that is gone', async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.mmd') && !file.startsWith('sequence-'))
    expect(files.toSorted()).toEqual(diagrams.map(({ name }) => `${name}.mmd`).toSorted())
  })

  it('shows the regions of an active call side by side', () => {
    const text = diagrams.find(({ name }) => name === 'call')?.mermaid ?? ''
    const active = text.slice(text.indexOf('state "active"'), text.indexOf('note right of active'))
    const regions = active.split('\n    --\n')
    expect(regions.map((region) => /state "(\w+)" as active_\w+ \{/.exec(region)?.[1])).toEqual([
      'floor',
      'stream',
      'queue',
      'agent',
      'hold',
      'transfer',
      'recording',
    ])
  })
})

describe('the sequences that are drawn by hand', async () => {
  const files = (await readdir(folder)).filter((file) => file.startsWith('sequence-'))
  const charts = diagrams.map(({ chart }) => chart)
  const events = new Set(
    charts.flatMap(({ edges }) => edges.flatMap(({ trigger }) => (trigger.kind === 'event' ? trigger.type : []))),
  )
  const states = charts.flatMap((chart) => chart.states.map(({ id }) => id))

  it.each(files)('name only events and states that the machines have: %s', async (file) => {
    const text = await readFile(new URL(file, folder), 'utf8')
    const names = (text.match(/\b[a-z]+(\.[A-Za-z]+)+\b/g) ?? []).filter((name) => !name.endsWith('.ts'))
    const isKnown = (name: string) => events.has(name) || states.some((id) => id.endsWith(`.${name}`))
    expect(names.filter((name) => !isKnown(name))).toEqual([])
    expect(names.length).toBeGreaterThan(0)
  })

  it.each(files)('give each message to somebody who takes part: %s', async (file) => {
    const lines = (await readFile(new URL(file, folder), 'utf8')).split('\n').map((line) => line.trim())
    const named = lines.flatMap((line) => /^(?:participant|actor) (\w+)/.exec(line)?.[1] ?? [])
    const messages = lines.flatMap((line) => [...(/^(\w+)-+(?:>>|x)(\w+): \S/.exec(line)?.slice(1) ?? [])])
    expect(new Set(messages)).toEqual(new Set(named))
  })

  it('are listed in the README', async () => {
    const readme = await readFile(new URL('README.md', folder), 'utf8')
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter((file) => !readme.includes(`\`${file}\``))).toEqual([])
  })
})
