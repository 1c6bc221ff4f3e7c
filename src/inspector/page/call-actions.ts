import type { StateName } from '../../recorder.ts'
import { found, setText } from './element.ts'
import { act, type CallAction } from './requests.ts'
import { idsOf } from './state-ids.ts'
import { TransferDialog } from './transfer-dialog.ts'

/** What can be done to the call that is shown, as long as it goes on. */
export class CallActions {
  readonly #hangUp = found('#hang-up', HTMLButtonElement)
  readonly #hold = found('#hold', HTMLButtonElement)
  readonly #record = found('#record', HTMLButtonElement)
  readonly #transfer = found('#transfer', HTMLButtonElement)
  readonly #onProblem: (problem: unknown) => void
  readonly #dialog: TransferDialog
  #call: string | undefined
  #active: ReadonlySet<string> = new Set()

  constructor(onProblem: (problem: unknown) => void) {
    this.#onProblem = onProblem
    this.#dialog = new TransferDialog(onProblem)
    this.#hangUp.addEventListener('click', () => void this.#act(this.#hangUp, 'hang up'))
    this.#hold.addEventListener('click', () => void this.#act(this.#hold, this.#isHeld ? 'resume' : 'hold'))
    this.#record.addEventListener('click', () => {
      void this.#act(this.#record, this.#isRecorded ? 'stop recording' : 'record')
    })
    this.#transfer.addEventListener('click', () => this.#call !== undefined && this.#dialog.open(this.#call))
  }

  /** The call that may be acted on, if there is one. */
  offer(call: string | undefined): void {
    this.#call = call
    this.#update()
  }

  /** Where it stands now. */
  showState(state: StateName | undefined): void {
    this.#active = new Set(state === undefined ? [] : idsOf('call', state))
    this.#update()
  }

  #update(): void {
    this.#hangUp.hidden = this.#call === undefined
    const canTalk = this.#call !== undefined && this.#active.has('call.active.transfer.none')
    this.#hold.hidden = this.#transfer.hidden = !canTalk
    this.#record.hidden = this.#call === undefined || !this.#active.has('call.active')
    setText(this.#hold, this.#isHeld ? 'Resume' : 'Hold')
    setText(this.#record, this.#isRecorded ? 'Stop recording' : 'Record')
  }

  get #isHeld(): boolean {
    return this.#active.has('call.active.hold.held')
  }

  get #isRecorded(): boolean {
    return this.#active.has('call.active.recording.on')
  }

  async #act(button: HTMLButtonElement, action: CallAction): Promise<void> {
    if (this.#call === undefined || button.disabled) return
    button.disabled = true
    await act(this.#call, action).catch(this.#onProblem)
    button.disabled = false
  }
}
