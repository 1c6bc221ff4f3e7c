import type { CallView } from '../call-view.ts'
import { pathOf } from '../exchange/call-progress.ts'
import type { EdgeProgress, Progress, StateProgress } from '../http/progress-desk.ts'

/** What is told of a call's progress, in words for people: a line for whatever they would want to know. */

/** By the event that led along the edge. */
const EDGES: Readonly<Record<string, (edge: EdgeProgress) => string | undefined>> = {
  'leg.answered': () => 'answered',
  'leg.detected': ({ fields }) => `answered by ${words(String(fields['answeredBy'] ?? 'somebody'))}`,
  'call.hold': () => 'on hold',
  'call.resume': () => 'off hold',
  'call.transfer': () => 'transfer: asked for',
  'dial.ringing': () => 'transfer: ringing',
  'dial.answered': () => 'transfer: answered',
  'bridge.presumed': () => 'transfer: presumably answered',
  'xstate.done.actor.transfer': ({ fields }) => `transfer: ${String(fields['outcome'] ?? 'over')}`,
  'xstate.error.actor.transfer': () => 'transfer: failed',
  'call.record': () => 'recording: on',
  'call.pauseRecording': () => 'recording: paused',
  'call.resumeRecording': () => 'recording: on again',
  'xstate.done.actor.recording': () => 'recording: off',
  'xstate.error.actor.recording': () => 'recording: failed',
  'playback.cleared': ({ before }) => (pathOf(before).includes('.speaking.over') ? 'barge-in' : undefined),
  'media.silent': () => 'nothing is heard from the line',
  'media.resumed': () => 'the line is heard again',
  'stream.lost': ({ fields }) => `stream lost: ${String(fields['cause'] ?? 'no cause was given')}`,
  'stream.started': ({ before }) => (pathOf(before).includes('.stream.lost') ? 'stream back' : undefined),
}

const FINAL = new Set(['ended', 'error'])

/** Tells one call. */
export class ProgressWords {
  #line = ''
  /** Where it stood when that was told last: what happens in between does not make it news again. */
  #standing = ''
  #digits = 0

  /** Undefined for what is not worth a line, or was said just before. */
  lineOf(progress: Progress): string | undefined {
    const line = this.#wordsOf(progress)
    if (line === undefined || line === this.#line) return undefined
    if (progress.type === 'state') {
      if (line === this.#standing) return undefined
      this.#standing = line
    }
    this.#line = line
    return line
  }

  #wordsOf(progress: Progress): string | undefined {
    if (progress.type === 'end') return standingOf(progress.call)
    if (progress.type === 'state') return wordsOfState(progress)
    // What a child's chart does in detail, the call's own tells where it matters.
    if (progress.actor !== null) return undefined
    if (progress.event !== 'digit.received') return EDGES[progress.event]?.(progress)
    this.#digits += 1
    return this.#digits === 1 ? '1 key pressed' : `${this.#digits} keys pressed`
  }
}

/** `ended · callee hung up`. */
export function standingOf({ state, reason, cause }: Pick<CallView, 'state' | 'reason' | 'cause'>): string {
  return [state, reason, cause].filter((part) => part !== null).join(' · ')
}

/** `connecting · ringing`: as far in as there is one state only. A final state is told with the call's end. */
function wordsOfState({ state, path, reason }: StateProgress): string | undefined {
  if (FINAL.has(state)) return undefined
  const [inner] = path.includes(' ') ? [] : path.split('.').slice(1)
  return [state, inner === undefined ? undefined : words(inner), reason ?? undefined]
    .filter((part) => part !== undefined)
    .join(' · ')
}

/** `awaitingStream` and `machine_start` as words. */
function words(name: string): string {
  return name.replaceAll('_', ' ').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
