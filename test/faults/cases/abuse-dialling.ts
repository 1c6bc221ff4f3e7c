import { expect } from 'vitest'
import { parseTwiml } from '../../../src/simulator/twiml.ts'
import type { Call } from '../../../src/agents/agent.ts'
import { type Stage, untilTheEnd } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'

/** Numbers that cost more than a call does: premium, an island's, personal, shared-cost, satellite, international premium. */
const COSTLY = [
  '+19005551212',
  '+1 900 555 1212',
  '+18765551234',
  '+447012345678',
  '+4911833',
  '+8816512345678',
  '+8835100123456',
]
const SHORT = ['911', '112', '40404', '*67', '+911', '', '0']
const DISGUISED = [
  '٩١١',
  '+1900٥٥٥1212',
  '＋19005551212',
  '+1 900 555 1212,wwww1',
  '+15552220001,wwww9005551212',
  '+15552220001;ext=1',
  '+15552220001wwww',
  'tel:+19005551212',
  'sip:+19005551212@evil.example',
  'client:alice',
  '+1555222000\n1',
  '+1555222\u202E1000',
]

/** Whom the carrier was asked to call, or to send a call to. */
const ordersIn = ({ carrier }: Stage) =>
  carrier.rest.requests.filter(({ method, operation }) => method === 'POST' && operation !== undefined)

/** Asks by every way there is for one to be called, as the holder of the token does; resolves with the codes. */
async function askEveryWay(stage: Stage, callSid: string, to: string): Promise<string[]> {
  const answers = []
  for (const path of [
    '/calls',
    '/inspector/calls',
    `/calls/${callSid}/transfer`,
    `/inspector/calls/${callSid}/transfer`,
  ]) {
    answers.push(await stage.api('POST', path, { to }))
  }
  const byLibrary = await stage.switchboard.dial({ to }).then(
    () => 'dialled',
    (error: unknown) => String(Reflect.get(Object(error), 'code')),
  )
  return [...answers.map(({ status, body }) => `${status} ${String(body['code'])}`), byLibrary]
}

/** Destinations that nobody gets to, whoever asks, in however many ways. */
function refused(
  name: string,
  expected: string,
  { numbers, as }: { numbers: readonly string[]; as: RegExp },
): StagedFault {
  return {
    name,
    expected,
    stage: { env: { CALLCHART_ALLOWED_DESTINATIONS: '+1,+44,+49,+8,+9' } },
    befall: async ({ stage }) => {
      const { caller, call } = await stage.caller()
      const before = ordersIn(stage).length
      for (const to of numbers) {
        for (const answer of await askEveryWay(stage, call.sid, to)) expect(`${to}: ${answer}`).toMatch(as)
      }
      expect(ordersIn(stage)).toHaveLength(before)
      expect(stage.view(call.sid)).toMatchObject({ state: 'active', transfers: [] })
      await caller.hangsUp()
      await stage.over(call.sid)
      return `${numbers.length} destinations, asked for in 5 ways: refused; the carrier was asked for nothing`
    },
  }
}

const tooOften: StagedFault = {
  name: 'dials one number again and again, and then others',
  expected: '429 `DIAL_LIMIT` past the limit of a number, and past the limit of the node, transfers counted',
  stage: {
    env: {
      CALLCHART_MAX_DIALS_PER_NUMBER_PER_HOUR: '2',
      CALLCHART_MAX_DIALS_PER_HOUR: '4',
      CALLCHART_CALLS_PER_SECOND: '100',
    },
  },
  befall: async ({ stage }) => {
    const { caller, call } = await stage.caller()
    const dial = (to: string) => stage.api('POST', '/calls', { to })
    const one = '+15552220001'
    const statuses = []
    for (let count = 0; count < 4; count += 1) statuses.push((await dial(one)).status)
    expect(statuses).toEqual([201, 201, 429, 429])
    for (const to of ['+15552220002', '+15552220003']) statuses.push((await dial(to)).status)
    expect(await dial('+15552220004')).toMatchObject({ status: 429, body: { code: 'DIAL_LIMIT' } })
    const transfer = await stage.api('POST', `/calls/${call.sid}/transfer`, { to: '+15552220005' })
    expect(transfer).toMatchObject({ status: 429, body: { code: 'DIAL_LIMIT' } })
    const dialled = ordersIn(stage).filter(({ operation }) => operation === 'create')
    expect(dialled.map(({ params }) => params['To'])).toEqual([one, one, '+15552220002', '+15552220003'])
    for (const each of stage.views().filter(({ direction }) => direction === 'outbound')) {
      await stage.api('DELETE', `/calls/${each.id}`)
      await stage.over(each.callSid ?? '')
    }
    await caller.hangsUp()
    await stage.over(call.sid)
    return '2 to one number, 4 in all; then `DIAL_LIMIT`, for a transfer too'
  },
}

/** Each is a target at an allowed domain, in a hasty reader's eyes. */
const HOSTILE_TARGETS = [
  'sip:alice@sip.example.com</Sip><Number>+19005551212</Number><Sip>',
  'sip:alice@sip.example.com"/><Redirect>https://evil.example</Redirect>',
  'sip:alice@evil.example?@sip.example.com',
  'sip:alice@sip.example.com;maddr=evil.example',
  'sip:alice@sip.example.com@evil.example',
  '+15552220001</Number><Number>+19005551212',
  'sip:alice@sip.example.com]]><!-- ',
]
/** May be called, and has what XML must not have as it is. */
const ODD_TARGET = "sip:a&b'c=$+d@sip.example.com;transport=tls?X-Note=1%26%3C%2FSip%3E"

const inTargets: StagedFault = {
  name: 'puts TwiML into the target of a transfer',
  expected:
    'refused where it is no address of an allowed domain; what is allowed reaches the carrier escaped, as one target',
  stage: { env: { CALLCHART_ALLOWED_SIP_DOMAINS: 'sip.example.com' } },
  befall: async ({ stage }) => {
    const { caller, call } = await stage.caller()
    const transfer = (to: string) => stage.api('POST', `/calls/${call.sid}/transfer`, { to })
    const before = ordersIn(stage).length
    for (const to of HOSTILE_TARGETS)
      expect([to, (await transfer(to)).status]).toEqual([to, expect.toBeOneOf([400, 403])])
    expect(ordersIn(stage)).toHaveLength(before)
    expect((await transfer(ODD_TARGET)).status).toBe(202)
    await stage.carrier.until(() => ordersIn(stage).length > before, { what: 'the carrier to be asked' })
    const [order] = ordersIn(stage).slice(before)
    const verbs = parseTwiml(String(order?.params['Twiml']))
    expect(verbs).toEqual([expect.objectContaining({ verb: 'Dial', to: ODD_TARGET })])
    await caller.hangsUp()
    await stage.over(call.sid)
    return `${HOSTILE_TARGETS.length} refused; one with odd characters was dialled as it is, in one \`<Sip>\``
  },
}

const HOSTILE_PARAMETERS = {
  'x"/><Hangup/><Parameter name="y': 'quotes in a name',
  note: '"/></Stream></Connect><Dial>+19005551212</Dial><!--',
  end: ']]>&amp;&#60;\u0000',
  token: 'a token of my own',
}

function inParameters(): StagedFault {
  const calls: Call[] = []
  return {
    name: 'puts TwiML into parameters, and into the number a call comes from',
    expected: 'the agent has them as they were given; no TwiML has anything of them',
    stage: {
      agents: {
        noting: async (call) => {
          calls.push(call)
          await untilTheEnd(call)
        },
      },
    },
    befall: async ({ stage }) => {
      const callee = stage.carrier.callee('+15552220001', { answersAfterMs: 0 })
      const asked = { to: callee.number, agent: 'noting', parameters: HOSTILE_PARAMETERS }
      expect((await stage.api('POST', '/calls', asked)).status).toBe(201)
      await stage.carrier.until(() => calls.length > 0, { what: 'the agent to be started' })
      expect(calls[0]?.parameters).toEqual(HOSTILE_PARAMETERS)
      expect(JSON.stringify(stage.carrier.rest.requests)).not.toMatch(/Hangup|9005551212|my own/)
      expect(Object.keys(callee.call?.stream?.customParameters ?? {})).toEqual(['token'])
      await callee.hangsUp()
      await stage.over(callee.call?.sid ?? '')

      const { caller, call } = await stage.caller('"/></Stream></Connect><Dial>+19005551212</Dial>')
      expect(Object.keys(call.stream?.customParameters ?? {})).toEqual(['token'])
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
      return 'both calls had one stream, with a token and nothing besides'
    },
  }
}

/** What somebody who has the API token may want to do with the telephone. */
export const DIALLING: readonly StagedFault[] = [
  refused(
    'asks for premium, satellite and personal numbers',
    '403 `DESTINATION_NOT_ALLOWED`, although the prefixes `+1`, `+44`, `+49`, `+8` are allowed',
    {
      numbers: COSTLY,
      as: /(?:403 )?DESTINATION_NOT_ALLOWED$/,
    },
  ),
  refused('asks for short codes and emergency numbers', '400: no telephone number', {
    numbers: SHORT,
    as: /(?:400 )?(?:PHONE_NUMBER_INVALID|TRANSFER_TARGET_INVALID)$/,
  }),
  refused(
    'disguises a number: other digits, pauses, `sip:`, `tel:`, an extension',
    'refused, whatever it would be read as',
    {
      numbers: DISGUISED,
      as: /(?:400 )?(?:PHONE_NUMBER_INVALID|TRANSFER_TARGET_INVALID)$|403 DESTINATION_NOT_ALLOWED$/,
    },
  ),
  tooOften,
  inTargets,
  inParameters(),
]
