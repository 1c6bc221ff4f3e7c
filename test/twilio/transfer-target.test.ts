import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { isSipDomainAllowed, parseTransferTarget, type TransferTarget } from '../../src/twilio/transfer-target.ts'

/** The target, or the message it is refused with; anything else thrown is thrown on. */
function read(text: string): { target?: TransferTarget; refused?: string } {
  try {
    return { target: parseTransferTarget(text) }
  } catch (error) {
    if (error instanceof UsageError && error.code === 'TRANSFER_TARGET_INVALID') return { refused: error.message }
    throw error
  }
}

const EXPECTED = 'expected a phone number such as +15551234567, or a SIP address such as sip:alice@example.com, got '

describe('a transfer target', () => {
  it('may be a phone number, grouped or not', () => {
    expect(parseTransferTarget('+1 (555) 123-4567')).toEqual({ kind: 'number', number: '+15551234567' })
  })

  it.each([
    ['sip:alice@example.com', 'example.com'],
    ['sips:alice@example.com', 'example.com'],
    ['SIP:Alice@Example.COM', 'example.com'],
    ['sip:+15551234567@acme.sip.twilio.com', 'acme.sip.twilio.com'],
    ['sip:alice@example.com:5061;transport=tls', 'example.com'],
    ['sip:a.b-c_d%20e@127.0.0.1:5060', '127.0.0.1'],
    ['sip:alice@[2001:db8::1]:5060;edge=dublin', '[2001:db8::1]'],
    ['sip:alice@example.com?X-Ticket=42&x-name=A%20B', 'example.com'],
    ['sip:alice@localhost;transport=tcp?User-to-User=00', 'localhost'],
  ])('may be %s, and its domain is %s', (text, domain) => {
    expect(parseTransferTarget(text)).toEqual({ kind: 'sip', uri: text, domain })
  })

  it.each([
    ['', 'nothing'],
    ['alice@example.com', 'neither'],
    ['15551234567', 'neither'],
    ['tel:+15551234567', 'neither'],
    [' sip:alice@example.com', 'neither'],
    ['client:alice', 'neither'],
    ['sip:', 'a SIP address without a user'],
    ['sip:example.com', 'a SIP address without a user'],
    ['sip:@example.com', 'a SIP address whose user has characters that none has'],
    ['sip:alice:secret@example.com', 'a SIP address whose user has characters that none has'],
    ['sip:evil.com;a@example.com', 'a SIP address whose user has characters that none has'],
    ['sip:evil.com/a@example.com', 'a SIP address whose user has characters that none has'],
    ['sip:a%40evil.com@example.com', 'a SIP address whose user has characters that none has'],
    ['sip:a%0d%0a@example.com', 'a SIP address whose user has characters that none has'],
    ['sip:a%zz@example.com', 'a SIP address whose user has characters that none has'],
    ['sip:a@evil.com@example.com', 'a SIP address with more than one @'],
    ['sip:a@example.com;x=@evil.com', 'a SIP address with more than one @'],
    ['sip:a lice@example.com', 'a SIP address with " " in it'],
    ['sip:alice@example.com\n', 'a SIP address with "\\n" in it'],
    ['sip:alice@exämple.com', 'a SIP address with "ä" in it'],
    ['sip:alice@', 'a SIP address with the domain ""'],
    ['sip:alice@-example.com', 'a SIP address with the domain "-example.com"'],
    ['sip:alice@example..com', 'a SIP address with the domain "example..com"'],
    ['sip:alice@example.com.', 'a SIP address with the domain "example.com."'],
    ['sip:alice@<example.com>', 'a SIP address with the domain "<example.com>"'],
    ['sip:alice@[::1', 'a SIP address with the domain "["'],
    ['sip:alice@example.com/x', 'a SIP address with the domain "example.com/x"'],
    ['sip:alice@example.com:', 'a SIP address with "" as its port'],
    ['sip:alice@example.com:0', 'a SIP address with "0" as its port'],
    ['sip:alice@example.com:65536', 'a SIP address with "65536" as its port'],
    ['sip:alice@example.com:80:90', 'a SIP address with "80:90" as its port'],
    ['sip:alice@example.com;maddr=evil.com', 'a SIP address with the parameter "maddr=evil.com"'],
    ['sip:alice@example.com;MADDR=evil.com', 'a SIP address with the parameter "MADDR=evil.com"'],
    ['sip:alice@example.com;%6daddr=evil.com', 'a SIP address with the parameter "%6daddr=evil.com"'],
    ['sip:alice@example.com;', 'a SIP address with the parameter ""'],
    ['sip:alice@example.com?Route=%3Csip:evil.com%3E', 'a SIP address with the header "Route"'],
    ['sip:alice@example.com?X-A=1%0d%0aRoute:x', 'a SIP address with the header "X-A"'],
    ['sip:alice@example.com?', 'a SIP address with the header ""'],
    [`sip:${'a'.repeat(239)}@example.com`, '255 characters'],
  ])('is refused as %j: %s', (text, got) => {
    expect(read(text)).toEqual({ refused: EXPECTED + got })
  })

  it('may have 254 characters', () => {
    expect(parseTransferTarget(`sip:${'a'.repeat(238)}@example.com`).kind).toBe('sip')
  })

  it('that begins as a number is judged as one', () => {
    expect(read('+1911').refused).toBe(
      'expected a phone number in E.164 form such as +15551234567, got one too short or too long for +1',
    )
  })

  it('once read is one line of ASCII with one domain in it, and reads as itself; else it is a UsageError (property)', () => {
    const piece = fc
      .constantFrom(
        'sip:|sips:|a|alice|@|@|example.com|evil.com|:|5060|;|=|maddr|?|&|x-a|Route|%0a|%40|[::1]|<|>|"| |\n|\0|+1|.|-|/|😀'.split(
          '|',
        ),
      )
      .chain((pieces) => fc.constantFrom(...pieces))
    const soup = fc.array(piece, { maxLength: 10 }).map((pieces) => pieces.join(''))
    const texts = fc.oneof(
      soup.map((rest) => `sip:alice@example.com${rest}`),
      soup.map((rest) => `sip:${rest}@example.com`),
      soup,
      fc.string({ unit: 'binary' }).map((rest) => `sip:${rest}`),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const { target } = read(text)
        if (target?.kind !== 'sip') return
        const { uri, domain } = target
        expect(uri).toBe(text)
        expect(uri).toMatch(/^sips?:[!-~]+$/i)
        expect(uri.toLowerCase().split('@')[1]?.startsWith(domain)).toBe(true)
        expect(uri.split('@')).toHaveLength(2)
        // A route is a header: as a parameter it means nothing.
        expect(uri).not.toMatch(/[;?&]maddr=|[?&]route=|%0|%40|[<>"]/i)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the SIP domains allowed', () => {
  it('are those that are named, in whatever case', () => {
    expect(isSipDomainAllowed('example.com', ['other.org', ' Example.COM '])).toBe(true)
    expect(isSipDomainAllowed('EXAMPLE.com', ['example.com'])).toBe(true)
    expect(isSipDomainAllowed('[::1]', ['[::1]'])).toBe(true)
  })

  it('are not their subdomains, nor what merely ends or begins the same', () => {
    for (const domain of ['a.example.com', 'badexample.com', 'example.com.evil.org', 'example.co']) {
      expect(isSipDomainAllowed(domain, ['example.com'])).toBe(false)
    }
  })

  it('are all subdomains where that is asked for with an asterisk, but not the domain itself', () => {
    expect(isSipDomainAllowed('a.example.com', ['*.example.com'])).toBe(true)
    expect(isSipDomainAllowed('a.b.example.com', ['*.example.com'])).toBe(true)
    expect(isSipDomainAllowed('example.com', ['*.example.com'])).toBe(false)
    expect(isSipDomainAllowed('badexample.com', ['*.example.com'])).toBe(false)
  })

  it.each([[[]], [['']], [['*']], [['*.']], [['.']]])('are none with %j', (allowed) => {
    expect(isSipDomainAllowed('example.com', allowed)).toBe(false)
  })
})
