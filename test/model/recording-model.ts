import { assign, setup } from 'xstate'

/**
 * A recording that the carrier makes, as the one who wants it sees it: what it is told, and what the carrier is being
 * asked for. Written without a look at `machines/carrier-recording.ts`.
 */

export type RecordingEvent =
  | { readonly type: 'api.records' }
  | { readonly type: 'api.pauses' }
  | { readonly type: 'api.resumes' }
  | { readonly type: 'api.stops' }
  | { readonly type: 'carrier.does' }
  | { readonly type: 'carrier.refuses' }
  /** It does not say. */
  | { readonly type: 'carrier.isSilent' }

export interface RecordingContext {
  /** The last news. */
  readonly news: 'in-progress' | 'paused' | 'stopped' | 'refused' | 'unknown' | undefined
  /** How often a recording was begun. */
  readonly begun: number
}

const recordingSetup = setup({
  types: { context: {} as RecordingContext, events: {} as RecordingEvent },
  actions: {
    begin: assign(({ context }) => ({ begun: context.begun + 1 })),
    tell: assign((_, params: Pick<RecordingContext, 'news'>) => params),
  },
  guards: { isFirst: ({ context }) => context.begun === 0 },
})

const tell = (news: NonNullable<RecordingContext['news']>) => ({ type: 'tell', params: { news } }) as const

const asked = (done: string, news: 'in-progress' | 'paused' | 'stopped', before: string) =>
  ({
    'carrier.does': { target: done, actions: tell(news) },
    'carrier.refuses': { target: before, actions: tell('refused') },
    'carrier.isSilent': { target: before, actions: tell('unknown') },
  }) as const

export const recordingModel = recordingSetup.createMachine({
  id: 'recording',
  context: { news: undefined, begun: 0 },
  initial: 'off',
  states: {
    // A second one is begun like the first.
    off: { on: { 'api.records': { guard: 'isFirst', target: 'beginning', actions: 'begin' } } },
    beginning: { on: { ...asked('rolling', 'in-progress', 'off'), 'api.stops': 'unwanted' } },
    unwanted: { on: asked('ending', 'in-progress', 'off') },
    rolling: { on: { 'api.pauses': 'pausing', 'api.stops': 'ending' } },
    pausing: { on: { ...asked('paused', 'paused', 'rolling'), 'api.stops': 'ending' } },
    paused: { on: { 'api.resumes': 'resuming', 'api.stops': 'endingPaused' } },
    resuming: { on: { ...asked('rolling', 'in-progress', 'paused'), 'api.stops': 'endingPaused' } },
    ending: { on: asked('off', 'stopped', 'rolling') },
    endingPaused: { on: asked('off', 'stopped', 'paused') },
  },
})
