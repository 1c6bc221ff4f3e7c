import { found } from './element.ts'
import { RequestProblem } from './requests.ts'

export interface AskingDialogOptions {
  /** Of the dialog; its parts are called `ID-go`, `ID-cancel` and `ID-message`. */
  readonly id: string
  /** What its button says, and while it is being done. */
  readonly words: readonly [ready: string, busy: string]
  /** Does what was asked for; what it throws is told. */
  readonly act: () => Promise<void>
  /** What the dialog itself cannot say. */
  readonly onProblem: (problem: unknown) => void
}

/** Asks for something, does it, and says in words what was refused. */
export class AskingDialog {
  readonly #options: AskingDialogOptions
  readonly #dialog: HTMLDialogElement
  readonly #go: HTMLButtonElement
  readonly #message: HTMLElement

  constructor(options: AskingDialogOptions) {
    const { id } = options
    this.#options = options
    this.#dialog = found(`#${id}`, HTMLDialogElement)
    this.#go = found(`#${id}-go`, HTMLButtonElement)
    this.#message = found(`#${id}-message`)
    found(`#${id}-cancel`, HTMLButtonElement).addEventListener('click', () => this.#dialog.close())
    this.#dialog.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#act()
    })
  }

  open(): void {
    this.#message.hidden = true
    this.#dialog.showModal()
  }

  async #act(): Promise<void> {
    const { words, act } = this.#options
    const [ready, busy] = words
    this.#go.disabled = true
    this.#go.textContent = busy
    try {
      await act()
      this.#dialog.close()
    } catch (problem) {
      this.#tell(problem)
    } finally {
      this.#go.disabled = false
      this.#go.textContent = ready
    }
  }

  #tell(problem: unknown): void {
    if (problem instanceof RequestProblem && !problem.isSessionOver) {
      this.#message.hidden = false
      this.#message.textContent = problem.message
      return
    }
    this.#dialog.close()
    this.#options.onProblem(problem)
  }
}
