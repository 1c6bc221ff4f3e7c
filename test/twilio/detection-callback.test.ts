import { describe, expect, it } from 'vitest'
import { parseDetectionCallback } from '../../src/twilio/detection-callback.ts'
import { parseFormBody } from '../../src/twilio/webhooks.ts'
import { expectNothingElse, notOptional, notRequired } from './callback-forms.ts'
import { ACCOUNT_SID, CALL_SID } from './wire-messages.ts'

const FORM = parseFormBody(
  `CallSid=${CALL_SID}&AccountSid=${ACCOUNT_SID}&AnsweredBy=human&MachineDetectionDuration=2100&SomethingNew=`,
)

describe('the verdict of machine detection', () => {
  it('says who answered, and how long it took to find out', () => {
    expect(parseDetectionCallback(FORM)).toEqual({
      callSid: CALL_SID,
      accountSid: ACCOUNT_SID,
      answeredBy: 'human',
      durationMs: 2100,
    })
  })

  it.each(['human', 'machine_start', 'machine_end_beep', 'machine_end_silence', 'machine_end_other', 'fax', 'unknown'])(
    'may be %s',
    (answeredBy) => {
      expect(parseDetectionCallback({ ...FORM, AnsweredBy: answeredBy })).toHaveProperty('answeredBy', answeredBy)
    },
  )

  it('is unknown when it is a word of a later day', () => {
    expect(parseDetectionCallback({ ...FORM, AnsweredBy: 'call_screening' }).answeredBy).toBe('unknown')
  })

  it('is refused without what it is about', () => {
    expect(notRequired(parseDetectionCallback, FORM, ['CallSid', 'AccountSid', 'AnsweredBy'])).toEqual([])
  })

  it('is not lost over a side fact', () => {
    expect(notOptional(parseDetectionCallback, FORM, { MachineDetectionDuration: 'durationMs' })).toEqual([])
  })

  it('fails with nothing but WEBHOOK_INVALID on any form (property)', () => {
    expect.hasAssertions()
    expectNothingElse(parseDetectionCallback, FORM)
  })
})
