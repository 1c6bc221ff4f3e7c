import { describe, expect, it } from 'vitest'
import { parseRecordingCallback } from '../../src/twilio/recording-callback.ts'
import { parseFormBody } from '../../src/twilio/webhooks.ts'
import { expectNothingElse, notOptional, notRequired } from './callback-forms.ts'
import { ACCOUNT_SID, CALL_SID } from './wire-messages.ts'

const RECORDING_SID = `RE${'0123456789abcdef'.repeat(2)}`
const URL = `https://api.twilio.com/2010-04-01/Accounts/${ACCOUNT_SID}/Recordings/${RECORDING_SID}`
const FORM = parseFormBody(
  `AccountSid=${ACCOUNT_SID}&CallSid=${CALL_SID}&RecordingSid=${RECORDING_SID}&RecordingUrl=${encodeURIComponent(URL)}` +
    '&RecordingStatus=completed&RecordingDuration=17&RecordingChannels=2&RecordingSource=StartCallRecordingAPI' +
    '&RecordingStartTime=Wed%2C+25+Nov+2026+12%3A00%3A10+%2B0000&ErrorCode=0&RecordingTrack=both',
)

describe('news of a recording', () => {
  it('says how it is, where, how long, and since when', () => {
    expect(parseRecordingCallback(FORM)).toEqual({
      callSid: CALL_SID,
      accountSid: ACCOUNT_SID,
      recordingSid: RECORDING_SID,
      status: 'completed',
      url: URL,
      durationSeconds: 17,
      channels: 2,
      startedAt: Date.parse('2026-11-25T12:00:10Z'),
      source: 'StartCallRecordingAPI',
      errorCode: 0,
    })
  })

  it.each(['in-progress', 'completed', 'absent', 'failed'])('may be that it is %s', (status) => {
    expect(parseRecordingCallback({ ...FORM, RecordingStatus: status }).status).toBe(status)
  })

  it('is refused without what it is about', () => {
    expect(
      notRequired(parseRecordingCallback, FORM, ['CallSid', 'AccountSid', 'RecordingSid', 'RecordingStatus']),
    ).toEqual([])
  })

  it('is not lost over a side fact', () => {
    expect(
      notOptional(parseRecordingCallback, FORM, {
        RecordingUrl: 'url',
        RecordingDuration: 'durationSeconds',
        RecordingChannels: 'channels',
        RecordingSource: 'source',
        RecordingStartTime: 'startedAt',
        ErrorCode: 'errorCode',
      }),
    ).toEqual([])
  })

  it.each(['javascript:alert(1)', 'file:///etc/passwd', '/relative', 'https://x y', `https://x/${'a'.repeat(3000)}`])(
    'has no URL when it is %s',
    (url) => {
      expect(parseRecordingCallback({ ...FORM, RecordingUrl: url }).url).toBeUndefined()
    },
  )

  it('fails with nothing but WEBHOOK_INVALID on any form (property)', () => {
    expect.hasAssertions()
    expectNothingElse(parseRecordingCallback, FORM)
  })
})
