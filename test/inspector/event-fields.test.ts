import { describe, expect, it } from 'vitest'
import type { AnyEventObject } from 'xstate'
import { fieldsOf } from '../../src/inspector/event-fields.ts'

const CANARY = 'canary'

describe('what of an event may be shown', () => {
  it('is what the list names for its type', () => {
    expect(fieldsOf({ type: 'stream.started', streamSid: 'MZ1', callSid: 'CA1' })).toEqual({
      streamSid: 'MZ1',
      callSid: 'CA1',
    })
    expect(fieldsOf({ type: 'leg.ended', callSid: 'CA1', outcome: 'busy' })).toEqual({
      callSid: 'CA1',
      outcome: 'busy',
    })
    expect(fieldsOf({ type: 'call.hangUp', reason: 'draining' })).toEqual({ reason: 'draining' })
    expect(fieldsOf({ type: 'leg.detected', answeredBy: 'machine_start' })).toEqual({ answeredBy: 'machine_start' })
    expect(fieldsOf({ type: 'dial.ended', outcome: 'no-answer' })).toEqual({ outcome: 'no-answer' })
    expect(fieldsOf({ type: 'call.returned', mayHaveLeft: true })).toEqual({ mayHaveLeft: true })
  })

  it('is of a transfer how, and not to whom', () => {
    const event = { type: 'call.transfer', isUrgent: false, hasSuccessor: true, ringMs: 40_000 }
    const { type: _, ...fields } = event
    expect(fieldsOf({ ...event, to: CANARY, target: { number: CANARY }, from: CANARY })).toEqual(fields)
  })

  it.each<AnyEventObject>([
    { type: 'stream.started', token: CANARY, input: { pin: CANARY } },
    { type: 'digit.received', digit: CANARY, payload: CANARY },
    { type: 'speech.started', payload: CANARY },
    { type: 'dial.ended', to: CANARY, callSid: CANARY },
    { type: 'leg.detected', to: CANARY },
    { type: 'something.new', reason: CANARY, cause: CANARY },
    { type: 'xstate.init', input: { parameters: CANARY } },
    { type: 'xstate.done.actor.agent', output: { secret: CANARY, reply: CANARY } },
    { type: 'xstate.error.actor.agent', error: { config: { headers: CANARY }, stack: CANARY } },
    { type: 'constructor', constructor: CANARY },
  ])('is nothing else: $type', (event) => {
    expect(JSON.stringify(fieldsOf(event) ?? {})).not.toContain(CANARY)
  })

  it('tells what a command came to, and why it failed', () => {
    const output = { outcome: 'failed', fault: { code: 'CARRIER_REFUSED', message: 'no such number', body: CANARY } }
    expect(fieldsOf({ type: 'xstate.done.actor.placeCall', output })).toEqual({
      outcome: 'failed',
      code: 'CARRIER_REFUSED',
      message: 'no such number',
    })
    expect(fieldsOf({ type: 'xstate.error.actor.agent', error: new Error('no model today') })).toEqual({
      message: 'no model today',
    })
    const done = { outcome: 'done', sid: 'RE1', body: CANARY }
    expect(fieldsOf({ type: 'xstate.done.actor.startRecording', output: done })).toEqual({
      outcome: 'done',
      sid: 'RE1',
    })
  })

  it('tells what a transfer came to, and nobody’s number', () => {
    const output = { outcome: 'refused', cause: 'cannot dial +15557654321', mayHaveLeft: false, to: CANARY }
    expect(fieldsOf({ type: 'xstate.done.actor.transfer', output })).toEqual({
      outcome: 'refused',
      cause: 'cannot dial +1•••21',
      mayHaveLeft: false,
    })
  })

  it('masks numbers, and ends after a sentence', () => {
    const cause = `the call to +15557654321 failed: ${'x'.repeat(1_000)}`
    const fields = fieldsOf({ type: 'stream.lost', cause })
    expect(fields?.['cause']).toMatch(/^the call to \+1•••21 failed: x+$/)
    expect(String(fields?.['cause'])).toHaveLength(200)
  })

  it('is nothing for a thing that breaks when it is looked at', () => {
    const error = {
      get message(): string {
        throw new Error('do not look')
      },
    }
    expect(fieldsOf({ type: 'xstate.error.actor.agent', error })).toBeUndefined()
  })
})
