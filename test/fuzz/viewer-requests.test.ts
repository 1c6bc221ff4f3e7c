import * as fc from 'fast-check'
import { describe } from 'vitest'
import { parseViewerRequest } from '../../src/inspector/wire.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { type Deed, ViewerSession } from '../../src/viewer-session.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { mutatedJson } from './mutated-json.ts'
import { mutatedText } from './mutated-text.ts'
import { must } from './verdict.ts'

const API_TOKEN = 'canary-api-token-9f8e7d'
const HOST = 'calls.example.com'
const OWN = `https://${HOST}`
const START = 1_700_000_000_000

const session = new ViewerSession({
  apiToken: API_TOKEN,
  publicUrl: OWN,
  clock: new VirtualClock(),
  epochNow: () => START,
})
const own = { host: HOST, origin: OWN }
const logIn = session.logIn(API_TOKEN, own)
const COOKIE = logIn.outcome === 'admitted' ? (logIn.cookie.split(';')[0] ?? '') : ''

describe("a page's request over its socket", () => {
  barrage('is to watch something, or nothing at all', {
    cases: fc.oneof(
      mutatedJson([
        { type: 'watch', watched: 'call_aaaaaaaaaaaaaaaaaaaa' },
        { type: 'watch', watched: null },
      ]),
      fc.string({ unit: 'binary' }),
    ),
    outcome: (text) => {
      const request = parseViewerRequest(text)
      if (request === undefined) return 'nothing'
      const { watched } = request
      must(JSON.stringify(Object.keys(request).toSorted()) === '["type","watched"]', 'expected two fields')
      must(watched === null || (typeof watched === 'string' && watched.length <= 64), 'expected something short')
      return 'watch'
    },
    outcomes: ['watch', 'nothing'],
  })

  growsLinearly('takes time in proportion to its length', parseViewerRequest, {
    'a long name': (size) => JSON.stringify({ type: 'watch', watched: 'x'.repeat(size) }),
    'objects in objects': (size) => '{"watched":'.repeat(size / 12) + '1' + '}'.repeat(size / 12),
  })
})

describe("a viewer's credentials", () => {
  const headers = fc.record({
    cookie: mutatedText([COOKIE, `a=b; ${COOKIE}; c=d`]),
    authorization: mutatedText([`Bearer ${API_TOKEN}`]),
    origin: mutatedText([OWN, 'https://evil.example', 'null']),
    host: mutatedText([HOST, '127.0.0.1:8080']),
  })

  barrage('let in whoever has the token or the cookie as it was given, from our own page', {
    cases: fc.tuple(fc.constantFrom<Deed>('look', 'act', 'watch', 'enter'), headers),
    outcome: ([deed, { authorization, cookie, origin, host }]) => {
      const given = { authorization, cookie, origin, host }
      const objection = session.objectionTo(deed, given)
      session.logOut(given)
      if (objection !== undefined) {
        must([401, 403].includes(objection.status), `expected a refusal, got ${objection.status}`)
        must(!objection.detail.includes(API_TOKEN), 'expected no token in a refusal')
        return objection.code
      }
      const hasToken = authorization.replace(/^Bearer /i, '') === API_TOKEN
      const hasCookie = cookie.split(';').some((pair) => pair.trim() === COOKIE)
      must(deed === 'enter' || hasToken || hasCookie, 'expected nobody to be let in without a credential')
      const isOwn = origin === OWN || (URL.canParse(origin) && URL.canParse(`http://${host}`) && isAt(origin, host))
      const needsProof = deed === 'enter' || (deed !== 'look' && !hasToken)
      must(!needsProof || isOwn, `expected nobody to be let in from ${origin}`)
      return 'let in'
    },
    outcomes: ['let in', 'SESSION_INVALID', 'ORIGIN_FOREIGN'],
  })

  growsLinearly(
    'take time in proportion to their length',
    (text: string) => session.objectionTo('act', { cookie: text, authorization: text, origin: text, host: text }),
    {
      'many cookies': (size) => 'callchart_inspector=1.2.3;'.repeat(size / 26),
      blanks: (size) => `Bearer ${' '.repeat(size)}`,
      digits: (size) => `callchart_inspector=${'1'.repeat(size)}`,
    },
    8_000,
  )
})

/** Whether an origin is that of a page at `host`, by either scheme. */
function isAt(origin: string, host: string): boolean {
  return ['http', 'https'].some((scheme) => {
    const url = `${scheme}://${host}`
    return URL.canParse(url) && new URL(url).origin === origin
  })
}
