import type { StateName } from '../../recorder.ts'
import type { CallRow } from '../wire.ts'
import { arrowOf, durationOf } from './calls-list.ts'
import { element, found, setText } from './element.ts'
import { spanOf } from './figures.ts'
import type { Film } from './film.ts'
import { topOf, wordsOfState } from './state-ids.ts'

/** Whose call is shown, and where it stands. */
export class CallHead {
  readonly #title = found('#title')
  readonly #facts = found('#facts')
  readonly #file = found('#file')
  readonly #close = found('#close-recording', HTMLButtonElement)
  readonly #copy = found('#copy-link', HTMLButtonElement)
  readonly #state = found('#state')
  readonly #words = found('#state-words')

  /** `row`: the call as it is in the list, if it is. */
  show(watched: string | null, film: Film | undefined, row: CallRow | undefined): void {
    const isFile = film?.file !== undefined
    this.#file.hidden = this.#close.hidden = !isFile
    setText(this.#file, isFile ? `recording ${film.file ?? ''}` : '')
    this.#copy.hidden = isFile || watched === null
    setText(this.#title, titleOf(watched, film, row))
    const call = row ?? film?.call
    const facts = call ? [call.direction, call.agent, call.id, row?.reason ?? reasonOf(film), lengthOf(film, row)] : []
    const isSame = facts.join() === this.#facts.dataset.said
    if (isSame) return
    this.#facts.dataset.said = facts.join()
    this.#facts.replaceChildren(...facts.filter(Boolean).map((fact) => element('span', {}, fact ?? '')))
  }

  /** As of the moment that is shown. */
  showState(state: StateName | undefined): void {
    const top = state === undefined ? '' : topOf(state)
    this.#state.dataset.state = top
    this.#state.hidden = top === ''
    setText(this.#state, top)
    const words = state === undefined ? '' : wordsOfState(state)
    setText(this.#words, words.slice(top.length).replace(/^[ .]/, ''))
  }
}

function titleOf(watched: string | null, film: Film | undefined, row: CallRow | undefined): string {
  const call = row ?? film?.call
  if (call) return `${arrowOf(call)} ${call.from || 'unknown'} → ${call.to || 'unknown'}`
  return watched === 'node' ? 'Switchboard' : (watched ?? '')
}

function reasonOf(film: Film | undefined): string | undefined {
  const last = film?.lines.at(-1)
  return last?.what === 'end' ? last.reason : undefined
}

function lengthOf(film: Film | undefined, row: CallRow | undefined): string {
  return row ? durationOf(row) : spanOf(film?.lines.at(-1)?.at ?? 0)
}
