import { pathOf } from './address.ts'
import { element, found } from './element.ts'
import { RequestProblem } from './requests.ts'

/** Says what went wrong, until it is put away. */
export class MessageBar {
  readonly #place = found('#message')

  say(message: string): void {
    this.#show(message)
  }

  /** Of whatever was thrown. */
  tell(problem: unknown): void {
    if (problem instanceof RequestProblem && problem.isSessionOver) return this.sayOver()
    this.#show(problem instanceof Error ? problem.message : String(problem))
  }

  /** Only logging in again helps. */
  sayOver(): void {
    this.#show('The session is over. ', element('a', { href: pathOf(null) }, 'Log in again'))
  }

  clear(): void {
    this.#place.hidden = true
  }

  #show(...words: (string | Node)[]): void {
    const close = element('button', { type: 'button', 'aria-label': 'Put this message away' }, '×')
    close.addEventListener('click', () => this.clear())
    this.#place.hidden = false
    this.#place.replaceChildren(element('span', {}, ...words), close)
  }
}
