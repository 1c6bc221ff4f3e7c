import { XMLValidator } from 'fast-xml-parser'
import * as fc from 'fast-check'
import { describe } from 'vitest'
import { ProtocolError, UsageError } from '../../src/errors.ts'
import { type Element, readResponse } from '../../src/simulator/twiml-element.ts'
import { dialTwiml } from '../../src/twilio/dial-twiml.ts'
import { parseTransferTarget, type TransferTarget } from '../../src/twilio/transfer-target.ts'
import { connectStreamTwiml } from '../../src/twilio/twiml.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedForm } from './mutated-form.ts'
import { mutatedText } from './mutated-text.ts'
import { must, type Verdict, verdictOf } from './verdict.ts'

const TWIML = { of: ProtocolError, codes: ['TWIML_INVALID'] } as const
const CANARY = 'canary-9f8e7d'

const STREAM_URLS = ['wss://calls.example.com/ws', 'ws://127.0.0.1:8080/ws']
const HTTP_URLS = ['https://calls.example.com/twiml/next?call=call_a&b=2', 'http://127.0.0.1:8080/twiml/next']
const TARGETS = [
  '+15557654321',
  '+44 20 7946 0958',
  'sip:alice@example.com',
  'sips:a.b-c_d%20e@acme.sip.twilio.com:5061;transport=tls?X-Ticket=42&x-name=A%20B',
  'sip:alice@example.com</Sip><Hangup/>',
  "sip:o'neil&<b>@[2001:db8::1]",
]

/** What a reader makes of the document, spelt out so that nothing can hide in it. */
function spelt(twiml: string): string {
  must(XMLValidator.validate(twiml) === true, 'expected XML')
  return JSON.stringify(readResponse(twiml).map(speltElement))
}

function speltElement({ name, attributes, text, children }: Element): unknown {
  return [name, Object.entries(attributes), text, children.map(speltElement)]
}

function outcomeOf(verdict: Verdict<string>, expected: () => unknown): string {
  if (verdict.is === 'refused') return 'refused'
  must(
    spelt(verdict.value) === JSON.stringify(expected()),
    `expected what was wanted and no more, got ${verdict.value}`,
  )
  return 'written'
}

describe('TwiML that connects a stream', () => {
  barrage('reads back as what was wanted and no more, or is a TWIML_INVALID without a value', {
    cases: fc.tuple(
      mutatedText(STREAM_URLS),
      mutatedText(HTTP_URLS),
      mutatedForm([
        [
          ['token', CANARY],
          ['a "b"', `<${CANARY}/>`],
        ],
      ]),
      fc.nat(3),
    ),
    outcome: ([streamUrl, actionUrl, form, which]) => {
      const parameters = Object.fromEntries(form)
      const wanted = {
        streamUrl: which === 1 ? streamUrl : 'wss://calls.example.com/ws',
        actionUrl: which === 2 ? actionUrl : 'https://calls.example.com/twiml/next',
        ...(which === 3 && { statusCallbackUrl: actionUrl }),
        parameters,
      }
      const verdict = verdictOf(() => connectStreamTwiml(wanted), TWIML)
      // A name that has become a value, or the other way about, is the application's own affair.
      const isSecret = !form.some(([name]) => name.includes(CANARY))
      if (verdict.is === 'refused' && isSecret) must(!verdict.message.includes(CANARY), 'expected no value, got it')
      return outcomeOf(verdict, () => [
        [
          'Connect',
          Object.entries({ action: wanted.actionUrl, method: 'POST' }),
          '',
          [
            [
              'Stream',
              Object.entries({
                url: wanted.streamUrl,
                ...(which === 3 && { statusCallback: actionUrl, statusCallbackMethod: 'POST' }),
              }),
              '',
              Object.entries(parameters).map(([name, value]) => ['Parameter', Object.entries({ name, value }), '', []]),
            ],
          ],
        ],
      ])
    },
    outcomes: ['written', 'refused'],
  })
})

describe('TwiML that dials', () => {
  const urls = mutatedText(HTTP_URLS)
  const seconds = fc.oneof(fc.integer({ min: 0, max: 700 }), fc.constantFrom(25, 25, 25, 5.5, Number.NaN, Infinity, -1))

  barrage('whatever could be read as a target reads back as that and no more', {
    cases: fc.tuple(mutatedText(TARGETS), urls, seconds, fc.nat(3), fc.boolean()),
    outcome: ([text, url, ring, which, isForged]) => {
      const target = isForged ? forged(text) : read(text)
      if (target === undefined) return 'no target'
      const wanted = {
        target,
        actionUrl: which === 1 ? url : 'https://calls.example.com/dialled?a=1&b=2',
        statusCallbackUrl: which === 2 ? url : 'https://calls.example.com/dialled',
        ...(which === 3 && { callerId: '+15550100000' }),
        ringTimeoutSeconds: ring,
        timeLimitSeconds: 3600,
      }
      const news = {
        statusCallback: wanted.statusCallbackUrl,
        statusCallbackEvent: 'initiated ringing answered completed',
        statusCallbackMethod: 'POST',
      }
      const noun = target.kind === 'number' ? ['Number', target.number] : ['Sip', target.uri]
      return outcomeOf(
        verdictOf(() => dialTwiml(wanted), TWIML),
        () => [
          [
            'Dial',
            Object.entries({
              action: wanted.actionUrl,
              method: 'POST',
              timeout: String(ring),
              ...(which === 3 && { callerId: '+15550100000' }),
              answerOnBridge: 'true',
              timeLimit: '3600',
            }),
            '',
            [[noun[0], Object.entries(news), noun[1], []]],
          ],
        ],
      )
    },
    outcomes: ['written', 'refused', 'no target'],
  })

  growsLinearly(
    'or connects takes time in proportion to what it is given',
    (text: string) => {
      verdictOf(() => connectStreamTwiml({ streamUrl: text, actionUrl: text, parameters: {} }), TWIML)
      verdictOf(
        () => connectStreamTwiml({ streamUrl: `wss://${text}`, actionUrl: `https://${text}`, parameters: {} }),
        TWIML,
      )
      const parameters = { [text]: text, a: text }
      verdictOf(() => connectStreamTwiml({ streamUrl: 'wss://a', actionUrl: 'https://a', parameters }), TWIML)
    },
    {
      letters: (size) => 'a'.repeat(size),
      'what is to be escaped': (size) => '&<"'.repeat(size / 3),
      slashes: (size) => '/'.repeat(size),
      blanks: (size) => ' '.repeat(size),
      'half characters': (size) => '\ud800'.repeat(size),
    },
    8_000,
  )
})

function read(text: string): TransferTarget | undefined {
  const verdict = verdictOf(() => parseTransferTarget(text), { of: UsageError, codes: ['TRANSFER_TARGET_INVALID'] })
  return verdict.is === 'read' ? verdict.value : undefined
}

/** A target that nobody has read. */
function forged(text: string): TransferTarget {
  return (
    text.startsWith('+') ? { kind: 'number', number: text } : { kind: 'sip', uri: text, domain: 'b' }
  ) as TransferTarget
}
