import type { Chance, Weighted } from './chance.ts'
import type { CallPlan } from './plan.ts'
import type { FailedAnswer, MeddlingDeed, Trouble, TroubleKind } from './trouble.ts'

type Draw = (chance: Chance, lengthMs: number) => Trouble

/** Somewhere in the call, its very ends included. */
const anywhere = (chance: Chance, lengthMs: number): number => chance.ms(20, Math.max(20, lengthMs - 20))

const at =
  (
    kind:
      | 'half-open'
      | 'huge message'
      | 'broken frames'
      | 'second start'
      | 'replayed token'
      | 'forged token'
      | 'takeover',
  ): Draw =>
  (chance, lengthMs) => ({ kind, atMs: anywhere(chance, lengthMs) })

const simply =
  (kind: 'double callbacks' | 'reversed callbacks' | 'no callbacks' | 'no stream' | 'double ending'): Draw =>
  () => ({ kind })

const REFUSALS: readonly [Weighted<FailedAnswer>, ...Weighted<FailedAnswer>[]] = [
  [4, 'too many'],
  [1, 'bad request'],
  [1, 'unauthorized'],
  [1, 'server error'],
  [2, 'server error, but done'],
  [1, 'reset'],
  [2, 'reset, but done'],
  [1, 'silence'],
  [2, 'silence, but done'],
  [1, 'gibberish'],
  [2, 'late'],
]

const answering =
  (kind: 'create fails' | 'update fails' | 'list fails' | 'recording fails'): Draw =>
  (chance) => ({ kind, answer: chance.weighted(REFUSALS), times: chance.between(1, kind === 'create fails' ? 5 : 4) })

const DEEDS = [
  'digits',
  'hold',
  'resume',
  'record',
  'pause recording',
  'stop recording',
  'transfer',
  'hand over',
  'look',
] as const

const DRAWS: Readonly<Record<TroubleKind, Draw>> = {
  'stream reset': (chance, lengthMs) => ({
    kind: 'stream reset',
    atMs: anywhere(chance, lengthMs),
    times: chance.weighted([
      [6, 1],
      [2, 2],
      [1, 4],
    ]),
  }),
  'half-open': at('half-open'),
  mute: (chance, lengthMs) => ({
    kind: 'mute',
    atMs: anywhere(chance, lengthMs),
    forMs: chance.pick([200, 1_000, 4_000, 20_000]),
  }),
  'slow reader': (chance, lengthMs) => ({
    kind: 'slow reader',
    atMs: anywhere(chance, lengthMs),
    forMs: chance.ms(500, 12_000),
  }),
  jitter: (chance) => ({ kind: 'jitter', mostMs: chance.pick([20, 60, 200, 500]) }),
  nonsense: (chance, lengthMs) => ({
    kind: 'nonsense',
    atMs: anywhere(chance, lengthMs),
    count: chance.pick([1, 5, 19, 20, 40]),
  }),
  'huge message': at('huge message'),
  'broken frames': at('broken frames'),
  'lost frames': (chance, lengthMs) => ({
    kind: 'lost frames',
    atMs: anywhere(chance, lengthMs),
    forMs: chance.pick([20, 100, 1_000, 15_000]),
  }),
  'stale frames': (chance, lengthMs) => ({
    kind: 'stale frames',
    atMs: anywhere(chance, lengthMs),
    count: chance.between(1, 10),
  }),
  'second start': at('second start'),
  'keys at once': (chance, lengthMs) => ({
    kind: 'keys at once',
    atMs: anywhere(chance, lengthMs),
    count: chance.between(2, 50),
  }),
  'replayed token': at('replayed token'),
  'forged token': at('forged token'),
  takeover: at('takeover'),
  'repeated webhook': (chance, lengthMs) => ({
    kind: 'repeated webhook',
    atMs: anywhere(chance, lengthMs),
    times: chance.between(1, 10),
  }),
  'late callbacks': (chance) => ({ kind: 'late callbacks', byMs: chance.ms(100, 6_000) }),
  'double callbacks': simply('double callbacks'),
  'reversed callbacks': simply('reversed callbacks'),
  'no callbacks': simply('no callbacks'),
  'no stream': simply('no stream'),
  'create fails': answering('create fails'),
  'update fails': answering('update fails'),
  'list fails': answering('list fails'),
  'recording fails': answering('recording fails'),
  'early hang-up': (chance) => ({ kind: 'early hang-up', afterMs: chance.pick([0, 20, 100, 400, 600, 1_500]) }),
  'double ending': simply('double ending'),
  meddling: (chance, lengthMs) => ({
    kind: 'meddling',
    deeds: Array.from({ length: chance.between(1, 5) }, (): MeddlingDeed => {
      return { atMs: anywhere(chance, lengthMs), deed: chance.pick([...DEEDS]) }
    }).toSorted((one, other) => one.atMs - other.atMs),
  }),
  'reader of events': (chance, lengthMs) => ({
    kind: 'reader of events',
    atMs: anywhere(chance, lengthMs),
    forMs: chance.ms(100, 20_000),
  }),
}

const OF_ANY_STREAM: readonly [Weighted<TroubleKind>, ...Weighted<TroubleKind>[]] = [
  [4, 'stream reset'],
  [2, 'half-open'],
  [2, 'mute'],
  [2, 'slow reader'],
  [2, 'jitter'],
  [2, 'nonsense'],
  [1, 'huge message'],
  [1, 'broken frames'],
  [2, 'lost frames'],
  [1, 'stale frames'],
  [1, 'second start'],
  [1, 'keys at once'],
  [1, 'replayed token'],
  [1, 'forged token'],
  [2, 'takeover'],
  [2, 'repeated webhook'],
  [3, 'update fails'],
  [2, 'double ending'],
  [2, 'early hang-up'],
  [1, 'no stream'],
  [3, 'meddling'],
  [1, 'reader of events'],
]

const OF_DIALLING: readonly [Weighted<TroubleKind>, ...Weighted<TroubleKind>[]] = [
  [4, 'create fails'],
  [2, 'late callbacks'],
  [1, 'double callbacks'],
  [2, 'reversed callbacks'],
  [2, 'no callbacks'],
]

/** What leaves alone how such a call ends, which depends on more than who hangs up. */
const HARMLESS: readonly [Weighted<TroubleKind>, ...Weighted<TroubleKind>[]] = [
  [2, 'second start'],
  [2, 'replayed token'],
  [2, 'forged token'],
  [1, 'reader of events'],
]

/** How much goes wrong in all. */
export type Climate = 'mild' | 'rough'

export interface Conditions {
  /** How long the call is meant to last. */
  readonly lengthMs: number
  readonly climate: Climate
}

/** Shares of the calls that have at most none, one, two... troubles. */
const SHARES: Readonly<Record<Climate, readonly number[]>> = {
  mild: [0.5, 0.85, 0.96],
  rough: [0.2, 0.4, 0.6, 0.8, 0.9],
}
/** Things that go wrong together go wrong within so long of each other. */
const TOGETHER_MS = 60

/** None for many of the calls: they are those that must not suffer from what befalls the others. */
export function planTroubles(plan: CallPlan, { lengthMs, climate }: Conditions, chance: Chance): readonly Trouble[] {
  const luck = chance.next()
  const chosen = new Map<TroubleKind, Trouble>()
  for (let left = SHARES[climate].filter((share) => luck >= share).length; left > 0; left -= 1) {
    const kind = drawKind(plan, chance)
    chosen.set(kind, DRAWS[kind](chance, lengthMs))
  }
  const troubles = withCompany([...chosen.values()], chance)
  return chance.happens(0.4) ? together(troubles, momentOf(plan, lengthMs, chance), chance) : troubles
}

/** When most is at stake: something of the agent's begins, or the call ends; or any time. */
function momentOf({ role }: CallPlan, lengthMs: number, chance: Chance): number {
  const own = 'atMs' in role ? role.atMs : role.kind === 'holder' ? (role.holds[0]?.atMs ?? 0) : lengthMs
  return chance.pick([own, own + chance.ms(100, 2_000), lengthMs, anywhere(chance, lengthMs)])
}

function together(troubles: readonly Trouble[], momentMs: number, chance: Chance): readonly Trouble[] {
  return troubles.map((trouble) => {
    if (!('atMs' in trouble)) return trouble
    return { ...trouble, atMs: Math.max(20, momentMs + chance.ms(-TOGETHER_MS, TOGETHER_MS)) }
  })
}

function drawKind({ direction, ending, role }: CallPlan, chance: Chance): TroubleKind {
  if (ending.by === 'callee') return chance.weighted(OF_DIALLING)
  if (ending.by === 'idle' || ending.by === 'agent silence' || ending.by === 'message') return chance.weighted(HARMLESS)
  if (role.kind === 'recorder' && chance.happens(0.3)) return 'recording fails'
  return direction === 'outbound' && chance.happens(0.4) ? chance.weighted(OF_DIALLING) : chance.weighted(OF_ANY_STREAM)
}

/** Who looks for a call that may have been placed may be answered no better. */
function withCompany(troubles: readonly Trouble[], chance: Chance): readonly Trouble[] {
  const isDoubtful = troubles.some((trouble) => trouble.kind === 'create fails' && trouble.answer !== 'too many')
  return isDoubtful && chance.happens(0.3) ? [...troubles, DRAWS['list fails'](chance, 0)] : troubles
}
