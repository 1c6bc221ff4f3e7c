import type { CallOptions } from '../machines/call-under-test.ts'

/** A walk of the real call, which rejects when the call does not do as the model says. */
export interface Walk {
  readonly name: string
  readonly steps: number
  run(options?: CallOptions): Promise<void>
}

/** Rejects with the event after which the check fails. */
export async function unmoved(event: object, check: () => Promise<void>): Promise<void> {
  try {
    await check()
  } catch (error) {
    throw new Error(`${JSON.stringify(event)} should not have moved the call`, { cause: error })
  }
}

/** Rejects with the name of the walk that failed. */
export async function walkAll(walks: readonly Walk[], options?: CallOptions): Promise<void> {
  for (const walk of walks) {
    try {
      await walk.run(options)
    } catch (error) {
      throw new Error(`walking ${walk.name}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  }
}
