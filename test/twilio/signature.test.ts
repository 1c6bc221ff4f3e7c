import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import twilio from 'twilio'
import { describe, expect, it } from 'vitest'
import {
  signUpgrade,
  signWebhook,
  verifyJsonWebhook,
  verifyUpgrade,
  verifyWebhook,
} from '../../src/twilio/signature.ts'
import { parseFormBody } from '../../src/twilio/webhooks.ts'

const TOKEN = '12345'

/** https://www.twilio.com/docs/usage/security and its earlier editions. */
const GOLDEN = [
  {
    url: 'https://example.com/myapp.php?foo=1&bar=2',
    params: {
      CallSid: 'CA1234567890ABCDE',
      Caller: '+14158675310',
      Digits: '1234',
      From: '+14158675310',
      To: '+18005551212',
    },
    signature: 'L/OH5YylLD5NRKLltdqwSvS0BnU=',
  },
  {
    url: 'http://mycompany.com/myapp.php?foo=1&bar=2',
    params: { CallSid: 'CA1234567890ABCDE', Digits: '1234', From: '+14158675309', To: '+18005551212' },
    signature: 'HpS7PBa1Agvt4OtO+wZp75IuQa0=',
  },
  {
    url: 'https://mycompany.com/myapp.php?foo=1&bar=2',
    params: {
      CallSid: 'CA1234567890ABCDE',
      Caller: '+14158675309',
      Digits: '1234',
      From: '+14158675309',
      To: '+18005551212',
    },
    signature: 'RSOYDt4T1cUTdK1PDd93/VVr8B8=',
  },
]

describe('a webhook signature', () => {
  it.each(GOLDEN)('agrees with the documented vector $signature', ({ url, params, signature }) => {
    expect(signWebhook({ url, params, token: TOKEN })).toBe(signature)
    expect(verifyWebhook({ url, params, signature, tokens: [TOKEN] })).toBe(true)
  })

  it('is refused when a value, a name, the URL or the token differs', () => {
    const url = 'https://voice.example/twiml'
    const signature = signWebhook({ url, params: { From: '+1', To: '' }, token: TOKEN })
    const verify = (changed: object) =>
      verifyWebhook({ url, params: { From: '+1', To: '' }, signature, tokens: [TOKEN], ...changed })
    expect(verify({})).toBe(true)
    expect(verify({ params: { From: '+2', To: '' } })).toBe(false)
    expect(verify({ params: { From: '+1', to: '' } })).toBe(false)
    expect(verify({ url: `${url}?` })).toBe(false)
    expect(verify({ url: 'https://Voice.example/twiml' })).toBe(false)
    expect(verify({ tokens: ['54321'] })).toBe(false)
    expect(verify({ tokens: [] })).toBe(false)
    expect(verify({ signature: signature.toLowerCase() })).toBe(false)
    expect(verify({ signature: undefined })).toBe(false)
    expect(verify({ signature: '' })).toBe(false)
  })

  it('covers blank parameters: dropping one, as some form parsers do, breaks it', () => {
    const url = 'https://voice.example/twiml'
    const signature = signWebhook({ url, params: { CallerName: '', From: '+1' }, token: TOKEN })
    // The name of a blank parameter is hashed even though it has no value.
    expect(verifyWebhook({ url, params: { CallerName: '', From: '+1' }, signature, tokens: [TOKEN] })).toBe(true)
    expect(verifyWebhook({ url, params: { From: '+1' }, signature, tokens: [TOKEN] })).toBe(false)
  })

  it('takes repeated parameters in any order', () => {
    const url = 'https://voice.example/twiml'
    const signature = signWebhook({ url, params: { Media: ['b', 'a'] }, token: TOKEN })
    expect(verifyWebhook({ url, params: { Media: ['a', 'b'] }, signature, tokens: [TOKEN] })).toBe(true)
    expect(verifyWebhook({ url, params: { Media: ['a', 'c'] }, signature, tokens: [TOKEN] })).toBe(false)
  })

  it('keeps a plus sign a plus sign: in a form %2B is one and a bare + is a space', () => {
    const url = 'https://voice.example/twiml?to=%2B1555&x=a+b'
    const signature = signWebhook({ url, params: { To: '+1 555' }, token: TOKEN })
    expect(verifyWebhook({ url, params: parseFormBody('To=%2B1+555'), signature, tokens: [TOKEN] })).toBe(true)
    const reencoded = 'https://voice.example/twiml?to=+1555&x=a%20b'
    expect(verifyWebhook({ url: reencoded, params: { To: '+1 555' }, signature, tokens: [TOKEN] })).toBe(false)
  })

  it('over https matches whether or not a port and a user were in the configured URL', () => {
    const signature = signWebhook({ url: 'https://voice.example/twiml', params: {}, token: TOKEN })
    for (const url of ['https://voice.example:8443/twiml', 'https://user:secret@voice.example:8443/twiml']) {
      expect(signWebhook({ url, params: {}, token: TOKEN })).toBe(signature)
      expect(verifyWebhook({ url, params: {}, signature, tokens: [TOKEN] })).toBe(true)
    }
    const withPort = signUpgrade({ url: 'https://voice.example:443/twiml', token: TOKEN })
    expect(
      verifyWebhook({ url: 'https://voice.example/twiml', params: {}, signature: withPort, tokens: [TOKEN] }),
    ).toBe(true)
  })

  it('over http keeps the port, as for a server on loopback', () => {
    const url = 'http://127.0.0.1:8080/twiml'
    const signature = signWebhook({ url, params: {}, token: TOKEN })
    expect(signature).not.toBe(signWebhook({ url: 'http://127.0.0.1/twiml', params: {}, token: TOKEN }))
    expect(verifyWebhook({ url, params: {}, signature, tokens: [TOKEN] })).toBe(true)
  })

  it('never covers a fragment, which only tells Twilio how to connect', () => {
    const url = 'https://voice.example/twiml'
    const signature = signWebhook({ url: `${url}#rc=2`, params: {}, token: TOKEN })
    expect(signature).toBe(signWebhook({ url, params: {}, token: TOKEN }))
    expect(verifyWebhook({ url: `${url}#rc=2&rp=all`, params: {}, signature, tokens: [TOKEN] })).toBe(true)
  })

  it('is accepted from either token while one replaces the other, and never from an empty one', () => {
    const url = 'https://voice.example/twiml'
    const signature = signWebhook({ url, params: {}, token: 'new' })
    expect(verifyWebhook({ url, params: {}, signature, tokens: ['old', 'new'] })).toBe(true)
    const unsigned = signWebhook({ url, params: {}, token: '' })
    expect(verifyWebhook({ url, params: {}, signature: unsigned, tokens: ['', 'new'] })).toBe(false)
  })

  it('is accepted by the SDK for any form (property)', () => {
    const params = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string(), { minLength: 1 })))
    fc.assert(
      fc.property(params, fc.webUrl({ withQueryParameters: true }), (form, url) => {
        const signature = signWebhook({ url, params: form, token: TOKEN })
        expect(twilio.validateRequest(TOKEN, signature, url, form)).toBe(true)
        expect(verifyWebhook({ url, params: form, signature, tokens: [TOKEN] })).toBe(true)
      }),
    )
  })

  it('never makes verifying throw, whatever comes (property)', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (url, signature, token) => {
        expect(verifyWebhook({ url, params: {}, signature, tokens: [token] })).toBe(false)
        expect(verifyUpgrade({ publicUrl: url, path: url, signature, tokens: [token] })).toBe(false)
        expect(verifyJsonWebhook({ url, rawBody: url, signature, tokens: [token] })).toBe(false)
      }),
    )
  })
})

describe('a JSON webhook signature', () => {
  const body = '{"CallSid":"CA1234567890ABCDE","Caller":"+12349013030"}'
  // The hash is the documented one for this body.
  const url = 'https://voice.example/events?bodySHA256=5ccde7145dfb8f56479710896586cb9d5911809d83afbe34627818790db0aec9'
  const signature = signUpgrade({ url, token: TOKEN })

  it('covers the URL, and through bodySHA256 the raw body', () => {
    expect(verifyJsonWebhook({ url, rawBody: body, signature, tokens: [TOKEN] })).toBe(true)
    expect(verifyJsonWebhook({ url, rawBody: `${body} `, signature, tokens: [TOKEN] })).toBe(false)
    expect(verifyJsonWebhook({ url, rawBody: body, signature, tokens: ['54321'] })).toBe(false)
  })

  it('is refused when the URL names no hash, or another one than was signed', () => {
    const bare = 'https://voice.example/events'
    const signed = signUpgrade({ url: bare, token: TOKEN })
    expect(verifyJsonWebhook({ url: bare, rawBody: body, signature: signed, tokens: [TOKEN] })).toBe(false)
    const hash = createHash('sha256').update('{}').digest('hex')
    const forged = `${bare}?bodySHA256=${hash}`
    expect(verifyJsonWebhook({ url: forged, rawBody: '{}', signature, tokens: [TOKEN] })).toBe(false)
  })
})

describe('an upgrade signature', () => {
  const publicUrl = 'https://voice.example'
  const verify = (url: string, changed: object = {}) =>
    verifyUpgrade({
      publicUrl,
      path: '/ws',
      signature: signUpgrade({ url, token: TOKEN }),
      tokens: [TOKEN],
      ...changed,
    })

  it('is over the wss URL of the TwiML, with or without a slash appended', () => {
    expect(verify('wss://voice.example/ws')).toBe(true)
    expect(verify('wss://voice.example/ws/')).toBe(true)
    expect(verify('https://voice.example/ws')).toBe(false)
    expect(verify('ws://voice.example/ws')).toBe(false)
    expect(verify('wss://voice.example/other')).toBe(false)
    expect(verify('wss://evil.example/ws')).toBe(false)
    expect(verify('wss://voice.example/ws', { tokens: ['x', TOKEN] })).toBe(true)
    expect(verify('wss://voice.example/ws', { signature: undefined })).toBe(false)
  })

  it('matches for a public URL with a closing slash, a path of its own, capitals or a port', () => {
    expect(verify('wss://voice.example/ws', { publicUrl: 'https://voice.example/' })).toBe(true)
    expect(verify('wss://voice.example/bot/ws', { publicUrl: 'https://voice.example/bot/' })).toBe(true)
    expect(verify('wss://Voice.example/ws', { publicUrl: 'https://Voice.example' })).toBe(true)
    expect(verify('wss://voice.example:8443/ws', { publicUrl: 'https://voice.example:8443' })).toBe(true)
    expect(verify('wss://voice.example/ws', { publicUrl: 'https://voice.example:8443' })).toBe(true)
  })

  it('is over a ws URL for an http origin on loopback, and for no other http origin', () => {
    for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080']) {
      expect(verify(`ws://${host}/ws`, { publicUrl: `http://${host}` })).toBe(true)
    }
    for (const host of ['voice.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      expect(verify(`ws://${host}/ws`, { publicUrl: `http://${host}` })).toBe(false)
      expect(verify(`wss://${host}/ws`, { publicUrl: `http://${host}` })).toBe(false)
    }
  })
})
