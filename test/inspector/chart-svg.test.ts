import { readdir, readFile } from 'node:fs/promises'
import elk from 'elkjs/lib/elk.bundled.js'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { createMachine } from 'xstate'
import { type Area, type ChartLayout, type LayoutEngine, layOut } from '../../src/inspector/chart-layout.ts'
import { createChart } from '../../src/inspector/chart-model.ts'
import { createPlan } from '../../src/inspector/chart-plan.ts'
import { CHART_STYLE } from '../../src/inspector/chart-style.ts'
import { toSvg } from '../../src/inspector/chart-svg.ts'
import { widthOf } from '../../src/inspector/chart-text.ts'
import { createDiagrams, drawSvg } from '../../src/inspector/diagrams.ts'

const folder = new URL('../../diagrams/', import.meta.url)
const engine: LayoutEngine = new elk.default()
const diagrams = createDiagrams()

const isInside = (inner: Area, outer: Area) =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height

const overlap = (a: Area, b: Area) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

/** All attributes of that name. */
const valuesOf = (svg: string, name: string) =>
  [...svg.matchAll(new RegExp(` ${name}="([^"]*)"`, 'g'))].map(([, value = '']) => value)

describe.each(diagrams)('diagrams/$name.svg', (diagram) => {
  const { chart, options } = diagram
  let svg = ''
  let layout: ChartLayout
  beforeAll(async () => {
    svg = await readFile(new URL(`${diagram.name}.svg`, folder), 'utf8')
    layout = await layOut(createPlan(chart, options), engine)
  })

  it('shows the machine as it is; if not, `npm run diagrams` draws it anew', async () => {
    expect(svg).toBe(await drawSvg(diagram, engine))
  })

  it('has each state and each edge of the chart once, by its id', () => {
    const ids = [...chart.states, ...chart.edges].map(({ id }) => id)
    expect(valuesOf(svg, 'data-id').toSorted()).toEqual(ids.toSorted())
  })

  it('names the delay of each edge that waits', () => {
    const delays = chart.edges.flatMap(({ trigger }) => (trigger.kind === 'after' ? [trigger.delay] : []))
    expect(valuesOf(svg, 'data-delay').toSorted()).toEqual(delays.toSorted())
  })

  it('is well-formed, and needs nothing from elsewhere', () => {
    expect(XMLValidator.validate(svg)).toBe(true)
    const { svg: root } = new XMLParser().parse(svg) as { svg: object }
    expect(Object.keys(root).toSorted()).toEqual(['g', 'style'])
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import|<script|\bon\w+=|style="/)
  })

  it('is not wider than a large screen', () => {
    expect(layout.width).toBeLessThan(2_400)
    expect(layout.width).toBeGreaterThan(0)
  })

  it('puts each state inside the one around it, and beside its neighbours', () => {
    const areaOf = (id: string | undefined) => layout.boxes.find(({ state }) => state.id === id)
    const astray = layout.boxes.filter((box) => {
      const around = areaOf(box.state.parent)
      return around !== undefined && !isInside(box, around)
    })
    expect(astray.map(({ state }) => state.id)).toEqual([])
    const clashes = layout.boxes.filter((box) =>
      layout.boxes.some((other) => other !== box && other.state.parent === box.state.parent && overlap(box, other)),
    )
    expect(clashes.map(({ state }) => state.id)).toEqual([])
  })

  it('leaves every text room', () => {
    const labels = layout.arrows.flatMap(({ arrow, label }) => (label ? [{ id: arrow.id, ...label }] : []))
    const solid = [
      ...labels,
      ...layout.boxes.filter(({ isLeaf }) => isLeaf).map(({ state, ...box }) => ({ ...box, id: state.id })),
      ...layout.marks,
    ]
    const clashes = labels.flatMap((label) =>
      solid.filter((other) => other.id !== label.id && overlap(label, other)).map((other) => [label.id, other.id]),
    )
    expect(clashes).toEqual([])
  })

  it('leads each arrow from the edge of the one to the edge of the other', () => {
    const areas = new Map<string, Area>([
      ...layout.boxes.map((box) => [box.state.id, box] as const),
      ...layout.marks.map((mark) => [mark.id, mark] as const),
    ])
    const point = ({ x, y } = { x: -1, y: -1 }): Area => ({ x, y, width: 0, height: 0 })
    const astray = layout.arrows.filter(
      ({ arrow, points }) =>
        !isInside(point(points[0]), areas.get(arrow.from)!) || !isInside(point(points.at(-1)), areas.get(arrow.to)!),
    )
    expect(astray.map(({ arrow }) => arrow.id)).toEqual([])
  })
})

describe('diagrams/', () => {
  it('holds no picture of a machine that is gone', async () => {
    const files = (await readdir(folder)).filter((file) => file.endsWith('.svg'))
    expect(files.toSorted()).toEqual(diagrams.map(({ name }) => `${name}.svg`).toSorted())
  })

  it("has the main states of a call below one another, in a call's order", async () => {
    const call = diagrams.find(({ name }) => name === 'call')!
    const { boxes } = await layOut(createPlan(call.chart, call.options), engine)
    const line = ['idle', 'connecting', 'active', 'stopping', 'ended']
    const tops = line.map((key) => boxes.find(({ state }) => state.id === `call.${key}`)?.y ?? 0)
    expect(tops).toEqual(tops.toSorted((a, b) => a - b))
  })
})

describe('a picture of a chart', () => {
  const draw = async (config: Parameters<typeof createMachine>[0], gather?: string) => {
    const chart = createChart(createMachine({ id: 'm', ...config }))
    const options = { omit: ['note'], ...(gather === undefined ? {} : { gather }) }
    return toSvg(await layOut(createPlan(chart, options), engine), 'a test', options)
  }
  /** The text of an element, without what is inside angle brackets. */
  const textIn = (svg: string, id: string) =>
    new RegExp(`data-id="${id}"[^>]*>(?:<title>[^<]*</title>)?<text[^>]*>(.*?)</text>`)
      .exec(svg)?.[1]
      ?.replaceAll(/<[^>]*>/g, '')

  it('writes an edge on its arrow: event, guard, actions', async () => {
    const svg = await draw({
      initial: 'a',
      states: { a: { on: { go: { guard: 'isDark', target: 'b', actions: ['note', 'ring'] } } }, b: {} },
    })
    expect(textIn(svg, 'm.a/go/0')).toBe('go [isDark] / ring')
    expect(svg).toContain('<title>go [isDark] / note, ring</title>')
    expect(svg).toContain('data-from="m.a" data-to="m.b"')
  })

  it('writes the many ways into one state where they leave, and draws one arrow for all', async () => {
    const svg = await draw(
      { initial: 'a', states: { a: { on: { stop: '#m.z.y', halt: '#m.z' } }, z: { initial: 'y', states: { y: {} } } } },
      'm.z',
    )
    expect(textIn(svg, 'm.a/stop/0')).toBe('stop → y')
    expect(textIn(svg, 'm.a/halt/0')).toBe('halt → z')
    expect(svg.match(/class="arrow gathered"/g)).toHaveLength(1)
  })

  it('lets what holds all over a state begin at a box inside it', async () => {
    const svg = await draw({
      initial: 'a',
      states: { a: { initial: 'p', entry: 'hum', on: { reset: '.p', tick: {} }, states: { p: {}, q: {} } } },
    })
    expect(svg).toContain('anywhere in a')
    expect(svg).toContain('entry / hum')
    expect(textIn(svg, 'm.a/tick/0')).toBe('ignores tick')
    expect(svg).toContain('data-from="m.a.#anywhere" data-to="m.a.p"')
  })

  it('draws an arrow from a state to itself, and one back to an earlier state', async () => {
    const svg = await draw({ initial: 'a', states: { a: { on: { go: 'b' } }, b: { on: { again: 'b', back: 'a' } } } })
    expect(svg).toContain('data-from="m.b" data-to="m.b"')
    expect(svg).toContain('data-from="m.b" data-to="m.a"')
  })

  it('keeps what machines may be called out of the markup', async () => {
    const svg = await draw({ initial: 'a', states: { a: { on: { 'x<"&>': {} } } } })
    expect(XMLValidator.validate(svg)).toBe(true)
    expect(textIn(svg, 'm.a/x&lt;&quot;&amp;&gt;/0')).toBe('ignores x&lt;&quot;&amp;&gt;')
  })

  it('can be lit up and recoloured by a page: classes for it are there, and colours are custom properties', () => {
    expect(CHART_STYLE).toContain('.active > .box')
    expect(CHART_STYLE).toContain('.taken tspan')
    expect(CHART_STYLE).toContain('prefers-color-scheme: dark')
    const colours = CHART_STYLE.split('\n').filter((line) => /#[0-9a-f]{3}/i.test(line))
    expect(colours.filter((line) => !line.trim().startsWith('--'))).toEqual([])
  })

  it('measures text without asking any font', () => {
    expect(widthOf('')).toBe(0)
    expect(widthOf('iii')).toBeLessThan(widthOf('mmm'))
    expect(widthOf('stream.started')).toBe(82)
  })
})

describe('the layout engine', () => {
  it('is named by nothing but the script that draws', async () => {
    const source = new URL('../../src/', import.meta.url)
    const paths = (await readdir(source, { recursive: true })).filter((path) => path.endsWith('.ts'))
    const texts = await Promise.all(paths.map(async (path) => [path, await readFile(new URL(path, source), 'utf8')]))
    expect(texts.filter(([, text]) => text?.includes("'elkjs")).map(([path]) => path)).toEqual(['cli/diagrams.ts'])
  })
})
