/** Answers prepared for coming REST requests, one each, first in, first out. */

/** Of calls, but for those that say otherwise. */
export type RestOperation =
  | 'create'
  | 'update'
  | 'fetch'
  | 'list'
  | 'numbers'
  | 'startRecording'
  | 'changeRecording'
  | 'fetchRecordings'

export interface PreparedAnswer {
  /** Only a request of this kind takes it; default: any. */
  readonly operation?: RestOperation
  /** Only a request about this takes it: a call's SID, or whom a call is for (`To`); default: any. */
  readonly about?: string
  /** Answers this instead of doing anything; the body defaults to Twilio's for the status. */
  readonly status?: number
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Holds the answer back; without `status`, `reset` or `hang` it is an ordinary answer, only late. */
  readonly delayMs?: number
  /** The connection is reset in the place of an answer. */
  readonly reset?: boolean
  /** No answer ever comes. */
  readonly hang?: boolean
  /** The request is carried out all the same: the ambiguous case, e.g. a 500 although the telephone rings. */
  readonly takesEffect?: boolean
}

export class RestFaults {
  readonly #prepared: PreparedAnswer[] = []

  /** Returns what takes it back, unless a request has taken it. */
  add(answer: PreparedAnswer): () => void {
    this.#prepared.push(answer)
    return () => {
      const index = this.#prepared.indexOf(answer)
      if (index >= 0) this.#prepared.splice(index, 1)
    }
  }

  /** @param subjects are what a request of that kind is about. */
  take(operation: RestOperation, subjects: readonly string[]): PreparedAnswer | undefined {
    const isFor = ({ operation: wanted = operation, about }: PreparedAnswer): boolean =>
      wanted === operation && (about === undefined || subjects.includes(about))
    const index = this.#prepared.findIndex(isFor)
    return index < 0 ? undefined : this.#prepared.splice(index, 1)[0]
  }

  get left(): number {
    return this.#prepared.length
  }
}
