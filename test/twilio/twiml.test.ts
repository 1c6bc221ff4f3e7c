import { XMLParser, XMLValidator } from 'fast-xml-parser'
import * as fc from 'fast-check'
import VoiceResponse from 'twilio/lib/twiml/VoiceResponse.js'
import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../src/errors.ts'
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

const tricky = fc.constantFrom('&', '&amp;', '<', '>', '"', "'", ']]>', '\n', '\t', '\r', '&#x41;', '😀', ' a ')
const carried = fc
  .oneof(fc.string({ unit: 'grapheme', maxLength: 100 }), fc.array(tricky, { maxLength: 5 }).map(String))
  .filter((text) => isXmlText(text))
const parameters = fc.dictionary(
  carried.filter((name) => name !== ''),
  carried,
  { maxKeys: 5 },
)
const unspaced = carried.map((text) => text.replaceAll(/\s/g, ''))

/** What is wanted, written by the SDK. */
function builtBySdk({ streamUrl, actionUrl, statusCallbackUrl, parameters: wanted }: ConnectStream): string {
  const response = new VoiceResponse()
  const stream = response.connect({ action: actionUrl, method: 'POST' }).stream({
    url: streamUrl,
    ...(statusCallbackUrl !== undefined && { statusCallback: statusCallbackUrl, statusCallbackMethod: 'POST' }),
  })
  for (const [name, value] of Object.entries(wanted)) stream.parameter({ name, value })
  return response.toString()
}

/** The message that the TwiML is refused with; undefined if it is written. */
function refusal(wanted: Partial<ConnectStream>): string | undefined {
  try {
    connectStreamTwiml({ ...URLS, parameters: {}, ...wanted })
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError && error.code === 'TWIML_INVALID') return error.message
    throw error
  }
}

describe('TwiML that connects a stream', () => {
  it('is one Connect with an action, and nothing after it that would keep a silent line open', () => {
    expect(connectStreamTwiml({ ...URLS, parameters: { token: 'abc' } })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response>' +
        '<Connect action="https://voice.example/twiml/next?attempt=1" method="POST">' +
        '<Stream url="wss://voice.example/ws"><Parameter name="token" value="abc"/></Stream></Connect></Response>',
    )
  })

  it('asks for stream status callbacks when told where', () => {
    expect(
      connectStreamTwiml({ ...URLS, statusCallbackUrl: 'https://voice.example/status', parameters: {} }),
    ).toContain(
      '<Stream url="wss://voice.example/ws" statusCallback="https://voice.example/status" statusCallbackMethod="POST"/>',
    )
  })

  it('carries any parameter through XML and back (property)', () => {
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

  it("is to the character what the SDK's builder writes (property)", () => {
    const url = fc.tuple(fc.webUrl({ withQueryParameters: true }), unspaced).map(([base, rest]) => base + rest)
    const statusCallbackUrl = fc.option(url, { nil: undefined })
    fc.assert(
      fc.property(url, statusCallbackUrl, parameters, (actionUrl, status, wanted) => {
        const statusCallback = status === undefined ? {} : { statusCallbackUrl: status }
        const twiml = connectStreamTwiml({ ...URLS, actionUrl, ...statusCallback, parameters: wanted })
        expect(twiml).toBe(builtBySdk({ ...URLS, actionUrl, ...statusCallback, parameters: wanted }))
      }),
    )
  })

  it('refuses parameters of 500 characters and more, without quoting their value', () => {
    expect(connectStreamTwiml({ ...URLS, parameters: { name: 'x'.repeat(495) } })).toContain('x'.repeat(495))
    expect(refusal({ parameters: { name: 'x'.repeat(496) } })).toMatch(
      /^expected parameter "name" to have fewer than 500 .*, got 500$/,
    )
  })

  it.each(['\u0000', '\u000b', '\u001f', '\ud800', '\ufffe'])('refuses %j, which XML cannot carry', (character) => {
    expect(refusal({ parameters: { name: `a${character}` } })).toMatch(
      /^expected parameter "name" to be text that XML can carry/,
    )
    expect(refusal({ parameters: { [`a${character}`]: '' } })).toMatch(/to be text that XML can carry/)
  })

  it('refuses a parameter without a name', () => {
    expect(refusal({ parameters: { '': 'x' } })).toMatch(/to have a name/)
  })

  it('refuses a stream URL with a query, another scheme or spaces, and a relative action', () => {
    expect(refusal({ streamUrl: 'wss://voice.example/ws?token=1' })).toMatch(
      /^expected the stream URL to be wss:.* got "wss:/,
    )
    expect(refusal({ streamUrl: 'https://voice.example/ws' })).toMatch(/the stream URL/)
    expect(refusal({ streamUrl: 'wss://voice.example/ ws' })).toMatch(/the stream URL/)
    expect(refusal({ actionUrl: '/twiml/next' })).toBe(
      'expected the action URL to be an absolute http(s) URL, got "/twiml/next"',
    )
    expect(refusal({ statusCallbackUrl: '/status' })).toMatch(/the status callback URL/)
  })
})

describe('TwiML that ends a call', () => {
  it('hangs up', () => {
    const response = new VoiceResponse()
    response.hangup()
    expect(hangupTwiml()).toBe('<?xml version="1.0" encoding="UTF-8"?><Response><Hangup/></Response>')
    expect(hangupTwiml()).toBe(response.toString())
  })

  it.each(['busy', 'rejected'] as const)('rejects as %s', (reason) => {
    const response = new VoiceResponse()
    response.reject({ reason })
    expect(parser.parse(rejectTwiml(reason)).Response).toEqual({ Reject: { '@reason': reason } })
    expect(rejectTwiml(reason)).toBe(response.toString())
  })
})

/** Said in another way than in the code under test: by what is forbidden. */
function isXmlText(text: string): boolean {
  return !/[^\P{Cc}\t\n\r\u{7f}-\u{9f}]|\p{Cs}|[\ufffe\uffff]/u.test(text)
}
