import type { CallRecord } from '../../src/records.ts'
import { Telemetry, type TelemetryOptions } from '../../src/telemetry/telemetry.ts'
import { HandClock } from '../media/hand-clock.ts'
import { parseExposition } from './exposition.ts'

/** A media plane with figures that a test sets. */
function fakePlane() {
  return {
    figures: { framesIn: 0, framesOut: 0, underruns: 0 },
    stream: undefined as { bufferedBytes(): number } | undefined,
    stats() {
      return { ...this.figures }
    },
  }
}

type Listener = (edge: { readonly type: string }) => void
type Ending = Partial<Pick<CallRecord, 'reason' | 'startedAt' | 'answeredAt' | 'mediaStartedAt' | 'endedAt'>>

/** A telemetry on a clock of its own, calls to tell it of, and what a scraper reads. */
export function openTelemetry(options: Partial<TelemetryOptions> = {}) {
  const clock = new HandClock()
  const telemetry = new Telemetry({
    clock,
    onFault: (error) => {
      throw error
    },
    ...options,
  })
  const calls = new Map<string, Listener>()
  let count = 0
  return {
    clock,
    telemetry,
    admit: (direction: 'inbound' | 'outbound' = 'inbound') => {
      count += 1
      const id = `call_${count}`
      const plane = fakePlane()
      telemetry.callAdmitted({ id, direction, plane, onEdge: (listener) => calls.set(id, listener) })
      return {
        id,
        plane,
        edge: (type: string) => calls.get(id)?.({ type }),
        end: (ending: Ending = {}) => {
          const nothing = { answeredAt: undefined, mediaStartedAt: undefined, endedAt: undefined }
          telemetry.callEnded({ id, direction, reason: 'caller hung up', startedAt: 0, ...nothing, ...ending })
        },
      }
    },
    /** What a scraper that comes by every fifteen seconds reads. */
    scrape: async () => {
      clock.advance(15_000)
      return parseExposition(await telemetry.text())
    },
  }
}
