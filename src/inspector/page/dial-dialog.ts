import { AskingDialog } from './asking-dialog.ts'
import { element, found } from './element.ts'
import { placeCall } from './requests.ts'

/** Asks whom to call, and calls. */
export class DialDialog {
  readonly #to = found('#dial-to', HTMLInputElement)
  readonly #agent = found('#dial-agent', HTMLSelectElement)

  /** `onProblem`: what the dialog itself cannot say. */
  constructor(onPlaced: (id: string) => void, onProblem: (problem: unknown) => void) {
    const dialog = new AskingDialog({
      id: 'dial',
      words: ['Call', 'Calling…'],
      act: async () => onPlaced(await placeCall(this.#to.value.trim(), this.#agent.value)),
      onProblem,
    })
    found('#place-call', HTMLButtonElement).addEventListener('click', () => {
      dialog.open()
      this.#to.select()
    })
  }

  offer(agents: readonly string[], usual: string): void {
    this.#agent.replaceChildren(...agents.map((agent) => element('option', {}, agent)))
    this.#agent.value = usual
  }
}
