/** Everything said on one media stream, both ways, with the clock's times. Bounded: the oldest entries go first. */

import type { WireMessage } from './stream-wire.ts'

export interface StreamLogEntry {
  /** The clock's milliseconds. */
  readonly at: number
  readonly from: 'carrier' | 'server'
  /** The message's `event`; `binary` and `raw` for what is no message. */
  readonly event: string
  /** As sent or parsed; a string where it was no JSON object. */
  readonly message: WireMessage | string
}

/** Five minutes of media both ways. */
const MOST_ENTRIES = 30_000

export class StreamLog {
  readonly entries: StreamLogEntry[] = []

  add(entry: StreamLogEntry): void {
    this.entries.push(entry)
    if (this.entries.length > MOST_ENTRIES) this.entries.splice(0, MOST_ENTRIES / 2)
  }

  /** The entries of one event, e.g. the mark echoes: `of('mark', 'carrier')`. */
  of(event: string, from?: StreamLogEntry['from']): StreamLogEntry[] {
    return this.entries.filter((entry) => entry.event === event && (from === undefined || entry.from === from))
  }
}
