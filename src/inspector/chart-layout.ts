import type { ChartState } from './chart-model.ts'
import { type ChartArrow, type ChartBox, type ChartLine, type ChartMark, type ChartPlan, textOf } from './chart-plan.ts'
import { isWithin } from './chart-tree.ts'
import { LINE_HEIGHT, widthOf } from './chart-text.ts'

/**
 * Where everything in a picture of a chart stands, in pixels from its upper left corner. The layered layout of the
 * Eclipse Layout Kernel finds it (https://eclipse.dev/elk/reference/algorithms/org-eclipse-elk-layered.html), which takes
 * 100 to 300 ms without a pause: it is for building, never beside live calls.
 */
export interface ChartLayout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly (Area & ChartBox)[]
  readonly marks: readonly (Area & ChartMark)[]
  readonly arrows: readonly PlacedArrow[]
}

export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface PlacedArrow {
  readonly arrow: ChartArrow
  readonly points: readonly Point[]
  /** Where its lines stand; absent if it has none. */
  readonly label: Area | undefined
}

/** What is needed of `new ELK()` of elkjs. */
export interface LayoutEngine {
  layout(graph: LayoutNode): Promise<LayoutNode>
}

/** A graph of the kernel, in its JSON. */
export interface LayoutNode {
  id: string
  x?: number
  y?: number
  width?: number
  height?: number
  layoutOptions?: Record<string, string>
  labels?: LayoutLabel[]
  children?: LayoutNode[]
  edges?: LayoutEdge[]
}

interface LayoutLabel {
  text?: string
  x?: number
  y?: number
  width?: number
  height?: number
}

interface LayoutEdge {
  id: string
  sources: string[]
  targets: string[]
  labels?: LayoutLabel[]
  sections?: { id: string; startPoint: Point; endPoint: Point; bendPoints?: Point[] }[]
}

/** Between a box and its text, left and right. */
export const BOX_PADDING = 12
/** Of the row with a state's name. */
export const HEADER_HEIGHT = 28

export async function layOut(plan: ChartPlan, engine: LayoutEngine): Promise<ChartLayout> {
  const graph = await engine.layout(toGraph(plan))
  const areas = new Map(withDescendants(graph).map((node) => [node.id, areaOf(node)]))
  const routes = new Map(withDescendants(graph).flatMap(({ edges = [] }) => edges.map((edge) => [edge.id, edge])))
  const placed = <T>(thing: T, id: string): T & Area => ({ ...thing, ...found(areas, id) })
  return {
    width: Math.ceil(graph.width ?? 0),
    height: Math.ceil(graph.height ?? 0),
    boxes: plan.boxes.map((box) => placed(box, box.state.id)),
    marks: plan.marks.map((mark) => placed(mark, mark.id)),
    arrows: plan.arrows.map((arrow) => toArrow(arrow, found(routes, arrow.id), isBackward(arrow, plan))),
  }
}

const LAYERED = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
}

const SPACING = {
  'elk.direction': 'DOWN',
  // One machine, one picture.
  'elk.randomSeed': '1',
  'elk.layered.edgeLabels.sideSelection': 'ALWAYS_UP',
  'elk.layered.thoroughness': '100',
  'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '18',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '5',
  'elk.layered.spacing.nodeNodeBetweenLayers': '26',
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
}

const PACKED = {
  'elk.hierarchyHandling': 'SEPARATE_CHILDREN',
  'elk.algorithm': 'rectpacking',
  // Rather long than wide: a long picture can be scrolled, a wide one can only be made small.
  'elk.aspectRatio': '1',
}

function toGraph(plan: ChartPlan): LayoutNode {
  const root = plan.boxes.filter(({ state }) => state.parent === undefined)
  return {
    id: '',
    layoutOptions: {
      ...SPACING,
      ...LAYERED,
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.json.shapeCoords': 'ROOT',
      'elk.json.edgeCoords': 'ROOT',
      'elk.padding': '[top=12,left=12,bottom=12,right=12]',
    },
    children: root.map((box) => toNode(box, plan)),
    edges: edgesIn(undefined, plan),
  }
}

function toNode(box: ChartBox, plan: ChartPlan): LayoutNode {
  const { state } = box
  const area = roomFor(state.key, box.lines)
  if (box.isLeaf) return { id: state.id, ...area }
  const inner = plan.boxes.filter((other) => other.state.parent === state.id).map((child) => toNode(child, plan))
  const marks = plan.marks.filter(({ parent }) => parent.id === state.id).map(toMarkNode)
  return {
    id: state.id,
    layoutOptions: {
      ...SPACING,
      ...(isRegion(box, plan) ? LAYERED : {}),
      ...(state.type === 'parallel' ? PACKED : {}),
      'elk.padding': `[top=${HEADER_HEIGHT + 10},left=14,bottom=14,right=14]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${area.width},${area.height})`,
    },
    children: [...marks, ...inner],
    edges: edgesIn(state.id, plan),
  }
}

function toMarkNode({ id, kind, parent, lines }: ChartMark): LayoutNode {
  return kind === 'initial'
    ? { id, width: 12, height: 12 }
    : { id, ...roomFor(titleOfAnywhere(parent), lines), layoutOptions: { 'elk.alignment': 'TOP' } }
}

export function titleOfAnywhere({ key }: ChartState): string {
  return `anywhere in ${key}`
}

function roomFor(title: string, lines: readonly ChartLine[]) {
  const width = Math.max(66, widthOf(title), ...lines.map((line) => widthOf(textOf(line)))) + 2 * BOX_PADDING
  return { width, height: HEADER_HEIGHT + (lines.length === 0 ? 0 : lines.length * LINE_HEIGHT + 10) }
}

/** A part of a parallel state is a graph of its own: nothing leads out of it. */
function isRegion({ state }: ChartBox, { boxes }: ChartPlan): boolean {
  return boxes.some((box) => box.state.id === state.parent && box.state.type === 'parallel')
}

/** Of the region with that id, or of all that is in none. */
function edgesIn(region: string | undefined, plan: ChartPlan): LayoutEdge[] {
  const regions = plan.boxes.filter((box) => isRegion(box, plan)).map(({ state }) => state.id)
  const regionOf = ({ from, to }: ChartArrow) => regions.findLast((id) => isWithin(from, id) && isWithin(to, id))
  return plan.arrows
    .filter((arrow) => regionOf(arrow) === region)
    .map((arrow) => toEdge(arrow, isBackward(arrow, plan)))
}

/**
 * What comes later in the document stands further down. The kernel's own way of breaking cycles in the order of the
 * model fails on nested graphs, so it is told of these arrows as if they led the other way.
 */
function isBackward({ from, to }: ChartArrow, { boxes }: ChartPlan): boolean {
  const at = (id: string) => boxes.findIndex(({ state }) => state.id === id)
  return at(to) < at(from)
}

function toEdge({ id, from, to, lines }: ChartArrow, isReversed: boolean): LayoutEdge {
  const width = Math.max(0, ...lines.map((line) => widthOf(textOf(line))))
  const labels = lines.length === 0 ? [] : [{ text: id, width, height: lines.length * LINE_HEIGHT }]
  return { id, sources: [isReversed ? to : from], targets: [isReversed ? from : to], labels }
}

function toArrow(arrow: ChartArrow, { sections = [], labels = [] }: LayoutEdge, isReversed: boolean): PlacedArrow {
  const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint])
  return { arrow, points: isReversed ? points.toReversed() : points, label: labels[0] && areaOf(labels[0]) }
}

function areaOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Area>): Area {
  return { x, y, width, height }
}

function withDescendants(node: LayoutNode): LayoutNode[] {
  return [node, ...(node.children ?? []).flatMap(withDescendants)]
}

function found<T>(places: ReadonlyMap<string, T>, id: string): T {
  const place = places.get(id)
  if (place === undefined) throw new Error(`expected a place for ${id}, got none`)
  return place
}
