import { describe, expect, it } from 'vitest'
import { parseTwiml } from '../../src/simulator/twiml.ts'

describe('reading TwiML', () => {
  it('knows the verbs in their order, with the stream and its parameters', () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
      <Response><!-- a comment -->
        <Connect action="/next?a=1&amp;b=2" method="get">
          <Stream url="wss://example.test/ws" name="n" statusCallback="/s" statusCallbackMethod="POST">
            <Parameter name="token" value="&lt;&#39;&#x41;é&quot;&amp;amp;"/><Parameter name="empty" value=""/>
          </Stream>
        </Connect>
        <Pause length="3"/><Pause/><Reject reason="busy"/><Reject/><Hangup></Hangup><Say>Hello</Say>
      </Response>`
    expect(parseTwiml(xml)).toEqual([
      {
        verb: 'Connect',
        action: '/next?a=1&b=2',
        method: 'GET',
        stream: {
          url: 'wss://example.test/ws',
          name: 'n',
          statusCallback: '/s',
          statusCallbackMethod: 'POST',
          parameters: { token: `<'Aé"&amp;`, empty: '' },
        },
      },
      { verb: 'Pause', ms: 3_000 },
      { verb: 'Pause', ms: 1_000 },
      { verb: 'Reject', reason: 'busy' },
      { verb: 'Reject', reason: 'rejected' },
      { verb: 'Hangup' },
      { verb: 'Unknown', name: 'Say' },
    ])
  })

  it('keeps the space at the ends of a parameter, which is part of it', () => {
    const parameter = '<Parameter name=" a " value="&#10;b "/>'
    const xml = `<Response><Connect><Stream url="wss://a.test/ws">${parameter}</Stream></Connect></Response>`
    expect(parseTwiml(xml)).toMatchObject([{ stream: { parameters: { ' a ': '\nb ' } } }])
  })

  it('knows a Dial with a number, a SIP address or a number as its text, and what is asked of it', () => {
    const xml = `<Response>
      <Dial action="/a" method="GET" callerId="+15550100000" timeout="12" timeLimit="90" answerOnBridge="true">
        <Number statusCallback="/n" statusCallbackEvent="ringing  answered" statusCallbackMethod="GET"> +1555 </Number>
      </Dial>
      <Dial timeout="4" timeLimit="86401"><Sip statusCallback="/s">sip:a@b.test;x=1?y=2&amp;z=3</Sip></Dial>
      <Dial>+15551112222</Dial>
    </Response>`
    const standard = { method: 'POST', ringTimeoutMs: 30_000, timeLimitMs: 14_400_000, answersOnBridge: false }
    expect(parseTwiml(xml)).toEqual([
      {
        verb: 'Dial',
        to: '+1555',
        action: '/a',
        method: 'GET',
        callerId: '+15550100000',
        ringTimeoutMs: 12_000,
        timeLimitMs: 90_000,
        answersOnBridge: true,
        statusCallback: { url: '/n', method: 'GET', events: new Set(['ringing', 'answered']) },
      },
      {
        verb: 'Dial',
        to: 'sip:a@b.test;x=1?y=2&z=3',
        ...standard,
        statusCallback: { url: '/s', method: 'POST', events: new Set(['completed']) },
      },
      { verb: 'Dial', to: '+15551112222', ...standard },
    ])
  })

  it.each([
    ['<Dial><Conference>room</Conference></Dial>', 'Dial/Conference'],
    ['<Dial><Number>1</Number><Sip>2</Sip></Dial>', 'Dial/Number+Sip'],
    ['<Dial/>', 'Dial/'],
  ])('does not take %s for a Dial it can do', (xml, name) => {
    expect(parseTwiml(`<Response>${xml}</Response>`)).toEqual([{ verb: 'Unknown', name }])
  })

  it.each([
    ['', 'Start tag expected'],
    ['hello', "char 'h' is not expected"],
    ['<Response><Hangup></Response>', "Expected closing tag 'Hangup'"],
    ['<html></html>', 'expected the root element <Response>, got <html>'],
    ['<?xml version="<?xml version="1.0"?><Response/>', 'expected a TwiML document, got Pi Tag is not closed.'],
  ])('refuses %j', (xml, complaint) => {
    expect(() => parseTwiml(xml)).toThrow(complaint)
    expect(() => parseTwiml(xml)).toThrow(expect.objectContaining({ code: 'TWIML_INVALID' }))
  })

  it('never quotes a document whole', () => {
    expect(() => parseTwiml(`<Response>${'<'.repeat(5_000)}`)).toThrow(/^[^]{1,250}$/)
  })

  it('knows an empty response and a Connect without a Stream', () => {
    expect(parseTwiml('<Response/>')).toEqual([])
    expect(parseTwiml('<Response><Connect><Room/></Connect></Response>')).toEqual([
      { verb: 'Unknown', name: 'Connect/Room' },
    ])
  })
})
