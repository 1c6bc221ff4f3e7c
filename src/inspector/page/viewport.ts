import { svgElement } from './element.ts'

const ZOOM_STEP = 1.2
const [SMALLEST, LARGEST] = [0.1, 3]
/** At which the words on a chart are read with ease. */
const READING_ZOOM = 0.9
/** Between what is followed and the edge of what is seen. */
const MARGIN = 24

interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** What of a large picture is seen: zoomed by buttons, moved by hand, by scrolling or by itself. */
export class Viewport {
  readonly #frame: HTMLElement
  readonly #map: HTMLElement
  readonly #onChange: () => void
  #picture: SVGSVGElement | undefined
  #zoom = READING_ZOOM
  #isFollowing = true
  #sight: SVGRectElement | undefined
  /** What the map must not hide. */
  #followed: readonly SVGGraphicsElement[] = []

  /** `frame` scrolls; `map` shows the whole picture and what is seen of it; `onChange`: zoom or following has changed. */
  constructor(frame: HTMLElement, map: HTMLElement, onChange: () => void) {
    this.#frame = frame
    this.#map = map
    this.#onChange = onChange
    frame.addEventListener('scroll', () => this.#drawSight(), { passive: true })
    frame.addEventListener('wheel', (event) => this.#onWheel(event), { passive: false })
    frame.addEventListener('pointerdown', (event) => this.#drag(event))
    map.addEventListener('pointerdown', (event) => this.#point(event))
    map.addEventListener('pointermove', (event) => event.buttons === 1 && this.#point(event))
    new ResizeObserver(() => this.#drawSight()).observe(frame)
  }

  get zoom(): number {
    return this.#zoom
  }

  get isFollowing(): boolean {
    return this.#isFollowing
  }

  set isFollowing(isFollowing: boolean) {
    this.#isFollowing = isFollowing
    this.#onChange()
  }

  show(picture: SVGSVGElement): void {
    this.#picture = picture
    this.#followed = []
    this.#frame.replaceChildren(picture)
    this.#sight = svgElement('rect', { class: 'sight' })
    const boxes = [...picture.querySelectorAll('.state > .box')].map((box) => toMapBox(box))
    const viewBox = picture.getAttribute('viewBox') ?? ''
    this.#map.replaceChildren(svgElement('svg', { viewBox, class: 'chart' }, ...boxes, this.#sight))
    this.zoomTo(this.#zoom)
  }

  /** The same states are lit up on the map. */
  light(ids: ReadonlySet<string>): void {
    for (const box of this.#map.querySelectorAll<SVGElement>('[data-of]')) {
      box.classList.toggle('lit', ids.has(box.dataset.of ?? ''))
    }
  }

  /** Around the middle of what is seen. */
  zoomBy(steps: number): void {
    this.zoomTo(this.#zoom * ZOOM_STEP ** steps)
  }

  zoomToRead(): void {
    this.zoomTo(READING_ZOOM)
  }

  zoomToFit(): void {
    const { width, height } = this.#size
    this.zoomTo(Math.min(this.#frame.clientWidth / width, this.#frame.clientHeight / height))
  }

  zoomTo(zoom: number): void {
    const frame = this.#frame
    const before = this.#zoom
    this.#zoom = Math.min(LARGEST, Math.max(SMALLEST, zoom))
    const middle = (from: number, extent: number) => ((from + extent / 2) / before) * this.#zoom - extent / 2
    const left = middle(frame.scrollLeft, frame.clientWidth)
    const top = middle(frame.scrollTop, frame.clientHeight)
    const { width, height } = this.#size
    this.#picture?.style.setProperty('width', `${width * this.#zoom}px`)
    this.#picture?.style.setProperty('height', `${height * this.#zoom}px`)
    frame.scrollTo({ left, top, behavior: 'instant' })
    this.#drawSight()
    this.#onChange()
  }

  /** Brings the first of `groups` into view that can be seen as a whole; of the last, as much as can be. */
  follow(groups: readonly (readonly SVGGraphicsElement[])[]): void {
    this.#followed = groups[0] ?? []
    this.#dodge()
    if (!this.#isFollowing) return
    const boxes = groups.filter((group) => group.length > 0).map((group) => this.#around(group))
    const box = boxes.find((each) => this.#hasRoomFor(each)) ?? boxes.at(-1)
    if (box && !this.#sees(box)) this.#centre(box, isMotionReduced() ? 'instant' : 'smooth')
  }

  get #size(): { readonly width: number; readonly height: number } {
    const { width = 1, height = 1 } = this.#picture?.viewBox.baseVal ?? {}
    return { width, height }
  }

  #around(elements: readonly SVGGraphicsElement[]): Box {
    const boxes = elements.map((element) => element.getBBox())
    return {
      left: Math.min(...boxes.map(({ x }) => x)) * this.#zoom,
      top: Math.min(...boxes.map(({ y }) => y)) * this.#zoom,
      right: Math.max(...boxes.map(({ x, width }) => x + width)) * this.#zoom,
      bottom: Math.max(...boxes.map(({ y, height }) => y + height)) * this.#zoom,
    }
  }

  #hasRoomFor({ left, top, right, bottom }: Box): boolean {
    const { clientWidth, clientHeight } = this.#frame
    return right - left <= clientWidth - 2 * MARGIN && bottom - top <= clientHeight - 2 * MARGIN
  }

  #sees({ left, top, right, bottom }: Box): boolean {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#frame
    return (
      left >= scrollLeft + MARGIN &&
      top >= scrollTop + MARGIN &&
      right <= scrollLeft + clientWidth - MARGIN &&
      bottom <= scrollTop + clientHeight - MARGIN
    )
  }

  #centre({ left, top, right, bottom }: Box, behavior: ScrollBehavior): void {
    const { clientWidth, clientHeight } = this.#frame
    this.#frame.scrollTo({
      left: (left + right - clientWidth) / 2,
      top: (top + bottom - clientHeight) / 2,
      behavior,
    })
  }

  #onWheel(event: WheelEvent): void {
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault()
      this.zoomBy(event.deltaY < 0 ? 1 : -1)
    } else if (this.#isFollowing) this.isFollowing = false
  }

  #drag(start: PointerEvent): void {
    // A finger scrolls by itself.
    if (start.pointerType !== 'mouse' || start.button !== 0) return
    const frame = this.#frame
    const { scrollLeft, scrollTop } = frame
    const move = (event: PointerEvent) => {
      const [x, y] = [event.clientX - start.clientX, event.clientY - start.clientY]
      if (Math.hypot(x, y) < 4) return
      this.isFollowing = false
      frame.classList.add('dragged')
      frame.scrollTo({ left: scrollLeft - x, top: scrollTop - y, behavior: 'instant' })
    }
    const stop = () => {
      frame.classList.remove('dragged')
      frame.removeEventListener('pointermove', move)
    }
    frame.setPointerCapture(start.pointerId)
    frame.addEventListener('pointermove', move)
    frame.addEventListener('lostpointercapture', stop, { once: true })
  }

  /** What is pointed at on the map is shown. */
  #point({ clientX, clientY }: PointerEvent): void {
    const { left, top, width, height } = this.#map.getBoundingClientRect()
    const size = this.#size
    const x = ((clientX - left) / width) * size.width * this.#zoom
    const y = ((clientY - top) / height) * size.height * this.#zoom
    this.isFollowing = false
    this.#centre({ left: x, right: x, top: y, bottom: y }, 'instant')
  }

  /** The map lies at the right, or at the left if something is under it there. */
  #dodge(): void {
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.#frame
    const left = scrollLeft + clientWidth - this.#map.offsetWidth - MARGIN
    const top = scrollTop + clientHeight - this.#map.offsetHeight - MARGIN
    const isUnder = (box: Box) =>
      box.right > left && box.bottom > top && box.left < scrollLeft + clientWidth && box.top < scrollTop + clientHeight
    this.#map.classList.toggle('aside', this.#followed.map((each) => this.#around([each])).some(isUnder))
  }

  #drawSight(): void {
    const { scrollLeft, scrollTop, scrollWidth, scrollHeight, clientWidth, clientHeight } = this.#frame
    const sight = { x: scrollLeft, y: scrollTop, width: clientWidth, height: clientHeight }
    for (const [name, value] of Object.entries(sight)) this.#sight?.setAttribute(name, String(value / this.#zoom))
    this.#map.hidden = scrollWidth <= clientWidth + 1 && scrollHeight <= clientHeight + 1
    this.#dodge()
  }
}

function toMapBox(box: Element): SVGElement {
  const place = ['x', 'y', 'width', 'height'].map((name): [string, string] => [name, box.getAttribute(name) ?? '0'])
  const { id = '' } = box.parentElement?.dataset ?? {}
  const isLeaf = box.parentElement?.matches('.atomic, .final') === true
  return svgElement('rect', { ...Object.fromEntries(place), 'data-of': id, class: isLeaf ? 'leaf' : 'around' })
}

function isMotionReduced(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}
