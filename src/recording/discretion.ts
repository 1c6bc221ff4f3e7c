import { maskNumber } from '../log.ts'
import type { Happening } from '../recorder.ts'

/** What a recording may tell. */
export interface Discretion {
  /** What was said, and which keys were pressed. */
  readonly audio: boolean
  /** Telephone numbers as they are. */
  readonly numbers: boolean
}

/** Neither what was said or keyed, nor whose numbers they are. */
export const LEAST_TOLD: Discretion = { audio: false, numbers: false }

/** The line as it may be written down. */
export function discreet(happening: Happening, { audio, numbers }: Discretion): Happening {
  switch (happening.what) {
    case 'received':
      return audio ? happening : { ...happening, message: without(happening.message) }
    case 'sent':
      return audio ? happening : { ...happening, message: without(happening.message) }
    case 'lost':
    case 'end':
      if (numbers || happening.cause === undefined) return happening
      return { ...happening, cause: maskNumber(happening.cause) }
    default:
      return happening
  }
}

/** Somebody's number as it may be written down. A SIP address or a name is masked whole; nothing stays nothing. */
export function discreetParty(party: string, { numbers }: Discretion): string {
  if (numbers || party === '') return party
  return /^\+?\d+$/.test(party) ? maskNumber(party) : '•••'
}

function without<Message extends object>(message: Message): Message {
  const copy: Message & { payload?: string; digit?: string } = { ...message }
  delete copy.payload
  delete copy.digit
  return copy
}
