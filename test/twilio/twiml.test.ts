import { XMLParser, XMLValidator } from 'fast-xml-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ConnectStream, connectStreamTwiml, hangupTwiml, rejectTwiml } from '../../src/twilio/twiml.ts'

const URLS = { streamUrl: 'wss://voice.example/ws', actionUrl: 'https://voice.example/twiml/next?attempt=1' }

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => name === 'Parameter',
})

const refusal = (wanted: Partial<ConnectStream>, message: RegExp) =>
  expect(() => connectStreamTwiml({ ...URLS, parameters: {}, ...wanted })).toThrow(
    expect.objectContaining({ code: 'TWIML_INVALID', message: expect.stringMatching(message) }),
  )

describe('TwiML that connects a stream', () => {
  it('is one Connect with an action, and nothing after it that would keep a silent line open', () => {
    expect(connectStreamTwiml({ ...URLS, parameters: { token: 'abc' } })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response>' +
        '<Connect action="https://voice.example/twiml/next?attempt=1" method="POST">' +
        '<Stream url="wss://voice.example/ws"><Parameter name="token" value="abc"/></Stream></Connect></Response>',
    )
  })

  it('asks for stream status callbacks when told where', () => {
    expect(connectStreamTwiml({ ...URLS, statusCallbackUrl: 'https://voice.example/status', parameters: {} })).toContain(
      '<Stream url="wss://voice.example/ws" statusCallback="https://voice.example/status" statusCallbackMethod="POST"/>',
    )
  })

  it('carries any parameter through XML and back (property)', () => {
    const tricky = fc.constantFrom('&', '&amp;', '<', '"', "'", ']]>', '\n', '\t', '\r', '&#x41;', '😀', ' a ')
    const part = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 100 }), fc.array(tricky, { maxLength: 5 }).map(String))
    const carried = part.filter((text) => isXmlText(text))
    const parameters = fc.dictionary(carried.filter((name) => name !== ''), carried, { maxKeys: 5 })
    fc.assert(
      fc.property(parameters, fc.webUrl({ withQueryParameters: true }), (wanted, actionUrl) => {
        const twiml = connectStreamTwiml({ ...URLS, actionUrl, parameters: wanted })
        expect(XMLValidator.validate(twiml)).toBe(true)
        const connect = parser.parse(twiml).Response.Connect
        expect(connect['@action']).toBe(actionUrl)
        const read: Record<string, string>[] = connect.Stream.Parameter ?? []
        const pairs = read.map((each) => [each['@name'], each['@value']])
        expect(pairs).toEqual(Object.entries(wanted))
      }),
    )
  })

  it('refuses parameters of 500 characters and more, without quoting their value', () => {
    expect(connectStreamTwiml({ ...URLS, parameters: { name: 'x'.repeat(495) } })).toContain('x'.repeat(495))
    refusal({ parameters: { name: 'x'.repeat(496) } }, /^expected parameter "name" to have fewer than 500 .*, got 500$/)
  })

  it.each(['\u0000', '\u000b', '\u001f', '\ud800', '\ufffe'])('refuses %j, which XML cannot carry', (character) => {
    refusal({ parameters: { name: `a${character}` } }, /^expected parameter "name" to be text that XML can carry/)
    refusal({ parameters: { [`a${character}`]: '' } }, /to be text that XML can carry/)
  })

  it('refuses a parameter without a name', () => {
    refusal({ parameters: { '': 'x' } }, /to have a name/)
  })

  it('refuses a stream URL with a query, another scheme or spaces, and a relative action', () => {
    refusal({ streamUrl: 'wss://voice.example/ws?token=1' }, /^expected the stream URL to be wss:.* got "wss:/)
    refusal({ streamUrl: 'https://voice.example/ws' }, /the stream URL/)
    refusal({ streamUrl: 'wss://voice.example/ ws' }, /the stream URL/)
    refusal({ actionUrl: '/twiml/next' }, /^expected the action URL to be an absolute http\(s\) URL, got "\/twiml\/next"$/)
    refusal({ statusCallbackUrl: '/status' }, /the status callback URL/)
  })
})

describe('TwiML that ends a call', () => {
  it('hangs up', () => {
    expect(hangupTwiml()).toBe('<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>')
  })

  it.each(['busy', 'rejected'] as const)('rejects as %s', (reason) => {
    expect(parser.parse(rejectTwiml(reason)).Response).toEqual({ Reject: { '@reason': reason } })
  })
})

/** Said in another way than in the code under test: by what is forbidden. */
function isXmlText(text: string): boolean {
  return text.isWellFormed() && ![...text].some((character) => /[^\P{Cc}\t\n\r\u{7f}-\u{9f}]|[\ufffe\uffff]/u.test(character))
}
