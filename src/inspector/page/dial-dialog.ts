import { element, found } from './element.ts'
import { placeCall, RequestProblem } from './requests.ts'

/** Asks whom to call, and calls. */
export class DialDialog {
  readonly #dialog = found('#dial', HTMLDialogElement)
  readonly #to = found('#dial-to', HTMLInputElement)
  readonly #agent = found('#dial-agent', HTMLSelectElement)
  readonly #go = found('#dial-go', HTMLButtonElement)
  readonly #message = found('#dial-message')
  readonly #onPlaced: (id: string) => void
  readonly #onProblem: (problem: unknown) => void

  /** `onProblem`: what the dialog itself cannot say. */
  constructor(onPlaced: (id: string) => void, onProblem: (problem: unknown) => void) {
    this.#onPlaced = onPlaced
    this.#onProblem = onProblem
    found('#place-call', HTMLButtonElement).addEventListener('click', () => this.#open())
    found('#dial-cancel', HTMLButtonElement).addEventListener('click', () => this.#dialog.close())
    this.#dialog.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#dial()
    })
  }

  offer(agents: readonly string[], usual: string): void {
    this.#agent.replaceChildren(...agents.map((agent) => element('option', {}, agent)))
    this.#agent.value = usual
  }

  #open(): void {
    this.#message.hidden = true
    this.#dialog.showModal()
    this.#to.select()
  }

  async #dial(): Promise<void> {
    this.#go.disabled = true
    this.#go.textContent = 'Calling…'
    try {
      const id = await placeCall(this.#to.value.trim(), this.#agent.value)
      this.#dialog.close()
      this.#onPlaced(id)
    } catch (problem) {
      this.#tell(problem)
    } finally {
      this.#go.disabled = false
      this.#go.textContent = 'Call'
    }
  }

  #tell(problem: unknown): void {
    if (problem instanceof RequestProblem && !problem.isSessionOver) {
      this.#message.hidden = false
      this.#message.textContent = problem.message
      return
    }
    this.#dialog.close()
    this.#onProblem(problem)
  }
}
