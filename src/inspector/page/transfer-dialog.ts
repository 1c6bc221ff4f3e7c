import { AskingDialog } from './asking-dialog.ts'
import { found } from './element.ts'
import { transfer } from './requests.ts'

/** Asks to whom a call is to be handed over, and has it done. */
export class TransferDialog {
  readonly #to = found('#hand-over-to', HTMLInputElement)
  readonly #dialog: AskingDialog
  #call = ''

  constructor(onProblem: (problem: unknown) => void) {
    this.#dialog = new AskingDialog({
      id: 'hand-over',
      words: ['Transfer', 'Transferring…'],
      act: () => transfer(this.#call, this.#to.value.trim()),
      onProblem,
    })
  }

  open(call: string): void {
    this.#call = call
    this.#dialog.open()
    this.#to.select()
  }
}
