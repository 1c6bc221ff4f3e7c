import { found } from './element.ts'
import type { ChartName } from './moment.ts'

/** Which chart is shown: the call's, its command's, or the node's. */
export class ChartTabs {
  readonly #tabs = [...found('#tabs').querySelectorAll('button')]
  readonly #onChoose: () => void
  #chosen: ChartName = 'call'

  constructor(onChoose: () => void) {
    this.#onChoose = onChoose
    for (const tab of this.#tabs) {
      tab.addEventListener('click', () => this.choose(nameOf(tab)))
      tab.addEventListener('keydown', (event) => this.#onKey(event, tab))
    }
  }

  get chosen(): ChartName {
    return this.#chosen
  }

  choose(name: ChartName): void {
    this.#chosen = name
    for (const tab of this.#tabs) {
      tab.setAttribute('aria-selected', String(nameOf(tab) === name))
      tab.tabIndex = nameOf(tab) === name ? 0 : -1
    }
    this.#onChoose()
  }

  /** Only these can be chosen. The one that is stays so, if it is among them; else the first is chosen. */
  offer(...names: readonly ChartName[]): void {
    for (const tab of this.#tabs) tab.hidden = !names.includes(nameOf(tab))
    const chosen = names.includes(this.#chosen) ? this.#chosen : names[0]
    if (chosen) this.choose(chosen)
  }

  #onKey(event: KeyboardEvent, tab: HTMLButtonElement): void {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    const shown = this.#tabs.filter(({ hidden }) => !hidden)
    const next = shown.at((shown.indexOf(tab) + by) % shown.length)
    next?.focus()
    next?.click()
  }
}

function nameOf(tab: HTMLElement): ChartName {
  return tab.dataset.chart as ChartName
}
