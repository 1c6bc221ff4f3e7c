import type { CallFacts } from '../../src/directory.ts'

export const FACTS: CallFacts = {
  id: 'call_aaaaaaaaaaaaaaaaaaaa',
  direction: 'inbound',
  callSid: `CA${'0'.repeat(32)}`,
  from: '+15551110001',
  to: '+15550100000',
  agent: 'echo',
  parameters: { pin: 'canary-parameter' },
  startedAt: 0,
}

export const HEADER = {
  at: 0,
  what: 'call',
  version: 1,
  id: FACTS.id,
  direction: 'inbound',
  from: '',
  to: '',
  agent: 'echo',
  startedAt: '2026-01-01T00:00:00.000Z',
  audio: true,
  numbers: false,
}

export const END = { at: 9, what: 'end', state: 'ended', reason: 'caller hung up', stats: {} }

export const fileOf = (...lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('')
