import { type DestinationStream, type Logger, pino } from 'pino'

export type { Logger }

/** Long runs of digits are phone numbers, in whatever sentence they stand; the last two tell calls apart. */
const NUMBER = /\+?\d{6,}(?=\d{2})/g

/** A phone number as it may be written down: `+1•••67`. */
export function maskNumber(text: string): string {
  return text.replaceAll(NUMBER, (digits) => `${digits.slice(0, 2)}•••`)
}

/**
 * JSON lines on stderr. What could identify a person or open a door never gets there: numbers are masked wherever a
 * field is known to hold one, and the headers and fields that hold secrets are struck out.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['token', 'authToken', 'digits', 'payload', 'headers.authorization', 'headers.cookie', '*.token'],
        censor: '[redacted]',
      },
      serializers: {
        err: (error: unknown) => maskError(error),
        from: (number: unknown) => maskNumber(String(number)),
        to: (number: unknown) => maskNumber(String(number)),
      },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  )
}

function maskError(error: unknown): object {
  const plain = pino.stdSerializers.err(error instanceof Error ? error : new Error(String(error)))
  return { type: plain.type, code: plain['code'], message: maskNumber(plain.message), stack: maskNumber(plain.stack) }
}
