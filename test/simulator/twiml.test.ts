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

  it.each([
    ['', 'Start tag expected'],
    ['hello', "char 'h' is not expected"],
    ['<Response><Hangup></Response>', "Expected closing tag 'Hangup'"],
    ['<html></html>', 'expected the root element <Response>, got <html>'],
  ])('refuses %j', (xml, complaint) => {
    expect(() => parseTwiml(xml)).toThrow(complaint)
  })

  it('knows an empty response and a Connect without a Stream', () => {
    expect(parseTwiml('<Response/>')).toEqual([])
    expect(parseTwiml('<Response><Connect><Room/></Connect></Response>')).toEqual([
      { verb: 'Unknown', name: 'Connect/Room' },
    ])
  })
})
