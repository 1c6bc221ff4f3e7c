import { messageOf } from '../errors.ts'
import type { Logger } from '../log.ts'
import type { Part } from './messages.ts'

type Subject = Part | 'opening' | 'questions'

interface Sentences {
  readonly begins: string
  readonly ends: string
}

const TOLD: Readonly<Record<Subject, Sentences>> = {
  opening: {
    begins: 'the call archive has not opened yet: calls go on, the latest row of each waits in memory meanwhile',
    ends: 'the call archive has opened',
  },
  rows: {
    begins:
      'call records cannot be written down: calls go on, the latest row of each waits in memory and is written when it ' +
      'can be; expected a disk with room that answers',
    ends: 'call records are written down again',
  },
  retention: {
    begins: 'old call records cannot be deleted: it is tried again until it succeeds',
    ends: 'old call records are deleted again',
  },
  export: {
    begins:
      'call records cannot be exported: they wait in the archive; expected a folder with room that can be written to',
    ends: 'call records are exported again, those that waited first',
  },
  questions: {
    begins: 'the call archive does not answer: what memory holds is shown, the calls under way and the latest thousand',
    ends: 'the call archive answers again',
  },
}

/** What is out of order, told to the operator once when it begins and once when it is over. */
export class Troubles {
  readonly #logger: Logger
  readonly #folder: string
  readonly #now = new Set<Subject>()

  constructor(logger: Logger, folder: string) {
    this.#logger = logger
    this.#folder = folder
  }

  /** Whether what should be written, deleted or exported is. A question without an answer is over with the asking. */
  get areNone(): boolean {
    return [...this.#now].every((subject) => subject === 'questions')
  }

  get areRowsWaiting(): boolean {
    return this.#now.has('rows') || this.#now.has('opening')
  }

  begin(subject: Subject, cause: unknown): void {
    if (this.#now.has(subject)) return
    this.#now.add(subject)
    this.#logger.error({ folder: this.#folder, cause: messageOf(cause) }, TOLD[subject].begins)
  }

  end(subject: Subject): void {
    // As loud as its beginning: whoever read that is to read this.
    if (this.#now.delete(subject)) this.#logger.warn({ folder: this.#folder }, TOLD[subject].ends)
  }
}
