import type { AnyEventObject } from 'xstate'
import { maskNumber } from '../log.ts'
import type { Fields } from '../recorder.ts'

/**
 * What of an event may be shown. The list is of what may leave: a field that is not on it stays here, whatever it is
 * called. There is nothing on it that was said or keyed, that opens a door, or that the application handed in.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'call.finish': ['reason', 'cause'],
  'call.hangUp': ['reason', 'cause'],
  'leg.ringing': ['callSid'],
  'leg.answered': ['callSid'],
  'leg.ended': ['callSid', 'outcome'],
  'leg.detected': ['answeredBy'],
  'dial.ended': ['outcome'],
  'call.transfer': ['isUrgent', 'hasSuccessor', 'ringMs'],
  'call.returned': ['mayHaveLeft'],
  'stream.started': ['streamSid', 'callSid'],
  'stream.stopped': ['streamSid'],
  'stream.lost': ['streamSid', 'cause'],
  'stream.refused': ['cause'],
}

/** Of what a command to the carrier came to, or a transfer. */
const OF_OUTPUT = ['outcome', 'sid', 'cause', 'mayHaveLeft']
const OF_FAULT = ['code', 'message', 'retryAfterMs']

/** A sentence is enough: what was thrown may bring a page. */
const LONGEST = 200

/** Never throws: what is looked at may be anything that was thrown. */
export function fieldsOf(event: AnyEventObject): Fields | undefined {
  try {
    const fields = pickAll(event)
    return Object.keys(fields).length === 0 ? undefined : fields
  } catch {
    return undefined
  }
}

function pickAll(event: AnyEventObject): Fields {
  const { type } = event
  if (type.startsWith('xstate.done.actor.')) {
    const output = within(event, 'output')
    return { ...pick(output, OF_OUTPUT), ...pick(within(output, 'fault'), OF_FAULT) }
  }
  if (type.startsWith('xstate.error.actor.')) return pick(within(event, 'error'), OF_FAULT)
  return Object.hasOwn(ALLOWED, type) ? pick(event, ALLOWED[type] ?? []) : {}
}

function within(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function pick(value: unknown, names: readonly string[]): Fields {
  const fields: Record<string, string | number | boolean> = {}
  for (const name of names) {
    const field = within(value, name)
    if (typeof field === 'string') fields[name] = maskNumber(field).slice(0, LONGEST)
    else if (typeof field === 'number' || typeof field === 'boolean') fields[name] = field
  }
  return fields
}
