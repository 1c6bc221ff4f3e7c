import type { StateName } from '../../../src/recorder.ts'
import type { Header, Line } from '../../../src/recording/schema.ts'
import { Film } from '../../../src/inspector/page/film.ts'
import { HEADER } from '../../recording/lines.ts'

type Step = Extract<Line, { what: 'transition' }>

export const step = (
  at: number,
  before: StateName,
  event: string,
  after: StateName,
  more: Partial<Step> = {},
): Step => ({
  at,
  what: 'transition',
  event,
  before,
  after,
  ...more,
})

export const child = (at: number, id: string, src: string, status: 'started' | 'stopped' = 'started'): Line => ({
  at,
  what: 'child',
  id,
  src,
  status,
})

export const END: Line = { at: 900, what: 'end', state: 'ended', reason: 'no answer', stats: {} }

export const filmOf = (lines: readonly Line[], isOver = false): Film =>
  new Film({ watched: HEADER.id, call: HEADER as Header, lines, isOver })

export const nodeFilmOf = (lines: readonly Line[]): Film => new Film({ watched: 'node', lines, isOver: false })

/** An outbound call that the carrier had no time for at first. */
export const DIALED: readonly Line[] = [
  step(1, 'idle', 'call.connect', { connecting: { dialing: 'wanted' } }, { from: 'node' }),
  child(1, 'placeCall', 'carrier'),
  { at: 2, what: 'rest', command: 'placeCall', outcome: 'asked' },
  step(300, 'sending', 'xstate.error.actor.send', 'waiting', { actor: 'placeCall', from: 'placeCall' }),
  step(550, 'waiting', 'xstate.after.backoff.carrierCommand.waiting', 'sending', { actor: 'placeCall' }),
  step(800, 'sending', 'xstate.done.actor.send', 'done', { actor: 'placeCall' }),
  step(801, { connecting: { dialing: 'wanted' } }, 'xstate.done.actor.placeCall', { connecting: 'ringing' }),
  child(801, 'placeCall', 'carrier', 'stopped'),
]
