import type { PendingTimer } from '../wire.ts'
import { svgElement } from './element.ts'
import { leftOf } from './figures.ts'
import type { ChartName, Doing, Taken } from './moment.ts'
import { enteredLeaves, idsOf, leavesOf } from './state-ids.ts'
import type { Viewport } from './viewport.ts'

const FLASH_MS = 1_000

/** A chart's picture, and what its chart is doing. The picture is the server's; only classes are set in it, and words. */
export class ChartView {
  readonly #viewport: Viewport
  readonly #fetchPicture: (name: ChartName) => Promise<SVGSVGElement>
  readonly #pictures = new Map<ChartName, Promise<SVGSVGElement>>()
  #name: ChartName | undefined
  #picture: SVGSVGElement | undefined
  #doing: Doing = { state: undefined, before: undefined }
  #timers: readonly PendingTimer[] = []
  #flashes = new Map<SVGGraphicsElement, ReturnType<typeof setTimeout> | undefined>()

  constructor(viewport: Viewport, fetchPicture: (name: ChartName) => Promise<SVGSVGElement>) {
    this.#viewport = viewport
    this.#fetchPicture = fetchPicture
  }

  /** Resolves when the picture is there, or another is wanted by now. Rejects if it cannot be had. */
  async show(name: ChartName): Promise<void> {
    if (this.#name === name) return
    this.#name = name
    const picture = this.#pictures.get(name) ?? this.#fetchPicture(name)
    this.#pictures.set(name, picture)
    try {
      await picture
    } catch (error) {
      this.#pictures.delete(name)
      if (this.#name === name) this.#name = undefined
      throw error
    }
    if (this.#name !== name) return
    this.dim()
    this.count([])
    this.#picture = await picture
    this.#viewport.show(this.#picture)
    this.do(this.#doing)
  }

  do(doing: Doing): void {
    this.#doing = doing
    const ids = new Set(doing.state === undefined ? [] : idsOf(this.#chart, doing.state))
    for (const element of this.#all('.state')) element.classList.toggle('active', ids.has(element.dataset.id ?? ''))
    this.#viewport.light(ids)
    this.follow()
  }

  /** Brings what is active into view and the edge just taken, or as much of both as there is room for. */
  follow(): void {
    const { state, before } = this.#doing
    if (state === undefined) return
    const leaves = this.#boxes(leavesOf(this.#chart, state))
    const entered = this.#boxes(enteredLeaves(this.#chart, before, state))
    const taken = [...this.#flashes.keys()]
    this.#viewport.follow([[...leaves, ...taken], [...entered, ...taken], leaves, entered, leaves.slice(0, 1)])
  }

  /** Lights up an edge: for a second, or until something else is shown. */
  flash({ edges, label }: Taken, isBrief: boolean): void {
    for (const id of edges) {
      const edge = this.#find(id)
      if (!edge) continue
      this.#end(edge)
      edge.classList.add('taken')
      edge.append(...this.#words(edge, label))
      this.#flashes.set(edge, isBrief ? setTimeout(() => this.#end(edge), FLASH_MS) : undefined)
    }
  }

  /** No edge is lit up any more. */
  dim(): void {
    for (const edge of this.#flashes.keys()) this.#end(edge)
  }

  /** Each is written where its edge says how long it waits. */
  count(timers: readonly PendingTimer[]): void {
    const gone = this.#timers.filter(({ edge }) => !timers.some((timer) => timer.edge === edge))
    for (const { edge } of gone) this.#restore(edge)
    this.#timers = timers
    for (const timer of timers) this.#write(timer)
  }

  get #chart(): string {
    return this.#picture?.querySelector<SVGElement>('.root')?.dataset.id ?? ''
  }

  #all(selector: string): SVGGraphicsElement[] {
    return [...(this.#picture?.querySelectorAll<SVGGraphicsElement>(selector) ?? [])]
  }

  #find(id: string): SVGGraphicsElement | undefined {
    return this.#picture?.querySelector<SVGGraphicsElement>(`[data-id="${CSS.escape(id)}"]`) ?? undefined
  }

  #boxes(ids: readonly string[]): SVGGraphicsElement[] {
    return ids.flatMap((id) => this.#find(id)?.querySelector<SVGGraphicsElement>(':scope > .box') ?? [])
  }

  /** Who told, above the edge's own words. */
  #words(edge: SVGGraphicsElement, label: string): SVGElement[] {
    const { x, y } = edge.getBBox()
    const text = svgElement('text', { class: 'flash', x: String(x + 5), y: String(y - 4) }, label)
    const back = svgElement('rect', { class: 'flash', x: String(x), y: String(y - 16), height: '16', rx: '4' })
    back.setAttribute('width', String(label.length * 6.4 + 10))
    return [back, text]
  }

  #end(edge: SVGGraphicsElement): void {
    clearTimeout(this.#flashes.get(edge))
    this.#flashes.delete(edge)
    edge.classList.remove('taken')
    for (const flash of edge.querySelectorAll('.flash')) flash.remove()
  }

  #write({ edge: id, leftMs, ofMs }: PendingTimer): void {
    const edge = this.#find(id)
    const words = edge?.querySelector<SVGElement>('.trigger')
    if (!edge || !words) return
    words.dataset.said ??= words.textContent ?? ''
    const text = words.dataset.said.replace(/^after .*? ?(?=\(|$)/, `in ${leftOf(leftMs)} `).trimEnd()
    if (words.textContent !== text) words.textContent = text
    edge.classList.add('waiting')
    const bar = edge.querySelector('.left') ?? this.#addBar(edge)
    const width = Number(bar.getAttribute('data-width'))
    bar.setAttribute('width', String(width * Math.min(1, leftMs / ofMs)))
  }

  #addBar(edge: SVGGraphicsElement): SVGElement {
    const { x, y, width, height } = edge.getBBox()
    const place = { x: String(x), y: String(y + height - 1), height: '2', 'data-width': String(width) }
    const bar = svgElement('rect', { class: 'left', ...place })
    edge.append(bar)
    return bar
  }

  #restore(id: string): void {
    const edge = this.#find(id)
    const words = edge?.querySelector<SVGElement>('.trigger')
    edge?.classList.remove('waiting')
    edge?.querySelector('.left')?.remove()
    if (words?.dataset.said !== undefined) words.textContent = words.dataset.said
  }
}
