import type { CallRow, NodeView } from '../wire.ts'
import { NODE_ADDRESS, pathOf } from './address.ts'
import { filterCalls, isLive } from './call-filter.ts'
import { badge, element, found, setText } from './element.ts'
import { clockOf } from './figures.ts'
import { topOf, wordsOfState } from './state-ids.ts'

/** What does not fit in a page is found by searching. */
const MOST_ROWS = 300

interface Shown {
  readonly row: CallRow
  readonly item: HTMLLIElement
  readonly clock: HTMLElement
}

/** The node and its calls, the newest first. */
export class CallsList {
  readonly #onSelect: (watched: string) => void
  readonly #list = found('#call-list', HTMLOListElement)
  readonly #node = found('#node', HTMLAnchorElement)
  readonly #empty = found('#no-calls')
  readonly #search = found('#search', HTMLInputElement)
  readonly #filter = found('#filter', HTMLSelectElement)
  #calls: ReadonlyMap<string, CallRow> = new Map()
  #shown = new Map<string, Shown>()
  #selected: string | null = null

  constructor(onSelect: (watched: string) => void) {
    this.#onSelect = onSelect
    this.#search.addEventListener('input', () => this.#draw())
    this.#filter.addEventListener('change', () => this.#draw())
    this.#list.addEventListener('click', (event) => this.#onClick(event))
    this.#node.addEventListener('click', (event) => this.#onClick(event))
  }

  show(calls: ReadonlyMap<string, CallRow>): void {
    this.#calls = calls
    this.#draw()
  }

  showNode({ state, live, maxCalls }: NodeView): void {
    const words = element('span', { class: 'dim' }, `${live} / ${maxCalls} live`)
    this.#node.replaceChildren(element('b', {}, 'Switchboard'), words, badge(topOf(state)))
    this.#node.title = wordsOfState(state)
  }

  select(watched: string | null): void {
    this.#selected = watched
    this.#mark()
    this.#shown.get(watched ?? '')?.item.scrollIntoView({ block: 'nearest' })
  }

  /** The next one down (1) or up (-1). */
  step(by: number): void {
    const ids = [NODE_ADDRESS, ...this.#shown.keys()]
    const at = ids.indexOf(this.#selected ?? '')
    const id = ids[at < 0 ? 1 : Math.min(ids.length - 1, Math.max(0, at + by))]
    if (id !== undefined) this.#onSelect(id)
  }

  focusSearch(): void {
    this.#search.focus()
  }

  /** Time goes on for calls that live. */
  tick(): void {
    for (const { row, clock } of this.#shown.values()) if (isLive(row)) setText(clock, durationOf(row))
  }

  #draw(): void {
    const filter = { state: this.#filter.value, text: this.#search.value }
    const calls = filterCalls(this.#calls.values(), filter)
    const shown = calls.slice(0, MOST_ROWS).map((row) => this.#item(row))
    this.#shown = new Map(shown.map((each) => [each.row.id, each]))
    const items = shown.map(({ item }) => item)
    // Elements that stay where they are keep the focus.
    if (items.some((item, index) => this.#list.children[index] !== item) || items.length !== this.#list.children.length)
      this.#list.replaceChildren(...items)
    const rest = calls.length - shown.length
    setText(this.#empty, this.#calls.size === 0 ? 'No calls yet.' : rest > 0 ? `${rest} more` : 'No call is like that.')
    this.#empty.hidden = calls.length > 0 && rest === 0
    for (const option of this.#filter.options) {
      const count = filterCalls(this.#calls.values(), { state: option.value, text: '' }).length
      option.label = count > 0 ? `${option.value} (${count})` : option.value
    }
    this.#mark()
  }

  #item(row: CallRow): Shown {
    const shown = this.#shown.get(row.id)
    if (shown && shown.row === row) return shown
    const item = shown?.item ?? element('li', { 'data-call': row.id })
    const clock = element('span', { class: 'clock' }, durationOf(row))
    const [far, near] = row.direction === 'inbound' ? [row.from, row.to] : [row.to, row.from]
    const link = item.querySelector('a') ?? element('a', { href: pathOf(row.id) })
    link.replaceChildren(
      element('span', { class: `direction ${row.direction}`, title: row.direction }, arrowOf(row)),
      element('span', { class: 'far' }, far || 'unknown'),
      clock,
      element(
        'span',
        { class: 'dim rest' },
        badge(row.state),
        [row.reason ?? row.agent, near].filter(Boolean).join(' · '),
      ),
    )
    link.setAttribute('aria-label', labelOf(row))
    if (!shown) item.append(link)
    return { row, item, clock }
  }

  #mark(): void {
    for (const [id, { item }] of this.#shown) mark(item.querySelector('a'), id === this.#selected)
    mark(this.#node, this.#selected === NODE_ADDRESS)
  }

  #onClick(event: MouseEvent): void {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    // Opening in a new tab is the browser's.
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    this.#onSelect(link.closest<HTMLElement>('[data-call]')?.dataset.call ?? NODE_ADDRESS)
  }
}

function mark(link: Element | null, isSelected: boolean): void {
  if (isSelected) link?.setAttribute('aria-current', 'true')
  else link?.removeAttribute('aria-current')
}

export function arrowOf({ direction }: Pick<CallRow, 'direction'>): string {
  return direction === 'inbound' ? '↙' : '↗'
}

export function durationOf({ startedAt, endedAt }: CallRow): string {
  return clockOf((endedAt ?? Date.now()) - startedAt)
}

function labelOf({ direction, from, to, state, reason, agent }: CallRow): string {
  return `${direction} call from ${from || 'unknown'} to ${to}, ${state}${reason ? `, ${reason}` : ''}, agent ${agent}`
}
