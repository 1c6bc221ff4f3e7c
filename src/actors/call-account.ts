import type { CallRecord, CarrierRecording, EndedBy, StateSpan, TransferRecord } from '../records.ts'

/** What a call's record tells beyond its chart and its audio: what was told of it, and when. */
type Told = Pick<
  CallRecord,
  | 'streamSids'
  | 'ringingAt'
  | 'answeredAt'
  | 'mediaStartedAt'
  | 'endedAt'
  | 'endedBy'
  | 'states'
  | 'carrierErrorCode'
  | 'sipCode'
  | 'answeredBy'
  | 'transfers'
  | 'recordings'
  | 'audioFile'
>

/** A call has a handful of each: past this, somebody is playing. */
const MOST_KEPT = 100

/** One call's account. Times are epoch milliseconds; each is that of the first time. */
export class CallAccount {
  readonly #epochNow: () => number
  readonly #told: Told = {
    streamSids: [],
    ringingAt: undefined,
    answeredAt: undefined,
    mediaStartedAt: undefined,
    endedAt: undefined,
    endedBy: undefined,
    states: [],
    carrierErrorCode: undefined,
    sipCode: undefined,
    answeredBy: undefined,
    transfers: [],
    recordings: [],
    audioFile: undefined,
  }

  /** @param earlier what another process knew of the call before it died. */
  constructor(epochNow: () => number, earlier?: CallRecord) {
    this.#epochNow = epochNow
    if (earlier !== undefined) this.#told = toldBy(earlier)
  }

  get told(): Told {
    return this.#told
  }

  /** Milliseconds since the far end answered; 0 as long as it has not. */
  get answeredForMs(): number {
    return this.#told.answeredAt === undefined ? 0 : this.#epochNow() - this.#told.answeredAt
  }

  noteState(state: string): void {
    if (this.#told.states.at(-1)?.state === state) return
    const at = this.#epochNow()
    this.#add({
      states: keep(
        this.#told.states.map((span) => ended(span, at)),
        { state, at, ms: undefined },
      ),
    })
  }

  noteRinging(): void {
    this.#add({ ringingAt: this.#told.ringingAt ?? this.#epochNow() })
  }

  noteAnswered(): void {
    this.#add({ answeredAt: this.#told.answeredAt ?? this.#epochNow() })
  }

  /** Where there is a stream, somebody has answered, whether or not that was told. */
  noteStream(streamSid: string): void {
    this.noteAnswered()
    this.#add({
      streamSids: keep(this.#told.streamSids, streamSid),
      mediaStartedAt: this.#told.mediaStartedAt ?? this.#epochNow(),
    })
  }

  noteEnd(endedBy: EndedBy): void {
    this.#add({ endedBy, endedAt: this.#epochNow() })
  }

  note(facts: Partial<Pick<Told, 'carrierErrorCode' | 'sipCode' | 'answeredBy' | 'audioFile'>>): void {
    this.#add(facts)
  }

  noteRecording(recording: CarrierRecording): void {
    const others = this.#told.recordings.filter(({ recordingSid }) => recordingSid !== recording.recordingSid)
    this.#add({ recordings: keep(others, recording) })
  }

  beginTransfer(to: string): void {
    const attempt = { to, startedAt: this.#epochNow(), answeredAt: undefined, endedAt: undefined, outcome: undefined }
    this.#add({ transfers: keep(this.#told.transfers, attempt) })
  }

  noteTransferAnswered(): void {
    this.#changeTransfer({ answeredAt: this.#epochNow() })
  }

  endTransfer(outcome: string): void {
    this.#changeTransfer({ outcome, endedAt: this.#epochNow() })
  }

  #changeTransfer(change: Partial<TransferRecord>): void {
    const latest = this.#told.transfers.at(-1)
    if (latest === undefined || latest.endedAt !== undefined) return
    this.#add({ transfers: [...this.#told.transfers.slice(0, -1), { ...latest, ...change }] })
  }

  #add(facts: Partial<Told>): void {
    Object.assign(this.#told, facts)
  }
}

function toldBy(record: CallRecord): Told {
  const { streamSids, ringingAt, answeredAt, mediaStartedAt, states, carrierErrorCode, sipCode, answeredBy } = record
  const { transfers, recordings, audioFile } = record
  return {
    streamSids,
    ringingAt,
    answeredAt,
    mediaStartedAt,
    states,
    carrierErrorCode,
    sipCode,
    answeredBy,
    transfers,
    recordings,
    audioFile,
    endedAt: undefined,
    endedBy: undefined,
  }
}

function ended(span: StateSpan, at: number): StateSpan {
  return span.ms === undefined ? { ...span, ms: at - span.at } : span
}

function keep<T>(list: readonly T[], item: T): readonly T[] {
  return list.length < MOST_KEPT ? list.concat([item]) : list
}
