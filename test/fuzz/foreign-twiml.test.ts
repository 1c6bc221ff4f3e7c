import { describe } from 'vitest'
import { ProtocolError } from '../../src/errors.ts'
import { parseTwiml } from '../../src/simulator/twiml.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedText } from './mutated-text.ts'
import { must, verdictOf } from './verdict.ts'

const TWIML = { of: ProtocolError, codes: ['TWIML_INVALID'] } as const

const DOCUMENTS = [
  '<?xml version="1.0" encoding="UTF-8"?><Response><Connect action="/next?a=1&amp;b=2" method="POST">' +
    '<Stream url="wss://a.test/ws" name="n"><Parameter name="token" value="&lt;&#39;&#x41;"/></Stream></Connect></Response>',
  '<Response><!-- a comment --><Pause length="3"/><Reject reason="busy"/><Hangup></Hangup><Say>Hello</Say></Response>',
  '<Response><Dial action="/a" timeout="12" timeLimit="90" answerOnBridge="true"><Number statusCallback="/n" ' +
    'statusCallbackEvent="ringing answered">+15551234567</Number></Dial><Dial><Sip>sip:a@b.test;x=1?y=2</Sip></Dial></Response>',
]

const VERBS = new Set(['Connect', 'Dial', 'Pause', 'Reject', 'Hangup', 'Unknown'])

function read(xml: string): 'read' | 'refused' {
  const verdict = verdictOf(() => parseTwiml(xml), TWIML)
  if (verdict.is === 'refused') return 'refused'
  for (const verb of verdict.value) {
    must(VERBS.has(verb.verb), `expected a known verb, got ${verb.verb}`)
    if (verb.verb === 'Pause') must(verb.ms >= 0, `expected a pause, got ${verb.ms}`)
    if (verb.verb !== 'Connect') continue
    const { parameters } = verb.stream
    must(
      Object.values(parameters).every((value) => typeof value === 'string'),
      'expected parameters to be texts',
    )
  }
  return 'read'
}

describe("a document of somebody's server, read by the simulated carrier", () => {
  barrage('is verbs or a TWIML_INVALID', {
    cases: mutatedText(DOCUMENTS),
    outcome: read,
    outcomes: ['read', 'refused'],
  })

  growsLinearly(
    'takes time in proportion to its length',
    read,
    {
      'many verbs': (size) => `<Response>${'<Pause/>'.repeat(size / 8)}</Response>`,
      'many parameters': (size) =>
        `<Response><Connect><Stream>${'<Parameter name="a" value="b"/>'.repeat(size / 31)}</Stream></Connect></Response>`,
      'many attributes': (size) =>
        `<Response><Pause ${Array.from({ length: size / 8 }, (_, index) => `a${index}=""`).join(' ')}/></Response>`,
      'a long attribute': (size) => `<Response><Pause length="${'1'.repeat(size)}"/></Response>`,
      'nothing but references': (size) => `<Response><Say>${'&#65;'.repeat(size / 5)}</Say></Response>`,
      'a tag that does not end': (size) => `<Response><Say${' a'.repeat(size / 2)}`,
      'a comment that does not end': (size) => `<Response><!--${'-'.repeat(size)}`,
      'nothing but brackets': (size) => `<Response>${'<'.repeat(size)}`,
    },
    4_000,
  )
})
