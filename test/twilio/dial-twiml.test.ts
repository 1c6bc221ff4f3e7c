import { XMLParser, XMLValidator } from 'fast-xml-parser'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors.ts'
import { dialTwiml, type DialWanted } from '../../src/twilio/dial-twiml.ts'
import { parseTransferTarget, type TransferTarget } from '../../src/twilio/transfer-target.ts'

const WANTED: DialWanted = {
  target: parseTransferTarget('+15557654321'),
  actionUrl: 'https://voice.example/twiml/dialled?call=call_1&x=2',
  statusCallbackUrl: 'https://voice.example/dialled?call=call_1',
  callerId: '+15550100000',
  ringTimeoutSeconds: 25,
  timeLimitSeconds: 3600,
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseAttributeValue: false,
  parseTagValue: false,
  trimValues: false,
  htmlEntities: true,
})

/** The message that the TwiML is refused with; undefined if it is written. */
function refusal(wanted: Partial<DialWanted>): string | undefined {
  try {
    dialTwiml({ ...WANTED, ...wanted })
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'TWIML_INVALID') return error.message
    throw error
  }
}

describe('TwiML that dials somebody else', () => {
  it('is one Dial with an action, and one Number with news of every step', () => {
    expect(dialTwiml(WANTED)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response>' +
        '<Dial action="https://voice.example/twiml/dialled?call=call_1&amp;x=2" method="POST" timeout="25" ' +
        'callerId="+15550100000" answerOnBridge="true" timeLimit="3600">' +
        '<Number statusCallback="https://voice.example/dialled?call=call_1" ' +
        'statusCallbackEvent="initiated ringing answered completed" statusCallbackMethod="POST">+15557654321</Number>' +
        '</Dial></Response>',
    )
  })

  it('names a SIP address in a Sip of the same kind', () => {
    const target = parseTransferTarget('sip:alice@example.com;transport=tls?x-a=1&x-b=2')
    expect(dialTwiml({ ...WANTED, target })).toContain(
      'statusCallbackMethod="POST">sip:alice@example.com;transport=tls?x-a=1&amp;x-b=2</Sip></Dial></Response>',
    )
  })

  it('says nothing of a caller id when none is wanted', () => {
    expect(dialTwiml({ ...WANTED, callerId: undefined })).not.toContain('callerId')
  })

  it('carries whatever target can be read through XML and back, and nothing besides (property)', () => {
    const user = fc.stringMatching(/^[A-Za-z0-9\-_.!~*'()&=+$,]{1,40}$/)
    const domain = fc.domain().filter((name) => name.length < 100)
    const header = fc.stringMatching(/^x-[a-z]{1,8}=[A-Za-z0-9'()+$]{0,20}$/)
    const sip = fc
      .tuple(user, domain, fc.array(header, { maxLength: 3 }))
      .map(([name, host, headers]) => `sip:${name}@${host}${headers.length === 0 ? '' : `?${headers.join('&')}`}`)
      .filter((text) => text.length < 255)
    const number = fc.integer({ min: 2_000_000_000, max: 9_999_999_999 }).map((digits) => `+1${digits}`)
    const urls = fc.webUrl({ withQueryParameters: true })
    fc.assert(
      fc.property(fc.oneof(sip, number), urls, urls, (text, actionUrl, statusCallbackUrl) => {
        const target = parseTransferTarget(text)
        const twiml = dialTwiml({ ...WANTED, target, actionUrl, statusCallbackUrl })
        expect(XMLValidator.validate(twiml)).toBe(true)
        const { Response } = parser.parse(twiml)
        expect(Object.keys(Response)).toEqual(['Dial'])
        const { Dial } = Response
        const noun = target.kind === 'number' ? Dial.Number : Dial.Sip
        expect(Object.keys(Dial).filter((name) => !name.startsWith('@'))).toHaveLength(1)
        expect(noun['#text']).toBe(text)
        expect(Dial['@action']).toBe(actionUrl)
        expect(noun['@statusCallback']).toBe(statusCallbackUrl)
      }),
    )
  })

  it('lets nothing in that was not read as a target, whoever says that it was (property)', () => {
    const evil = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('</Number><Number>+19005550100', '+1555123</Number>', '+15551234567 ', 'sip:a@b</Sip><Hangup/>'),
      fc.string().map((text) => `sip:a@b${text}`),
    )
    fc.assert(
      fc.property(evil, fc.boolean(), (text, isNumber) => {
        const target = (
          isNumber ? { kind: 'number', number: text } : { kind: 'sip', uri: text, domain: 'b' }
        ) as TransferTarget
        if (refusal({ target }) !== undefined) return
        const { Dial } = parser.parse(dialTwiml({ ...WANTED, target })).Response
        expect((isNumber ? Dial.Number : Dial.Sip)['#text']).toBe(text)
      }),
      { numRuns: 500 },
    )
  })

  it.each([
    [{ actionUrl: '/twiml/dialled' }, /^expected the action URL to be an absolute http\(s\) URL, got "\/twiml/],
    [{ statusCallbackUrl: 'dialled' }, /^expected the status callback URL to be /],
    [{ callerId: 'Anonymous' }, /^expected a caller id in E\.164 form, got something else$/],
    [{ callerId: '' }, /^expected a caller id/],
    [{ ringTimeoutSeconds: 4 }, /^expected 5 to 600 whole seconds to ring, got 4$/],
    [{ ringTimeoutSeconds: 601 }, /got 601$/],
    [{ ringTimeoutSeconds: 7.5 }, /got 7\.5$/],
    [{ ringTimeoutSeconds: Number.NaN }, /got NaN$/],
    [{ timeLimitSeconds: 0 }, /^expected a time limit of whole seconds, got 0$/],
    [{ timeLimitSeconds: Infinity }, /got Infinity$/],
  ] as const)('is refused with %j', (wanted, message) => {
    expect(refusal(wanted)).toMatch(message)
  })

  it('never quotes whom it was to dial', () => {
    const target = { kind: 'number', number: '5551234567' } as unknown as TransferTarget
    expect(refusal({ target })).toBe('expected a phone number or a SIP address to dial, got something else')
  })
})
