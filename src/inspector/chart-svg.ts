import type { DrawingOptions } from './chart-drawing.ts'
import {
  type Area,
  BOX_PADDING,
  type ChartLayout,
  HEADER_HEIGHT,
  type PlacedArrow,
  type Point,
  titleOfAnywhere,
} from './chart-layout.ts'
import type { ChartState } from './chart-model.ts'
import type { ChartBox, ChartLine, ChartMark } from './chart-plan.ts'
import { CHART_STYLE } from './chart-style.ts'
import { LINE_HEIGHT } from './chart-text.ts'
import { labelOfEdge } from './edge-label.ts'

/**
 * The picture as one SVG file that needs nothing else: no script, no font. Each state and each edge is an element with
 * its id in the chart as `data-id`, once, and its kind in its class; an edge that waits for a time names it in
 * `data-delay`. `heading` becomes a comment.
 */
export function toSvg(layout: ChartLayout, heading: string, options: DrawingOptions = {}): string {
  const { width, height, boxes, marks, arrows } = layout
  const name = boxes[0]?.state.key ?? ''
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Statechart: ${escape(name)}">`,
    `<!-- ${heading} -->`,
    `<style>${CHART_STYLE}</style>`,
    ...boxes.map((box) => drawBox(box, boxes, options)),
    ...marks.map((mark) => drawMark(mark, options)),
    ...arrows.map((arrow) => drawArrow(arrow, options)),
    '</svg>',
    '',
  ].join('\n')
}

function drawBox(box: Area & ChartBox, boxes: readonly ChartBox[], options: DrawingOptions): string {
  const { state, lines } = box
  return [
    `<g class="${classOf(state, boxes)}" data-id="${escape(state.id)}">`,
    frame('box', box, 6),
    ...(state.type === 'final' ? [frame('box', inset(box, 3), 4)] : []),
    title(state.key, box, box.isLeaf && lines.length === 0),
    ...drawBody(box, lines, options),
    '</g>',
  ].join('\n')
}

function drawMark(mark: Area & ChartMark, options: DrawingOptions): string {
  const { kind, parent, lines, x, y, width, height } = mark
  const [middleX, middleY] = [round(x + width / 2), round(y + height / 2)]
  if (kind === 'initial') return `<g class="mark initial"><circle cx="${middleX}" cy="${middleY}" r="5"/></g>`
  return [
    '<g class="mark anywhere">',
    frame('around', mark, 6),
    title(titleOfAnywhere(parent), mark, lines.length === 0),
    ...drawBody(mark, lines, options),
    '</g>',
  ].join('\n')
}

function title(text: string, { x, y, width }: Area, isCentred: boolean): string {
  const at = isCentred ? `text-anchor="middle" x="${round(x + width / 2)}"` : `x="${round(x + BOX_PADDING)}"`
  return `<text class="name" ${at} y="${round(y + 19)}">${escape(text)}</text>`
}

/** A box's lines, below its title. */
function drawBody({ x, y, width }: Area, lines: readonly ChartLine[], options: DrawingOptions): string[] {
  if (lines.length === 0) return []
  const top = y + HEADER_HEIGHT
  const rule = `<path class="rule" d="M${round(x)} ${round(top)}h${round(width)}"/>`
  return [rule, ...drawLines(lines, { x: x + BOX_PADDING, y: top + 5 }, options)]
}

function classOf({ type, parent }: ChartState, boxes: readonly ChartBox[]): string {
  if (parent === undefined) return 'state root'
  const around = boxes.find(({ state }) => state.id === parent)?.state
  if (around?.type === 'parallel') return `state ${type} region`
  return `state ${type}${around?.parent === undefined ? ' top' : ' nested'}`
}

function drawLines(lines: readonly ChartLine[], { x, y }: Point, options: DrawingOptions): string[] {
  return lines.map(({ edge, words }, at) => {
    const spans = words.map(
      ({ kind, text }, index) => `<tspan class="${kind}">${index > 0 ? ' ' : ''}${escape(text)}</tspan>`,
    )
    const text = `<text x="${round(x)}" y="${round(y + at * LINE_HEIGHT + 13)}">${spans.join('')}</text>`
    if (!edge) return text
    const isIgnored = edge.targets.length === 0 && edge.actions.length === 0
    const delay = edge.trigger.kind === 'after' ? ` data-delay="${escape(edge.trigger.delay)}"` : ''
    const whole = labelOfEdge(edge)
    // What is not drawn is told when the pointer rests on it.
    const hint = whole === labelOfEdge(edge, options.omit) ? '' : `<title>${escape(whole)}</title>`
    return `<g class="edge ${edge.trigger.kind}${isIgnored ? ' ignored' : ''}" data-id="${escape(edge.id)}"${delay}>${hint}${text}</g>`
  })
}

function drawArrow({ arrow, points, label }: PlacedArrow, options: DrawingOptions): string {
  const lines = label ? drawLines(arrow.lines, label, options) : []
  return [
    `<g class="arrow ${arrow.kind}" data-from="${escape(arrow.from)}" data-to="${escape(arrow.to)}">`,
    `<path class="line" d="${curve(points)}"/>`,
    head(points),
    ...lines,
    '</g>',
  ].join('\n')
}

const CORNER = 6

/** A line from point to point with round corners. */
function curve(points: readonly Point[]): string {
  const steps = points.map((point, at) => {
    const before = points[at - 1]
    const after = points[at + 1]
    if (!before) return `M${pair(point)}`
    if (!after) return `L${pair(point)}`
    return `L${pair(towards(point, before))}Q${pair(point)} ${pair(towards(point, after))}`
  })
  return steps.join('')
}

function towards(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  const share = Math.min(CORNER, length / 2) / length
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share }
}

/** A triangle at the end. Lines run along the axes, so there are four of them. */
function head(points: readonly Point[]): string {
  const end = points.at(-1) ?? { x: 0, y: 0 }
  const before = points.at(-2) ?? end
  const along = { x: Math.sign(round(end.x - before.x)), y: Math.sign(round(end.y - before.y)) }
  const corner = (side: number) => ({
    x: end.x - along.x * 8 + along.y * 4 * side,
    y: end.y - along.y * 8 + along.x * 4 * side,
  })
  return `<path class="head" d="M${pair(end)}L${pair(corner(1))}L${pair(corner(-1))}Z"/>`
}

function frame(className: string, { x, y, width, height }: Area, radius: number): string {
  return `<rect class="${className}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${radius}"/>`
}

function inset({ x, y, width, height }: Area, by: number): Area {
  return { x: x + by, y: y + by, width: width - 2 * by, height: height - 2 * by }
}

const pair = ({ x, y }: Point) => `${round(x)} ${round(y)}`

/** To a tenth of a pixel: the last digits of a double are nobody's business. */
function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
