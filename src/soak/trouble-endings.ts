import type { Reason } from '../../machines/index.ts'
import { type CallPlan, handUp, plannedLengthMs } from './plan.ts'
import type { FailedAnswer, MeddlingDeed, Trouble, TroubleKind } from './trouble.ts'

/** After a refusal for having asked too often, a command is tried this often in all. */
const ATTEMPTS = 4
/** Losses in a minute that end a call. */
const LOSS_LIMIT = 3
/** A stream that says nothing is given up after about as long. */
const SILENCE_MS = 6_000
/** How long the carrier may take to open the next stream. */
const RECOVERY_MS = 2_500
/** At nonsense for so often a stream is closed. */
const PATIENCE_WITH_NONSENSE = 20

/** How else the call may end, since this goes wrong: nothing else, for most. */
export function mayAlsoEnd(trouble: Trouble, plan: CallPlan): readonly Reason[] {
  switch (trouble.kind) {
    case 'half-open':
      // The carrier never learns that the stream is given up.
      return ['silence', 'stream lost']
    case 'mute':
      return trouble.forMs < SILENCE_MS ? [] : ['silence', 'stream lost']
    case 'slow reader':
      return ['stream lost']
    case 'stream reset':
    case 'nonsense':
    case 'huge message':
    case 'broken frames':
    case 'takeover':
      return lossesOf(plan) >= LOSS_LIMIT || isUnheard(trouble.atMs, plan) ? ['stream lost'] : []
    case 'no stream':
      return ['stream never came']
    case 'no callbacks':
    case 'reversed callbacks':
      // Whether anybody answers is not told, or only when it is over, and there may be no stream to show it.
      return plan.ending.by === 'callee' || isWithoutStream(plan) ? ['no answer'] : []
    case 'create fails':
      return mayBeRefused(trouble) ? ['carrier refused'] : []
    case 'update fails':
      return afterFailedTransfer(plan)
    case 'early hang-up':
      return [handUp(plan), ...(plan.direction === 'inbound' ? GONE_CALLER : GONE_CALLEE)]
    case 'double ending':
      return ['hung up by API', handUp(plan)]
    case 'meddling':
      return afterMeddling(trouble.deeds, plan)
    default:
      return []
  }
}

const GONE_CALLER = ['canceled', 'stream never came', 'stream lost'] as const
const GONE_CALLEE = ['busy', 'stream never came', 'stream lost'] as const

function mayBeRefused({ answer, times }: { readonly answer: FailedAnswer; readonly times: number }): boolean {
  return answer === 'too many' ? times >= ATTEMPTS : answer !== 'late'
}

/** Who hangs up while there is no stream is not heard, unless the carrier tells of it otherwise. */
function isUnheard(atMs: number, plan: CallPlan): boolean {
  const isUntold = plan.ending.by === 'person' && plan.direction === 'inbound' && !plan.isTold
  const lengthMs = plannedLengthMs(plan)
  return isUntold && lengthMs !== undefined && lengthMs >= atMs && lengthMs - atMs <= RECOVERY_MS
}

function isWithoutStream({ troubles }: CallPlan): boolean {
  return troubles.some(({ kind }) => kind === 'early hang-up' || kind === 'no stream')
}

/** Who was not handed over after all hangs up in the end; and while nobody knows, nobody hears them hang up. */
function afterFailedTransfer(plan: CallPlan): readonly Reason[] {
  if (plan.ending.by === 'bridge') return [handUp(plan), ...(isSilent(plan) ? (['stream lost'] as const) : [])]
  const isHandedOver = plan.role.kind === 'fidget' || plan.role.kind === 'transferer' || hasDeed(plan, HANDING_OVER)
  return isHandedOver && plan.ending.by === 'person' && isSilent(plan) ? ['stream lost'] : []
}

const HANDING_OVER: ReadonlySet<string> = new Set(['transfer', 'hand over'])

/** That the far end has gone is told by its stream alone. */
function isSilent({ direction, isTold, troubles }: CallPlan): boolean {
  const isUntold = troubles.some(({ kind }) => kind === 'no callbacks' || kind === 'reversed callbacks')
  return direction === 'inbound' ? !isTold : isUntold
}

function hasDeed({ troubles }: CallPlan, deeds: ReadonlySet<string>): boolean {
  return troubles.some((trouble) => trouble.kind === 'meddling' && trouble.deeds.some(({ deed }) => deeds.has(deed)))
}

/** Who is handed over may talk to the end of the call; and of whom is held nobody knows how long it takes. */
function afterMeddling(deeds: readonly MeddlingDeed[], plan: CallPlan): readonly Reason[] {
  if (deeds.some(({ deed }) => deed === 'hand over')) return ['transferred', handUp(plan)]
  return deeds.some(({ deed }) => deed === 'hold') && plan.ending.by === 'failure' ? [handUp(plan)] : []
}

/** How often the call loses its stream, at most. */
function lossesOf({ troubles }: CallPlan): number {
  return troubles.map(lossesBy).reduce((sum, losses) => sum + losses, 0)
}

const LOSING: ReadonlySet<TroubleKind> = new Set(['huge message', 'broken frames', 'half-open', 'slow reader'])

function lossesBy(trouble: Trouble): number {
  if (trouble.kind === 'stream reset') return trouble.times
  if (trouble.kind === 'nonsense') return trouble.count >= PATIENCE_WITH_NONSENSE ? 1 : 0
  if (trouble.kind === 'mute') return trouble.forMs >= SILENCE_MS ? 1 : 0
  return LOSING.has(trouble.kind) ? 1 : 0
}
