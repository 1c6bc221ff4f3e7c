import type { ChildView, PendingTimer } from '../wire.ts'
import { element, found, setText } from './element.ts'
import { delayOfEdge } from './event-words.ts'
import { leftOf } from './figures.ts'
import { wordsOfState } from './state-ids.ts'

/** What the call waits for, and who works for it. */
export class ActivityView {
  readonly #timers = found('#timers', HTMLUListElement)
  readonly #children = found('#children', HTMLUListElement)

  showTimers(timers: readonly PendingTimer[]): void {
    const items = timers.map((timer) => this.#timerItem(timer))
    if (items.length !== this.#timers.children.length || items.some((item) => !item.isConnected)) {
      this.#timers.replaceChildren(...items)
    }
    this.#timers.hidden = timers.length === 0
  }

  showChildren(children: readonly ChildView[]): void {
    const text = JSON.stringify(children)
    if (this.#children.dataset.said === text) return
    this.#children.dataset.said = text
    this.#children.replaceChildren(...children.map(toItem))
    this.#children.hidden = children.length === 0
  }

  #timerItem({ edge, leftMs, ofMs }: PendingTimer): Element {
    const name = delayOfEdge(edge)
    const item =
      this.#timers.querySelector(`[data-timer="${CSS.escape(edge)}"]`) ??
      element('li', { 'data-timer': edge, title: edge }, element('span'), element('b'), element('i'))
    const [word, left, bar] = item.children
    if (word) setText(word, name)
    if (left) setText(left, leftOf(leftMs))
    if (bar instanceof HTMLElement) bar.style.setProperty('--share', String(Math.min(1, Math.max(0, leftMs / ofMs))))
    return item
  }
}

function toItem({ id, src, status, state }: ChildView): HTMLElement {
  const where = state === undefined ? '' : wordsOfState(state)
  const what = status === 'active' ? where || status : status === 'stopped' && where ? `${status} in ${where}` : status
  const name = id === src ? id : `${id} (${src})`
  return element('li', { 'data-child': id, 'data-status': status }, element('b', {}, name), ` ${what}`)
}
