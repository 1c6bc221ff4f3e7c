import { createHash, createHmac } from 'node:crypto'
import * as fc from 'fast-check'
import { describe } from 'vitest'
import {
  signUpgrade,
  signWebhook,
  verifyJsonWebhook,
  verifyUpgrade,
  verifyWebhook,
} from '../../src/twilio/signature.ts'
import { parseFormBody } from '../../src/twilio/webhooks.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { type Form, formText, mutatedForm } from './mutated-form.ts'
import { mutatedText } from './mutated-text.ts'
import { signedText } from './signed-text.ts'
import { isUtf8 } from './utf8.ts'
import { must } from './verdict.ts'

const TOKEN = '0123456789abcdef0123456789abcdef'
const URLS = [
  'https://calls.example.com/twiml',
  'https://calls.example.com/status?call=call_aaaaaaaaaaaaaaaaaaaa&x=%2B1',
  'http://127.0.0.1:8080/twiml',
  'https://user:word@calls.example.com:8443/twiml#rc=2',
]
const FORM: Form = [
  ['CallSid', `CA${'0123456789abcdef'.repeat(2)}`],
  ['From', '+15551234567'],
  ['CallerName', ''],
  ['Media', 'b'],
  ['Media', 'a'],
]

const hmac = (text: string) => createHmac('sha1', TOKEN).update(text).digest('base64')
const paramsOf = (form: Form) => parseFormBody(formText(form))
const isWell = (form: Form) => form.every(([name, value]) => isUtf8(name) && isUtf8(value))

describe('the signature of a form', () => {
  barrage('is the documented one, fits what was signed, and nothing that reads otherwise', {
    cases: fc.tuple(fc.constantFrom(...URLS), mutatedForm([FORM]), mutatedForm([FORM])),
    outcome: ([url, form, other]) => {
      if (!isWell(form) || !isWell(other)) return 'half a character'
      const signature = signWebhook({ url, params: paramsOf(form), token: TOKEN })
      const bare = url.replace(/#.*/, '')
      const spelling = bare.startsWith('https:') ? bare.replace(/\/\/(?:[^@/]*@)?([^:/]*)(?::\d+)?/, '//$1') : bare
      must(signature === hmac(spelling + signedText(paramsOf(form))), 'expected the documented signature, got another')
      const tokens = ['another', TOKEN]
      must(verifyWebhook({ url, params: paramsOf(form), signature, tokens }), 'expected a signature to fit')
      const fits = verifyWebhook({ url, params: paramsOf(other), signature, tokens })
      const isSame = signedText(paramsOf(form)) === signedText(paramsOf(other))
      must(fits === isSame, `expected ${isSame ? 'the same' : 'another'} form to be ${isSame ? 'taken' : 'refused'}`)
      return isSame ? 'the same form' : 'another form'
    },
    outcomes: ['the same form', 'another form', 'half a character'],
  })

  barrage('is refused when a character of it, of the URL or of the token is another', {
    cases: fc.tuple(fc.nat(2), mutatedText([TOKEN]), mutatedText(URLS.slice(0, 2)), mutatedText([hmac('x')])),
    outcome: ([which, token, url, signature]) => {
      const [signed = ''] = URLS
      const request = {
        url: signed,
        params: paramsOf(FORM),
        signature: hmac(signed + signedText(paramsOf(FORM))),
        tokens: [TOKEN],
      }
      must(verifyWebhook(request), 'expected a signature to fit')
      if (which === 0) {
        // HMAC fills a key up with zeros to its 64 bytes.
        const isSame = token.length <= 64 && token.replace(/\0+$/, '') === TOKEN
        must(verifyWebhook({ ...request, tokens: [token] }) === isSame, 'expected another token to be refused')
        return 'token'
      }
      if (which === 1) {
        // A port, a user and a fragment are no part of what is signed.
        const isSame =
          url.replace(/#.*/s, '').replace(/^(https:\/\/)(?:[^/?#]*@)?([^/?#:]*)(?::\d+)?/, '$1$2') === signed
        must(verifyWebhook({ ...request, url }) === isSame, `expected another URL to be refused, got ${url}`)
        return 'URL'
      }
      must(!verifyWebhook({ ...request, signature }), 'expected another signature to be refused')
      return 'signature'
    },
    outcomes: ['token', 'URL', 'signature'],
  })
})

describe('verifying', () => {
  const anything = fc.oneof(fc.string({ unit: 'binary' }), mutatedText(URLS), mutatedText([TOKEN, hmac('')]))

  barrage('says no to whatever nobody signed, and never throws', {
    cases: fc.tuple(fc.constantFrom('a form', 'JSON', 'an upgrade'), anything, anything, anything),
    outcome: ([kind, url, signature, token]) => {
      const request = { url, signature, tokens: [token, ''] }
      // The public URL is the operator's own, and short.
      const isTaken = {
        'a form': () => verifyWebhook({ ...request, params: parseFormBody(token) }),
        JSON: () => verifyJsonWebhook({ ...request, url: `${url}?bodySHA256=${sha256(token)}`, rawBody: token }),
        'an upgrade': () => verifyUpgrade({ ...request, publicUrl: url.slice(0, 200), path: signature }),
      }[kind]
      must(!isTaken(), 'expected a signature that nobody made to be refused')
      return kind
    },
    outcomes: ['a form', 'JSON', 'an upgrade'],
  })

  barrage('of an upgrade takes the socket of the public URL, with a slash or without, and no other', {
    cases: fc.tuple(mutatedText(['wss://calls.example.com/ws']), fc.constantFrom('/ws', 'ws', '//ws')),
    outcome: ([url, path]) => {
      const isOurs = /^wss:\/\/calls\.example\.com(?::443)?\/ws\/?(?:#.*)?$/s.test(url)
      const signature = signUpgrade({ url, token: TOKEN })
      const fits = verifyUpgrade({ publicUrl: 'https://calls.example.com', path, signature, tokens: [TOKEN] })
      must(fits === isOurs, `expected ${url} to be ${isOurs ? 'taken' : 'refused'}`)
      return isOurs ? 'ours' : 'another'
    },
    outcomes: ['ours', 'another'],
  })

  barrage('of a JSON body covers every character of it', {
    cases: mutatedText(['{"CallSid":"CA1234567890ABCDE","Caller":"+12349013030"}']),
    outcome: (rawBody) => {
      const body = '{"CallSid":"CA1234567890ABCDE","Caller":"+12349013030"}'
      const url = `https://calls.example.com/events?a=1&bodySHA256=${sha256(body)}`
      const signature = signUpgrade({ url, token: TOKEN })
      const fits = verifyJsonWebhook({ url, rawBody, signature, tokens: [TOKEN] })
      must(fits === (rawBody === body), 'expected another body to be refused')
      return fits ? 'the same' : 'another'
    },
    outcomes: ['the same', 'another'],
  })

  growsLinearly(
    'takes time in proportion to the length of what came',
    (text: string) => {
      const request = { url: text, signature: text, tokens: [TOKEN] }
      verifyWebhook({ ...request, url: `https://a.example/${text}`, params: parseFormBody(text) })
      verifyWebhook({ ...request, params: {} })
      verifyJsonWebhook({ ...request, rawBody: text })
      verifyUpgrade({ ...request, publicUrl: 'https://a.example', path: text })
    },
    {
      'a long form': (size) => 'a=1&'.repeat(size / 4),
      'many fields': (size) => Array.from({ length: size / 8 }, (_, index) => `f${index}=1`).join('&'),
      'a URL of at signs': (size) => `https://${'@'.repeat(size)}`,
      'a URL of colons': (size) => `https://${':'.repeat(size)}`,
      'a URL of brackets': (size) => `https://${'['.repeat(size)}`,
      'a URL of slashes': (size) => '/'.repeat(size),
      'a URL of hash signs': (size) => '#'.repeat(size),
      'a URL of hashes of a body': (size) => '&bodySHA256=0'.repeat(size / 13),
    },
    8_000,
  )
})

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
