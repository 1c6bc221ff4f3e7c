import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/**
 * Phone numbers, in whatever sentence they stand: after a plus sign with anything that groups digits between them, else
 * eight digits in a row. Digits inside a word are an id's, and stay.
 */
const NUMBER = /(?:\+|%2B)\d(?:[ ().-]{0,2}\d){5,}|(?<!\w)\d{8,}/gi
/** A frame of audio is 216 characters of base64; no word is as long as half of that. */
const AUDIO = /[A-Za-z0-9+/]{108,}={0,2}/g

/** Fields that open a door or are somebody's own: only that they were there is told. Counts are harmless. */
const PRIVATE = /token|secret|password|authorization|cookie|signature|^api_?key$|^digits?$|^payload$|parameters$/i

/** A phone number as it may be written down, the last two digits telling calls apart: `+1•••67`. */
export function maskNumber(text: string): string {
  return text.replaceAll(NUMBER, (number) => {
    const plain = number.replace(/^%2B/i, '+')
    return `${plain.slice(0, 2)}•••${plain.replaceAll(/\D/g, '').slice(-2)}`
  })
}

/**
 * JSON lines on stderr. What could identify a person or open a door never gets there, at no level, whoever wrote the
 * line: each is looked through as a whole before it goes out.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      // An error may carry the whole request that failed; four fields are told.
      serializers: { err: toPlainError },
      hooks: { streamWrite: (line) => `${JSON.stringify(JSON.parse(line), withoutPrivate)}\n` },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  )
}

function toPlainError(thrown: unknown): object {
  const { type, message, stack, code } = pino.stdSerializers.err(
    thrown instanceof Error ? thrown : new Error(String(thrown)),
  ) as pino.SerializedError & { readonly code?: unknown }
  return { type, code, message, stack }
}

function withoutPrivate(name: string, value: unknown): unknown {
  if (PRIVATE.test(name) && value !== null && (typeof value === 'string' || typeof value === 'object'))
    return '[redacted]'
  if (typeof value !== 'string') return value
  return maskNumber(value.replaceAll(AUDIO, (blob) => `[${blob.length} characters]`))
}
