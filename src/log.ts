import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/**
 * Phone numbers, in whatever sentence they stand: after a plus sign with anything that groups digits between them, else
 * eight digits in a row. Digits inside a word are an id's, and stay.
 */
const NUMBER = /(?:\+|%2B)\d(?:[ ().-]{0,2}\d){5,}|(?<!\w)\d{8,}/gi
/** A frame of audio is 216 characters of base64; no word is as long as half of that. Each word is begun only once. */
const AUDIO = /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{108,}={0,2}/g

/**
 * Fields that open a door or are somebody's own: only that they were there is told. Counts are harmless. Words and
 * anchors only, since `SUSPECT` is made of them.
 */
const PRIVATE = /token|secret|password|authorization|cookie|signature|^api_?key$|^digits?$|^payload$|parameters$/i

/** What a line is to be taken apart for: such a field with more than a count in it; or an escape, which hides things. */
const SUSPECT = new RegExp(`\\\\|(?:${PRIVATE.source.replaceAll(/[$^]/g, '')})[^"]*":["{[]`, 'i')

/** A phone number as it may be written down, the last two digits telling calls apart: `+1•••67`. */
export function maskNumber(text: string): string {
  return text.replaceAll(NUMBER, endsOf)
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
      hooks: { streamWrite: lookedThrough },
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

/** The same either way; but to take a line apart costs more than all else that is done for it. */
function lookedThrough(line: string): string {
  if (SUSPECT.test(line)) return `${JSON.stringify(JSON.parse(line), withoutPrivate)}\n`
  return replaceInTexts(replaceInTexts(line, AUDIO, sizeOf), NUMBER, endsOf)
}

function replaceInTexts(line: string, pattern: RegExp, replace: (found: string) => string): string {
  return line.replaceAll(pattern, (found, at: number) => (isText(line, at) ? replace(found) : found))
}

/** Whether what stands at `at` is in a text, and no number of JSON's own nor a name; for a line without escapes. */
function isText(line: string, at: number): boolean {
  let isQuoted = false
  for (let quote = line.indexOf('"'); quote >= 0 && quote < at; quote = line.indexOf('"', quote + 1))
    isQuoted = !isQuoted
  return isQuoted && line[line.indexOf('"', at) + 1] !== ':'
}

function withoutPrivate(name: string, value: unknown): unknown {
  if (PRIVATE.test(name) && value !== null && (typeof value === 'string' || typeof value === 'object'))
    return '[redacted]'
  if (typeof value !== 'string') return value
  return maskNumber(value.replaceAll(AUDIO, sizeOf))
}

function sizeOf(audio: string): string {
  return `[${audio.length} characters]`
}

function endsOf(number: string): string {
  const plain = number.replace(/^%2B/i, '+')
  return `${plain.slice(0, 2)}•••${plain.replaceAll(/\D/g, '').slice(-2)}`
}
