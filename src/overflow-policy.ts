/**
 * What becomes of more speech while too much of it waits already to be said:
 *
 * - `wait`: it waits its turn, however long that takes; whoever streams it is held up.
 * - `drop-oldest`: what has waited longest is given up for it.
 * - `end-call`: the call is over, as `queue overflow`.
 */
export const OVERFLOW_POLICIES = ['wait', 'drop-oldest', 'end-call'] as const

export type OverflowPolicy = (typeof OVERFLOW_POLICIES)[number]
