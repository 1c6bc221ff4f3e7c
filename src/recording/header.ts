import type { CallFacts } from '../directory.ts'
import { type Discretion, discreetParty } from './discretion.ts'
import { FORMAT_VERSION, type Header } from './schema.ts'

/** The first line of a recording: whose call it is, and what was left out. */
export function headerOf(call: CallFacts, discretion: Discretion): Header {
  const { id, direction, callSid, from, to, agent, startedAt } = call
  return {
    at: 0,
    what: 'call',
    version: FORMAT_VERSION,
    id,
    direction,
    callSid,
    from: discreetParty(from, discretion),
    to: discreetParty(to, discretion),
    agent,
    startedAt: new Date(startedAt).toISOString(),
    ...discretion,
  }
}
