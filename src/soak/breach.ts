/** What must hold, however much goes wrong. */
export const INVARIANTS = {
  ends: 'every call ends, with a reason of the list and the state that belongs to it',
  released: 'every leg at the carrier is over',
  recorded: 'each call has one record, opened once and closed once',
  asPlanned: 'a call ends as planned, or as what befell it may have it',
  told: "a call's agent is started, told of the end, and let go",
  unharmed: 'a call that nothing befell is not disturbed by those that something befell',
  heard: 'who is spoken to without a break hears it without a break, but for a new stream now and then',
  orderly: 'nobody is told what is wrong, and nothing is asked that cannot be answered',
  empty: 'nothing is left when no call is up',
  flat: 'memory does not grow with the calls',
  quiet: 'the log tells of no failure that nobody has planned',
  caught: 'no error goes unhandled',
  drained: 'a drain lets calls finish, takes no new ones, and comes to its end',
} as const

export type Invariant = keyof typeof INVARIANTS

/** A promise that was not kept. */
export interface Breach {
  readonly invariant: Invariant
  /** The call's key, where it is one call's. */
  readonly call?: string
  readonly expected: string
  readonly got: string
}
