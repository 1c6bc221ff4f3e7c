import type { CallbackFaults } from '../simulator/callback-delivery.ts'
import type { CalleePlan } from '../simulator/callee.ts'
import { Chance } from './chance.ts'
import { numbersOf } from './numbers.ts'
import type {
  CallPlan,
  DialPlan,
  Ending,
  FailureKind,
  RecordingDeed,
  Role,
  RoleKind,
  Span,
  TargetPlan,
} from './plan.ts'
import { plannedLengthMs } from './plan.ts'
import { type Climate, planTroubles } from './trouble-draw.ts'

/** Draws each call from the seed, its line and its turn: the same three give the same call, whatever else goes on. */
export class Planner {
  readonly #seed: number
  readonly #climate: Climate

  constructor(seed: number) {
    this.#seed = seed
    this.#climate = new Chance(seed, 'climate').pick(['mild', 'mild', 'rough'])
  }

  plan(line: number, turn: number): CallPlan {
    const chance = new Chance(this.#seed, line, turn)
    const direction = chance.happens(0.5) ? 'inbound' : 'outbound'
    const kind = direction === 'outbound' && chance.happens(0.08) ? 'messenger' : chance.weighted(ROLES)
    const role = planRole(kind, line, chance)
    const ending = planEnding(role, direction, chance)
    const plan: CallPlan = {
      key: `${line}/${turn}`,
      line,
      direction,
      pauseMs: chance.ms(100, 4_000),
      role,
      manner: ending.by === 'idle' || chance.happens(0.3) ? 'is quiet' : 'talks',
      ending,
      isTold: chance.happens(0.5),
      dial: planDial(role, ending, chance),
      troubles: [],
    }
    return withTroubles(plan, this.#climate, chance)
  }
}

const ROLES: Parameters<typeof Chance.prototype.weighted<RoleKind>>[0] = [
  [18, 'echo'],
  [14, 'prompt'],
  [12, 'chatty'],
  [8, 'menu'],
  [6, 'silent'],
  [6, 'listener'],
  [4, 'deaf'],
  [4, 'flooder'],
  [4, 'odd'],
  [3, 'dialler'],
  [9, 'transferer'],
  [7, 'holder'],
  [5, 'recorder'],
  [10, 'fidget'],
]

function planRole(kind: RoleKind, line: number, chance: Chance): Role {
  switch (kind) {
    case 'menu':
      return {
        kind,
        keys: Array.from({ length: chance.between(1, 8) }, () => chance.pick([...KEYS])).join(''),
        atMs: chance.ms(200, 4_000),
        spacingMs: chance.ms(60, 600),
      }
    case 'listener':
      return { kind, napMs: chance.pick([0, 200, 2_000]) }
    case 'transferer':
      return { kind, atMs: chance.ms(500, 4_000), number: numbersOf(line).target, target: planTarget(chance) }
    case 'holder':
      return { kind, music: chance.pick(['tune', 'own', 'broken']), holds: planSpans(chance) }
    case 'fidget':
      return { kind, seed: chance.between(0, 999_999), number: numbersOf(line).meddled }
    case 'recorder':
      return { kind, deeds: planRecording(chance) }
    default:
      return { kind }
  }
}

const KEYS: readonly [string, ...string[]] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*']

function planTarget(chance: Chance): TargetPlan {
  return {
    outcome: chance.weighted([
      [5, 'answers'],
      [2, 'busy'],
      [2, 'no-answer'],
      [1, 'failed'],
    ]),
    answersAfterMs: chance.ms(200, 3_000),
    hangsUp: chance.pick(['person', 'target']),
    talkMs: chance.ms(500, 6_000),
  }
}

/** One after the other. */
function planSpans(chance: Chance): Span[] {
  const spans: Span[] = []
  for (let at = chance.ms(300, 2_000); spans.length < chance.between(1, 3); at += chance.ms(200, 2_000)) {
    const forMs = chance.ms(200, 3_000)
    spans.push({ atMs: at, forMs })
    at += forMs
  }
  return spans
}

function planRecording(chance: Chance): RecordingDeed[] {
  let atMs = chance.ms(200, 2_000)
  const deeds: RecordingDeed[] = [{ atMs, deed: 'start' }]
  for (const deed of ['pause', 'resume', 'stop'] as const) {
    atMs += chance.ms(300, 2_500)
    if (chance.happens(0.7)) deeds.push({ atMs, deed })
  }
  return deeds
}

/** After a transfer, or what an agent has to do, there is time for it to come out. */
const LEAST_MS: Partial<Record<RoleKind, number>> = { menu: 11_000, transferer: 18_000 }

function planEnding(role: Role, direction: CallPlan['direction'], chance: Chance): Ending {
  if (role.kind === 'messenger') return { by: 'message' }
  if (role.kind === 'transferer' && role.target.outcome === 'answers') return { by: 'bridge' }
  if (direction === 'outbound' && chance.happens(0.15)) {
    return { by: 'callee', outcome: chance.pick(['busy', 'no-answer', 'failed', 'canceled']) }
  }
  if (direction === 'outbound' && chance.happens(0.08)) return planLimit(role, chance)
  const leastMs = LEAST_MS[role.kind] ?? 400
  const afterMs = chance.ms(leastMs, Math.max(leastMs, chance.pick([2_000, 8_000, 8_000, 25_000])))
  const by = chance.weighted<'person' | 'api' | 'agent' | 'failure'>([
    [5, 'person'],
    [2, 'api'],
    [2, 'agent'],
    [1, 'failure'],
  ])
  // It never comes to an end of its own.
  if (role.kind === 'deaf' || by === 'person' || by === 'api') return { by: by === 'api' ? by : 'person', afterMs }
  if (by === 'agent')
    return { by, afterMs, how: chance.pick(role.kind === 'fidget' ? LEAVING : [...LEAVING, 'returns']) }
  return { by, afterMs, how: planFailure(role.kind, chance) }
}

/** Behind a playback without end no other source is ever reached, and on hold nothing is heard. */
function planFailure(kind: RoleKind, chance: Chance): FailureKind {
  if (kind === 'fidget') return chance.pick(['throws', 'throws late'])
  return chance.pick(ENDLESS.has(kind) ? FAILURES : [...FAILURES, 'source throws'])
}

/** Who fidgets might return in the middle of a transfer, and would be started anew. */
const LEAVING = ['hangs up', 'hangs up now'] as const
const FAILURES = ['throws', 'throws late', 'listener throws'] as const
const ENDLESS: ReadonlySet<RoleKind> = new Set(['echo', 'prompt', 'flooder', 'holder'])

function planLimit(role: Role, chance: Chance): Ending {
  const by = role.kind === 'silent' ? chance.pick(['time limit', 'idle', 'agent silence']) : 'time limit'
  return { by, seconds: chance.between(2, 12) }
}

function planDial(role: Role, ending: Ending, chance: Chance): DialPlan {
  const outcome = ending.by === 'callee' ? ending.outcome : 'answers'
  const answersAfterMs = chance.ms(0, 3_000)
  const ringTimeoutSeconds = chance.between(5, 12)
  const who = role.kind === 'messenger' ? planMachine(chance) : {}
  const machineDetection = chance.pick(['enable', 'detectMessageEnd'])
  const detectionCallbacks = chance.pick<CallbackFaults>([{}, { duplicate: true }, { delayMs: 3_000 }, { never: true }])
  const isDetected = role.kind === 'messenger' || chance.happens(0.1)
  return {
    callee: { outcome, answersAfterMs, ...who, ...(isDetected ? { detectionCallbacks } : {}) },
    ringTimeoutSeconds,
    keepsAudio: chance.happens(0.15),
    ...(isDetected ? { machineDetection } : {}),
  }
}

function planMachine(chance: Chance): Partial<CalleePlan> {
  const answeredBy = chance.pick(['machine', 'machine', 'machine', 'human', 'fax', 'unknown'])
  return { answeredBy, greetingMs: chance.ms(1_000, 6_000), beeps: chance.happens(0.7) }
}

function withTroubles(plan: CallPlan, climate: Climate, chance: Chance): CallPlan {
  const lengthMs = plannedLengthMs(plan) ?? 8_000
  const troubles = planTroubles(plan, { lengthMs, climate }, chance)
  const callbacks = callbackFaults(troubles)
  return { ...plan, troubles, dial: { ...plan.dial, callee: { ...plan.dial.callee, callbacks } } }
}

function callbackFaults(troubles: CallPlan['troubles']): CallbackFaults {
  return Object.assign(
    {},
    ...troubles.map((trouble) => {
      switch (trouble.kind) {
        case 'late callbacks':
          return { delayMs: trouble.byMs }
        case 'double callbacks':
          return { duplicate: true }
        case 'reversed callbacks':
          return { shuffle: 'reverse' }
        case 'no callbacks':
          return { never: true }
        default:
          return {}
      }
    }),
  ) as CallbackFaults
}
