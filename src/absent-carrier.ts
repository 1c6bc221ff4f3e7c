import type { Carrier } from './carrier.ts'

/** A carrier with nobody at its other end: whatever is asked of it fails with `why`, but for what ends something. */
export function absentCarrier(why: string): Carrier {
  const refuse = () => Promise.reject(new Error(why))
  return {
    placeCall: refuse,
    findCalls: refuse,
    fetchCall: refuse,
    hangUp: () => Promise.resolve(),
    redirect: refuse,
    startRecording: refuse,
    changeRecording: () => Promise.resolve(),
    pointNumber: refuse,
  }
}
