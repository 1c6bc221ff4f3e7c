import type { RecordingCommand, RecordingNews } from '../../machines/index.ts'
import { UsageError } from '../errors.ts'
import type { CallAccount } from './call-account.ts'

export type RecordingWish = 'start' | 'pause' | 'resume' | 'stop'

const COMMANDS: Readonly<Record<RecordingWish, RecordingCommand>> = {
  start: { type: 'call.record' },
  pause: { type: 'call.pauseRecording' },
  resume: { type: 'call.resumeRecording' },
  stop: { type: 'call.stopRecording' },
}

const MAKES_SENSE: Readonly<Record<RecordingWish, readonly string[]>> = {
  start: ['off'],
  pause: ['in-progress'],
  resume: ['paused'],
  stop: ['starting', 'in-progress', 'paused'],
}

/** How the carrier's recording of a call stands, as far as a wish can be judged by it. */
export class RecordingControl {
  #channels: 'mono' | 'dual' = 'dual'
  #status: 'off' | 'starting' | 'in-progress' | 'paused' = 'off'

  /** Of the recording that was asked for last; `dual`: one for each side. */
  get channels(): 'mono' | 'dual' {
    return this.#channels
  }

  /** What the chart is to be told. Throws UsageError `CALL_BUSY` when the wish makes no sense now. */
  wish(wish: RecordingWish, channels: 'mono' | 'dual'): RecordingCommand {
    if (!MAKES_SENSE[wish].includes(this.#status)) {
      throw new UsageError('CALL_BUSY', `expected a recording to ${wish}, got one that is ${this.#status}`)
    }
    if (wish === 'start') {
      this.#status = 'starting'
      this.#channels = channels
    }
    return COMMANDS[wish]
  }

  note({ status, recordingSid }: RecordingNews, account: CallAccount): void {
    if (status !== 'refused' && status !== 'unknown') {
      this.#status = status === 'stopped' ? 'off' : status
      if (recordingSid !== undefined) {
        account.noteRecording({ recordingSid, status, url: undefined, durationSeconds: undefined })
      }
    }
    // A change that failed leaves a recording as it was, as far as anybody knows; and of one without a SID none is known.
    else if (recordingSid === undefined) this.#status = 'off'
  }
}
