import type { CallFacts } from '../directory.ts'
import type { CallRecorder, CallTape } from '../recorder.ts'
import { headerOf } from './header.ts'
import type { Recording } from './recording.ts'
import type { Line } from './schema.ts'

/** Keeps calls in memory, whole, in the form in which a file would be read back. */
export class MemoryRecorder implements CallRecorder {
  readonly recordings: Recording[] = []

  open(call: CallFacts): CallTape {
    const lines: Line[] = []
    this.recordings.push({ call: headerOf(call, { audio: true, numbers: true }), lines })
    return { note: (at, happening) => void lines.push({ at, ...happening }), close: () => {} }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
