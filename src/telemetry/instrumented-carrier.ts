import type { Carrier } from '../carrier.ts'
import type { Clock } from '../clock.ts'
import { CarrierError } from '../errors.ts'
import type { CarrierMeter, CarrierOperation, CarrierStatus } from './carrier-metrics.ts'

/** The same carrier, with each of its answers told to `meter`. What it answers, and when, is left alone. */
export function instrumentCarrier(carrier: Carrier, meter: CarrierMeter, clock: Clock): Carrier {
  function timed<Args extends unknown[], Answer>(op: CarrierOperation, ask: (...args: Args) => Promise<Answer>) {
    return async (...args: Args): Promise<Answer> => {
      const askedAt = clock.now()
      const tell = (status: CarrierStatus) => meter.carrierRequest(op, status, (clock.now() - askedAt) / 1_000)
      try {
        const answer = await ask(...args)
        tell('ok')
        return answer
      } catch (error) {
        tell(statusOf(error, args))
        throw error
      }
    }
  }
  // One by one, so that a method which the port gains is not forgotten here.
  return {
    placeCall: timed('placeCall', (...args) => carrier.placeCall(...args)),
    findCalls: timed('findCalls', (...args) => carrier.findCalls(...args)),
    fetchCall: timed('fetchCall', (...args) => carrier.fetchCall(...args)),
    hangUp: timed('hangUp', (...args) => carrier.hangUp(...args)),
    redirect: timed('redirect', (...args) => carrier.redirect(...args)),
    startRecording: timed('startRecording', (...args) => carrier.startRecording(...args)),
    changeRecording: timed('changeRecording', (...args) => carrier.changeRecording(...args)),
    pointNumber: timed('pointNumber', (...args) => carrier.pointNumber(...args)),
  }
}

function statusOf(error: unknown, asked: readonly unknown[]): CarrierStatus {
  if (error instanceof CarrierError) return error.code
  return asked.some((arg) => arg instanceof AbortSignal && arg.aborted) ? 'aborted' : 'error'
}
