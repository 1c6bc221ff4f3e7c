import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSimulatedCarrier, type SimulatedCarrier } from '../../src/simulator/simulated-carrier.ts'
import { build, callchart } from './program.ts'

const OURS = '+15550100000'

let carrier: SimulatedCarrier
beforeAll(async () => {
  await build()
  carrier = await createSimulatedCarrier()
  carrier.number(OURS)
})
afterAll(() => carrier.close())

function setNumber(number: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const account = { TWILIO_ACCOUNT_SID: carrier.accountSid, TWILIO_AUTH_TOKEN: carrier.authToken }
  return callchart(['number', 'set', number, ...args], { env: { ...account, TWILIO_API_URL: carrier.url, ...env } })
}

describe('callchart number set', () => {
  it('points the number at the server in PUBLIC_URL', async () => {
    expect(await setNumber(OURS, [], { PUBLIC_URL: 'https://calls.test/' })).toEqual({
      code: 0,
      stdout: '+15550100000 now asks https://calls.test/twiml\n',
      stderr: '',
    })
    expect(carrier.number(OURS)).toMatchObject({ voiceUrl: 'https://calls.test/twiml', voiceMethod: 'POST' })
  })

  it('points it at another server when told so', async () => {
    const args = ['--server', 'https://other.test']
    expect(await setNumber(OURS, args, { PUBLIC_URL: 'https://calls.test' })).toMatchObject({ code: 0 })
    expect(carrier.number(OURS).voiceUrl).toBe('https://other.test/twiml')
  })

  it.each([
    ['a number of somebody else', '+15550109999', {}, 'expected a number of this account, got ...99'],
    ['a number that is none', '12', {}, 'expected a phone number in E.164 form such as +15551234567'],
    [
      'a token that is wrong',
      OURS,
      { TWILIO_AUTH_TOKEN: 'wrong' },
      'the carrier did not accept the credentials (HTTP 401',
    ],
  ])('explains in one line why nothing was changed: %s', async (_, number, env, explanation) => {
    const { code, stdout, stderr } = await setNumber(number, [], { PUBLIC_URL: 'https://third.test', ...env })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`callchart: ${explanation}`)
    expect(stderr.trimEnd()).not.toContain('\n')
    expect(carrier.number(OURS).voiceUrl).not.toContain('third')
  })
})
