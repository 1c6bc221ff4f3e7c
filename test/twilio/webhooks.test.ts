import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFormBody, parseStatusCallback, parseVoiceWebhook } from '../../src/twilio/webhooks.ts'

const CALL_SID = `CA${'0123456789abcdef'.repeat(2)}`
const ACCOUNT_SID = `AC${'0123456789abcdef'.repeat(2)}`
const STREAM_SID = `MZ${'0123456789abcdef'.repeat(2)}`

/** The shape of a real incoming call, most of whose values are blank. */
const INCOMING =
  `AccountSid=${ACCOUNT_SID}&ApiVersion=2010-04-01&CallSid=${CALL_SID}&CallStatus=ringing&CallToken=%7B%22x%22%3A1%7D` +
  '&Called=%2B15550100000&CalledCity=&CalledCountry=US&CalledState=&CalledZip=&Caller=%2B15551234567&CallerCity=' +
  '&CallerCountry=US&CallerName=&Direction=inbound&From=%2B15551234567&FromCity=&StirVerstat=TN-Validation-Passed-A' +
  '&To=%2B15550100000&ToCity=&SomethingNew=1'

const problem = (code: string, message: RegExp) =>
  expect.objectContaining({ name: 'ProtocolError', code, message: expect.stringMatching(message) })

describe('a form body', () => {
  it('keeps blank values, decodes plus and percent, and makes repeated names arrays', () => {
    const params = parseFormBody('a=&b=x+y%2Bz&c=1&c=&c=2&d')
    expect({ ...params }).toEqual({ a: '', b: 'x y+z', c: ['1', '', '2'], d: '' })
  })

  it('has no prototype to pollute or to mistake for a field', () => {
    const params = parseFormBody('__proto__=x&constructor=y')
    expect(Object.keys(params)).toEqual(['__proto__', 'constructor'])
    expect(params['toString']).toBeUndefined()
    expect(Object.getPrototypeOf(params)).toBeNull()
    expect(Reflect.get({}, 'x')).toBeUndefined()
  })

  it('gives back every pair that URLSearchParams wrote (property)', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))), (pairs) => {
        const params = parseFormBody(new URLSearchParams(pairs).toString())
        for (const [name] of pairs) {
          const values = pairs.filter(([other]) => other === name).map(([, value]) => value)
          expect(params[name]).toEqual(values.length === 1 ? values[0] : values)
        }
      }),
    )
  })
})

describe('a voice webhook', () => {
  it('is read from a real form, unknown and blank fields and all', () => {
    expect(parseVoiceWebhook(parseFormBody(INCOMING))).toEqual({
      callSid: CALL_SID,
      accountSid: ACCOUNT_SID,
      from: '+15551234567',
      to: '+15550100000',
      direction: 'inbound',
      callStatus: 'ringing',
      stirVerstat: 'TN-Validation-Passed-A',
    })
  })

  it.each(['', 'Anonymous', '+266696687', 'sip:alice@example.com'])('accepts %j as the caller', (from) => {
    expect(parseVoiceWebhook({ ...parseFormBody(INCOMING), From: from }).from).toBe(from)
  })

  it('takes a missing From as withheld', () => {
    const { From: _, ...rest } = parseFormBody(INCOMING)
    expect(parseVoiceWebhook(rest).from).toBe('')
  })

  it.each(['outbound-api', 'outbound-dial'])('calls %s outbound', (direction) => {
    expect(parseVoiceWebhook({ ...parseFormBody(INCOMING), Direction: direction }).direction).toBe('outbound')
  })

  it.each([
    ['CallSid', 'CA123', /expected CallSid to be CA and 32 hexadecimal digits, got "CA123"/],
    ['CallSid', [CALL_SID, CALL_SID], /expected CallSid to be .*, got an array of 2/],
    ['AccountSid', CALL_SID, /expected AccountSid to be AC and 32 hexadecimal digits, got "CA0123/],
    ['Direction', 'sideways', /expected Direction to be inbound or outbound-\*, got "sideways"/],
    ['CallStatus', 'dancing', /expected CallStatus to be one of queued, .*, got "dancing"/],
    ['From', ['+1', '+2'], /expected From to be given once, got an array of 2/],
  ])('is refused with a %s of %j', (name, value, message) => {
    const params = { ...parseFormBody(INCOMING), [name]: value }
    expect(() => parseVoiceWebhook(params)).toThrow(problem('WEBHOOK_INVALID', message))
  })

  it.each(['CallSid', 'AccountSid', 'Direction', 'CallStatus'])('is refused without %s', (name) => {
    const params = Object.fromEntries(Object.entries(parseFormBody(INCOMING)).filter(([key]) => key !== name))
    const message = new RegExp(`^expected ${name} to be .*, got nothing$`)
    expect(() => parseVoiceWebhook(params)).toThrow(problem('WEBHOOK_INVALID', message))
  })

  it('fails with nothing but WEBHOOK_INVALID on any form (property)', () => {
    const form = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string())))
    fc.assert(
      fc.property(form, (params) => {
        expect(() => parseVoiceWebhook(params)).toThrow(problem('WEBHOOK_INVALID', /^expected .*, got /))
        expect(() => parseStatusCallback(params)).toThrow(problem('WEBHOOK_INVALID', /^expected .*, got /))
      }),
    )
  })
})

describe('a status callback', () => {
  it('of a call carries its status, order, SIP code and length in seconds', () => {
    const form = parseFormBody(
      `CallSid=${CALL_SID}&CallStatus=completed&SequenceNumber=3&CallDuration=61&Duration=2&SipResponseCode=200&ErrorCode=&Timestamp=x`,
    )
    expect(parseStatusCallback(form)).toEqual({
      kind: 'call',
      callSid: CALL_SID,
      callStatus: 'completed',
      sequenceNumber: 3,
      sipResponseCode: 200,
      durationSeconds: 61,
    })
  })

  it('keeps the status when a side fact is odd, rather than lose the end of a call', () => {
    const form = { CallSid: CALL_SID, CallStatus: 'busy', SequenceNumber: 'x', SipResponseCode: ['486', '486'] }
    expect(parseStatusCallback(form)).toEqual({ kind: 'call', callSid: CALL_SID, callStatus: 'busy' })
  })

  it('of a call may say who answered, and a code for what failed', () => {
    const form = { CallSid: CALL_SID, CallStatus: 'failed', AnsweredBy: 'machine_start', ErrorCode: '13224' }
    expect(parseStatusCallback(form)).toMatchObject({ answeredBy: 'machine_start', errorCode: 13224 })
  })

  it('of a stream is told apart by its StreamEvent', () => {
    const form = { CallSid: CALL_SID, StreamSid: STREAM_SID, StreamEvent: 'stream-error', StreamError: '31920 - x' }
    expect(parseStatusCallback(form)).toEqual({
      kind: 'stream',
      callSid: CALL_SID,
      streamSid: STREAM_SID,
      streamEvent: 'stream-error',
      streamError: '31920 - x',
    })
    const stopped = { ...form, StreamEvent: 'stream-stopped', StreamError: '' }
    expect(parseStatusCallback(stopped)).toHaveProperty('streamError', undefined)
  })

  it.each([
    [{ CallSid: CALL_SID }, /expected CallStatus to be one of/],
    [{ CallStatus: 'busy' }, /expected CallSid to be .*, got nothing/],
    [{ CallSid: CALL_SID, StreamEvent: 'stream-error' }, /expected StreamSid to be MZ/],
    [{ CallSid: CALL_SID, StreamSid: STREAM_SID, StreamEvent: 'x' }, /expected StreamEvent to be one of/],
  ])('is refused when it is %j', (form, message) => {
    expect(() => parseStatusCallback(form)).toThrow(problem('WEBHOOK_INVALID', message))
  })
})
