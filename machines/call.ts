import * as notes from './call-notes.ts'
import { callSetup } from './call-setup.ts'
import { REASONS } from './reasons.ts'

/**
 * One phone call. The chart decides, what it invokes acts, and audio flows past it.
 *
 * Invariants
 * - K1 Every call ends in `ended` or `error`, with a reason: each state that waits has a timeout, each invoke an error edge.
 * - K2 The first reason stands: what goes wrong while cleaning up is a cause, never a new reason.
 * - K3 Who leaves for `stopping` while the carrier's leg may live goes through `hangingUp`, or `settling` if nobody knows.
 * - K4 A call is placed once. Who gives up while the carrier is still being asked waits for its answer, then hangs up.
 * - K5 Every edge bears duplicates and disorder: the carrier promises neither "once" nor "in order".
 */

const DRAIN = '#call.stopping.draining'
const SETTLE = '#call.stopping.settling'
const HANG_UP = '#call.stopping.hangingUp'
const RELEASE = '#call.stopping.releasing'

const { asCommanded, asTheFarEndHungUp, asTheLegEnded, because, blaming, forThisCall } = notes
const { blamingTheAnswer, blamingWhatWasThrown, blamingWhatWasTold } = notes
const { hasBeenSilentTooOften, hasFailed, hasLostTooOften, isInDoubt, isOfOldStream } = notes
const { noteLegOfAnswer, noteLegOfEvent, noteLoss, noteLossBySilence, noteSilence, noteStream } = notes
