import type { CallFacts } from '../directory.ts'
import type { CallRecorder, CallTape } from '../recorder.ts'
import type { Recording } from './recording.ts'
import { FORMAT_VERSION, type Line } from './schema.ts'

/** Keeps calls in memory, whole, in the form in which a file would be read back. */
export class MemoryRecorder implements CallRecorder {
  readonly recordings: Recording[] = []

  open({ id, direction, callSid, from, to, agent, startedAt }: CallFacts): CallTape {
    const lines: Line[] = []
    this.recordings.push({
      call: {
        at: 0,
        what: 'call',
        version: FORMAT_VERSION,
        id,
        direction,
        callSid,
        from,
        to,
        agent,
        startedAt: new Date(startedAt).toISOString(),
        audio: true,
        numbers: true,
      },
      lines,
    })
    return { note: (at, happening) => void lines.push({ at, ...happening }), close: () => {} }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
