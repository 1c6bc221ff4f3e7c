import type { CallFacts } from '../directory.ts'
import type { Logger } from '../log.ts'
import { type CallRecorder, type CallTape, type Happening, isOfSockets } from '../recorder.ts'

/** One recorder for several. One that fails in a call is logged and asked no more in that call; the others go on. */
export function combineRecorders(recorders: readonly CallRecorder[], logger: Logger): CallRecorder {
  return new CombinedRecorder(recorders, logger)
}

interface Part {
  readonly tape: CallTape
  readonly wantsMedia: boolean
}

class CombinedRecorder implements CallRecorder {
  readonly wantsMedia: boolean
  readonly #recorders: readonly CallRecorder[]
  readonly #logger: Logger

  constructor(recorders: readonly CallRecorder[], logger: Logger) {
    this.wantsMedia = recorders.some(wantsMedia)
    this.#recorders = recorders
    this.#logger = logger
  }

  open(call: CallFacts): CallTape {
    const tell = (error: unknown) =>
      this.#logger.error({ callId: call.id, callSid: call.callSid, err: error }, 'recording a call failed')
    const parts = new Set<Part>()
    for (const recorder of this.#recorders) {
      try {
        parts.add({ tape: recorder.open(call), wantsMedia: wantsMedia(recorder) })
      } catch (error) {
        tell(error)
      }
    }
    return new CombinedTape(parts, tell)
  }

  /** The first one's that has any. */
  async read(callId: string): Promise<string | undefined> {
    for (const recorder of this.#recorders) {
      const text = await recorder.read?.(callId)
      if (text !== undefined) return text
    }
    return undefined
  }

  async close(): Promise<void> {
    const closing = this.#recorders.map(async (recorder) => {
      try {
        await recorder.close()
      } catch (error) {
        this.#logger.error({ err: error }, 'a recorder could not be closed')
      }
    })
    await Promise.all(closing)
  }
}

class CombinedTape implements CallTape {
  readonly #parts: Set<Part>
  readonly #tell: (error: unknown) => void

  constructor(parts: Set<Part>, tell: (error: unknown) => void) {
    this.#parts = parts
    this.#tell = tell
  }

  note(at: number, happening: Happening): void {
    const isMedia = isOfSockets(happening)
    for (const part of this.#parts) {
      if (part.wantsMedia || !isMedia) this.#guard(part, ({ tape }) => tape.note(at, happening))
    }
  }

  close(): void {
    for (const part of this.#parts) this.#guard(part, ({ tape }) => tape.close())
  }

  #guard(part: Part, act: (part: Part) => void): void {
    try {
      act(part)
    } catch (error) {
      this.#parts.delete(part)
      this.#tell(error)
    }
  }
}

function wantsMedia(recorder: CallRecorder): boolean {
  return recorder.wantsMedia ?? true
}
