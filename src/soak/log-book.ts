import type { Clock } from '../clock.ts'
import { Weather } from './weather.ts'

/** A line that tells of something wrong. */
export interface Alarm {
  readonly at: number
  readonly message: string
  readonly callId: unknown
  /** The line as it was written. */
  readonly line: string
}

const ERROR_LEVEL = 50
/** A number of somebody on the line, written out: none may be. */
const WHOLE_NUMBER = /\+1555\d{7}/
const OUTAGE_BEGINS = 'the carrier is out of order'
const OUTAGE_ENDS = 'the carrier is in order again'

/** What the server logs, looked through and not kept, but for what is wrong with it. */
export class LogBook {
  readonly alarms: Alarm[] = []
  /** Lines with a number in them that should have been masked. */
  readonly leaks: string[] = []
  /** When the carrier was left alone for its failures: others than those who suffered them notice. */
  readonly outages = new Weather()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  write(line: string): void {
    const now = this.#clock.now()
    if (line.includes(OUTAGE_BEGINS)) this.outages.begin(now)
    if (line.includes(OUTAGE_ENDS)) this.outages.end(now)
    if (WHOLE_NUMBER.test(line)) this.leaks.push(line)
    const { level, msg, callId } = JSON.parse(line) as { level: number; msg?: string; callId?: unknown }
    if (level >= ERROR_LEVEL) this.alarms.push({ at: now, message: msg ?? '', callId, line })
  }
}
