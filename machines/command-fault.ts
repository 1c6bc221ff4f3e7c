/** What went wrong with a command, or with any child: reduced to plain words, whatever was thrown. */

/** Why a command failed, as far as the decision to repeat it needs to know. */
export interface CommandFault {
  readonly code: string
  readonly message: string
  readonly retryAfterMs?: number | undefined
}

interface Thrown {
  readonly code?: unknown
  readonly message?: unknown
  readonly retryAfterMs?: unknown
}

/** Never throws: an exception in an action would kill the chart, and user code may throw anything at all. */
export function toCommandFault(thrown: unknown): CommandFault {
  try {
    const { code, message, retryAfterMs }: Thrown = Object(thrown)
    return {
      code: typeof code === 'string' ? code : 'UNEXPECTED',
      message: typeof message === 'string' ? message : String(thrown),
      retryAfterMs: typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : undefined,
    }
  } catch {
    return { code: 'UNEXPECTED', message: 'what was thrown cannot be put into words' }
  }
}
