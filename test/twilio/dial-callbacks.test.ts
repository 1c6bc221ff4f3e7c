import { describe, expect, it } from 'vitest'
import { parseDialAction, parseDialledCallback } from '../../src/twilio/dial-callbacks.ts'
import { parseFormBody } from '../../src/twilio/webhooks.ts'
import { expectNothingElse, notOptional, notRequired } from './callback-forms.ts'
import { ACCOUNT_SID, CALL_SID } from './wire-messages.ts'

const OTHER_SID = `CA${'f'.repeat(32)}`

describe('the request to the action of a Dial', () => {
  const FORM = parseFormBody(
    `AccountSid=${ACCOUNT_SID}&CallSid=${CALL_SID}&CallStatus=in-progress&Direction=inbound&From=%2B15551234567` +
      `&To=%2B15550100000&CallerName=&DialCallStatus=completed&DialCallSid=${OTHER_SID}&DialCallDuration=61&DialBridged=true`,
  )

  it('tells what became of the other leg, beside what every voice webhook tells', () => {
    expect(parseDialAction(FORM)).toEqual({
      callSid: CALL_SID,
      accountSid: ACCOUNT_SID,
      from: '+15551234567',
      to: '+15550100000',
      direction: 'inbound',
      callStatus: 'in-progress',
      dialStatus: 'completed',
      dialledSid: OTHER_SID,
      dialledSeconds: 61,
    })
  })

  it.each(['completed', 'answered', 'busy', 'no-answer', 'failed', 'canceled'])('may tell that it was %s', (status) => {
    expect(parseDialAction({ ...FORM, DialCallStatus: status }).dialStatus).toBe(status)
  })

  it('comes too when whoever was handed over has hung up', () => {
    expect(parseDialAction({ ...FORM, CallStatus: 'completed' }).callStatus).toBe('completed')
  })

  it('is refused without what it is about', () => {
    expect(
      notRequired(parseDialAction, FORM, ['CallSid', 'AccountSid', 'CallStatus', 'Direction', 'DialCallStatus']),
    ).toEqual([])
  })

  it('is not lost over a side fact: a leg that failed has no sid', () => {
    expect(
      notOptional(parseDialAction, FORM, { DialCallSid: 'dialledSid', DialCallDuration: 'dialledSeconds' }),
    ).toEqual([])
  })

  it('fails with nothing but WEBHOOK_INVALID on any form (property)', () => {
    expect.hasAssertions()
    expectNothingElse(parseDialAction, FORM)
  })
})

describe('a status callback of a dialled leg', () => {
  const FORM = parseFormBody(
    `AccountSid=${ACCOUNT_SID}&CallSid=${OTHER_SID}&ParentCallSid=${CALL_SID}&CallStatus=completed&SequenceNumber=3` +
      '&CallDuration=12&Duration=1&SipResponseCode=200&Direction=outbound-dial&CallbackSource=call-progress-events',
  )

  it('tells the legs apart: its own, and the one that was handed over', () => {
    expect(parseDialledCallback(FORM)).toEqual({
      callSid: OTHER_SID,
      parentCallSid: CALL_SID,
      callStatus: 'completed',
      sequenceNumber: 3,
      sipResponseCode: 200,
      durationSeconds: 12,
    })
  })

  it('is refused without what it is about', () => {
    expect(notRequired(parseDialledCallback, FORM, ['CallSid', 'ParentCallSid', 'CallStatus'])).toEqual([])
  })

  it('is not lost over a side fact', () => {
    expect(
      notOptional(parseDialledCallback, FORM, {
        SequenceNumber: 'sequenceNumber',
        SipResponseCode: 'sipResponseCode',
        CallDuration: 'durationSeconds',
      }),
    ).toEqual([])
  })

  it('fails with nothing but WEBHOOK_INVALID on any form (property)', () => {
    expect.hasAssertions()
    expectNothingElse(parseDialledCallback, FORM)
  })
})
