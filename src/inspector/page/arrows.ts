import type { Line } from '../../recording/schema.ts'
import { isByItself, wordsOfStep } from './event-words.ts'
import type { Film, TransitionLine } from './film.ts'
import { laneOf } from './lanes.ts'
import { wordsOfState } from './state-ids.ts'

/** A line of a film as a row of the sequence: from one lane to another, to itself, or across all. */
export interface Arrow {
  readonly from: string
  /** The same as `from`: by itself. */
  readonly to: string
  readonly label: string
  /** `note`: belongs to no lane. `life`: a child comes or goes. `wire`: between the carrier and us. */
  readonly kind: 'step' | 'life' | 'wire' | 'note'
  /** Nothing came of it. */
  readonly isIdle?: boolean
  readonly isFault?: boolean
}

export function toArrow(line: Line, { call, sources }: Film): Arrow {
  switch (line.what) {
    case 'transition':
      return call ? toStep(line, sources) : { ...toStep(line, sources), ...betweenNodeAndCalls(line) }
    case 'webhook':
      return wire(
        'carrier',
        'node',
        `webhook ${line.route} (${line.callStatus})${line.twiml ? ` → ${line.twiml}` : ''}`,
      )
    case 'rest':
      return toRest(line)
    case 'child': {
      const label = line.status === 'started' ? `start ${line.id}` : `${line.id} stopped`
      return { from: 'call', to: laneOf(line.id, sources), label, kind: 'life' }
    }
    case 'received':
    case 'sent':
      return toMessage(line)
    case 'lost':
      return { ...wire('carrier', 'node', `stream ${line.stream} lost: ${line.cause}`), isFault: true }
    case 'malformed':
      return { ...wire('carrier', 'node', 'malformed message'), isFault: true }
    case 'joined':
      return note(`joined here: ${wordsOfState(line.state)}`)
    case 'dropped':
      return { ...note(`${line.lines} lines are missing here`), isFault: true }
    default:
      return { ...note(`${line.state}: ${line.reason}`), isFault: line.state === 'error' }
  }
}

function toStep(line: TransitionLine, sources: ReadonlyMap<string, string>): Arrow {
  const to = laneOf(line.actor ?? 'call', sources)
  return {
    from: isByItself(line) ? to : laneOf(tellerOf(line), sources),
    to,
    label: wordsOfStep(line),
    kind: 'step',
    isIdle: line.edges?.length === 0,
    isFault: line.event.startsWith('xstate.error.'),
  }
}

const TELLERS: Readonly<Record<string, string>> = {
  call: 'node',
  command: 'call',
  leg: 'carrier',
  stream: 'carrier',
  media: 'inbound',
  speech: 'inbound',
  digit: 'inbound',
  playback: 'outbound',
  queue: 'outbound',
}

/** Recordings from before it was noted do not say; then the event's domain does. */
function tellerOf({ actor, event, from }: TransitionLine): string {
  const [, child] = /^xstate\.(?:done|error)\.actor\.(.+)$/.exec(event) ?? []
  // What a command waits for is the carrier's answer.
  if (actor !== undefined && child !== undefined) return 'carrier'
  return from ?? child ?? TELLERS[event.split('.')[0] ?? ''] ?? 'node'
}

/** The node's chart is its own, and calls are what it is told of. */
function betweenNodeAndCalls({ event }: TransitionLine) {
  return { from: event.startsWith('call.') ? 'call' : 'node', to: 'node' }
}

function toRest({ command, outcome, status, code }: Extract<Line, { what: 'rest' }>): Arrow {
  if (outcome === 'asked') return wire('command', 'carrier', `REST ${command}`)
  if (outcome === 'done') return wire('carrier', 'command', `REST ${command} done`)
  const why = [status, code].filter((part) => part !== undefined).join(' ')
  return { ...wire('carrier', 'command', `REST ${command} failed ${why}`.trim()), isFault: true }
}

function toMessage(line: Extract<Line, { what: 'received' | 'sent' }>): Arrow {
  const { event } = line.message
  const what = 'digit' in line.message ? line.message.digit : 'name' in line.message ? line.message.name : undefined
  const label = [`stream ${line.stream}`, event, what].filter((part) => part !== undefined).join(' ')
  const isOfSocket = event === 'start' || event === 'stop' || event === 'close'
  if (line.what === 'received') return wire('carrier', isOfSocket ? 'node' : 'inbound', label)
  return wire(isOfSocket ? 'node' : 'outbound', 'carrier', label)
}

function wire(from: string, to: string, label: string): Arrow {
  return { from, to, label, kind: 'wire' }
}

function note(label: string): Arrow {
  return { from: '', to: '', label, kind: 'note' }
}
