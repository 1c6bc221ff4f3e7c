import { describe, expect, it } from 'vitest'
import { ProgressWords } from '../../src/cli/progress-words.ts'
import type { EdgeProgress, Progress, StateProgress } from '../../src/http/progress-desk.ts'
import { ENDED } from './small-api.ts'

const AT = '2026-11-25T10:00:00.000Z'

function state(path: string, reason: string | null = null): StateProgress {
  return { type: 'state', state: path.split(/[. ]/)[0] ?? '', path, reason, at: AT }
}

function edge(event: string, more: Partial<EdgeProgress> = {}): EdgeProgress {
  const stay = { before: { active: {} }, after: { active: {} } }
  return { type: 'edge', actor: null, event, from: 'carrier', fields: {}, edges: ['x'], at: AT, ...stay, ...more }
}

function wordsOf(...progress: readonly Progress[]): (string | undefined)[] {
  const words = new ProgressWords()
  return progress.map((each) => words.lineOf(each))
}

describe('progress in words', () => {
  it.each([
    [state('idle'), 'idle'],
    [state('connecting.dialing.wanted'), 'connecting · dialing'],
    [state('connecting.awaitingStream'), 'connecting · awaiting stream'],
    [state('active.floor.idle active.stream.flowing'), 'active'],
    [state('stopping.hangingUp', 'hung up by API'), 'stopping · hanging up · hung up by API'],
    [{ type: 'end', call: ENDED } as const, 'ended · callee hung up'],
    [
      { type: 'end', call: { ...ENDED, state: 'error', reason: 'carrier refused', cause: 'HTTP 400' } } as const,
      'error · carrier refused · HTTP 400',
    ],
    [edge('leg.answered'), 'answered'],
    [edge('leg.detected', { fields: { answeredBy: 'machine_end_beep' } }), 'answered by machine end beep'],
    [edge('call.hold'), 'on hold'],
    [edge('call.resume'), 'off hold'],
    [edge('call.transfer'), 'transfer: asked for'],
    [edge('dial.ringing'), 'transfer: ringing'],
    [edge('dial.answered'), 'transfer: answered'],
    [edge('xstate.done.actor.transfer', { fields: { outcome: 'no-answer' } }), 'transfer: no-answer'],
    [edge('call.record'), 'recording: on'],
    [edge('call.pauseRecording'), 'recording: paused'],
    [edge('xstate.done.actor.recording'), 'recording: off'],
    [edge('playback.cleared', { before: { active: { floor: { speaking: 'over' } } } }), 'barge-in'],
    [edge('stream.lost', { fields: { cause: 'code 1006' } }), 'stream lost: code 1006'],
    [edge('stream.started', { before: { active: { stream: { lost: 'dropped' } } } }), 'stream back'],
  ])('has a line for %j', (progress, line) => {
    expect(wordsOf(progress)).toEqual([line])
  })

  it.each([
    ['a final state, which comes with the end', state('ended', 'callee hung up')],
    ['who has the floor', edge('speech.started')],
    ['a clear while the far end says nothing', edge('playback.cleared', { before: { active: { floor: 'speaking' } } })],
    ['the first stream', edge('stream.started', { before: { connecting: 'awaitingStream' } })],
    ["what a child's chart does", edge('dial.ringing', { actor: 'transfer' })],
  ])('has none for %s', (_, progress) => {
    expect(wordsOf(progress)).toEqual([undefined])
  })

  it('counts keys, and tells none of them', () => {
    expect(wordsOf(edge('digit.received'), edge('digit.received'))).toEqual(['1 key pressed', '2 keys pressed'])
  })

  it('does not say the same twice in a row', () => {
    const talking = [state('active.floor.idle active.queue.roomy'), state('active.floor.speaking active.queue.roomy')]
    expect(wordsOf(...talking, edge('call.hold'), edge('call.hold'))).toEqual([
      'active',
      undefined,
      'on hold',
      undefined,
    ])
  })
})
