import type { PreparedAnswer } from '../simulator/rest-faults.ts'

/** What goes wrong with one call. Times are milliseconds since the stream was up. */
export type Trouble =
  // The network.
  | { readonly kind: 'stream reset'; readonly atMs: number; readonly times: number }
  | { readonly kind: 'half-open'; readonly atMs: number }
  | { readonly kind: 'mute'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'slow reader'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'jitter'; readonly mostMs: number }
  // The wire.
  | { readonly kind: 'nonsense'; readonly atMs: number; readonly count: number }
  | { readonly kind: 'huge message'; readonly atMs: number }
  | { readonly kind: 'broken frames'; readonly atMs: number }
  | { readonly kind: 'lost frames'; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'stale frames'; readonly atMs: number; readonly count: number }
  | { readonly kind: 'second start'; readonly atMs: number }
  | { readonly kind: 'keys at once'; readonly atMs: number; readonly count: number }
  // Sockets that claim to be the call's.
  | { readonly kind: 'replayed token'; readonly atMs: number }
  | { readonly kind: 'forged token'; readonly atMs: number }
  | { readonly kind: 'takeover'; readonly atMs: number }
  // What the carrier tells, or does not.
  | { readonly kind: 'repeated webhook'; readonly atMs: number; readonly times: number }
  | { readonly kind: 'late callbacks'; readonly byMs: number }
  | { readonly kind: 'double callbacks' | 'reversed callbacks' | 'no callbacks' | 'no stream' }
  // What the carrier answers.
  | {
      readonly kind: 'create fails' | 'update fails' | 'list fails' | 'recording fails'
      readonly answer: FailedAnswer
      readonly times: number
    }
  // People and programs.
  | { readonly kind: 'early hang-up'; readonly afterMs: number }
  | { readonly kind: 'double ending' }
  | { readonly kind: 'meddling'; readonly deeds: readonly MeddlingDeed[] }
  | { readonly kind: 'reader of events'; readonly atMs: number; readonly forMs: number }

export type TroubleKind = Trouble['kind']

export interface MeddlingDeed {
  readonly atMs: number
  /** `transfer`: to somebody who is busy; `hand over`: to somebody who answers and talks. */
  readonly deed:
    | 'digits'
    | 'hold'
    | 'resume'
    | 'record'
    | 'pause recording'
    | 'stop recording'
    | 'transfer'
    | 'hand over'
    | 'look'
}

export const FAILED_ANSWERS = {
  'too many': { status: 429 },
  'bad request': { status: 400 },
  unauthorized: { status: 401 },
  'server error': { status: 500 },
  'server error, but done': { status: 500, takesEffect: true },
  reset: { reset: true },
  'reset, but done': { reset: true, takesEffect: true },
  silence: { hang: true },
  'silence, but done': { hang: true, takesEffect: true },
  gibberish: { status: 200, body: '<html>Welcome</html>', headers: { 'content-type': 'text/html' } },
  late: { delayMs: 1_500 },
} as const satisfies Record<string, Omit<PreparedAnswer, 'operation' | 'about'>>

export type FailedAnswer = keyof typeof FAILED_ANSWERS

const ASIDE: ReadonlySet<TroubleKind> = new Set([
  'second start',
  'keys at once',
  'replayed token',
  'forged token',
  'repeated webhook',
  'late callbacks',
  'double callbacks',
  'reader of events',
  'recording fails',
] satisfies TroubleKind[])

/** Whether it touches nothing that is heard on the call. */
export function leavesMediaAlone(kind: TroubleKind): boolean {
  return ASIDE.has(kind)
}
