import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/cli/free-port.ts'
import { createSimulatedCarrier } from '../../src/simulator/simulated-carrier.ts'
import { build, Program, ROOT } from '../cli/program.ts'
import { recording } from './recording.ts'

beforeAll(build)

const example = (name: string) => join(ROOT, 'dist/src/examples', `${name}.js`)

describe('an example that is a program', () => {
  it('embed.ts calls a number, plays its message, and tells how the call ended', async () => {
    const carrier = await createSimulatedCarrier()
    const callee = carrier.callee('+15551234567', { answersAfterMs: 100 })
    const port = String(await findFreePort())
    await using program = new Program([process.execPath, example('embed'), callee.number], {
      cwd: ROOT,
      env: {
        PORT: port,
        PUBLIC_URL: `http://127.0.0.1:${port}`,
        TWILIO_ACCOUNT_SID: carrier.accountSid,
        TWILIO_AUTH_TOKEN: carrier.authToken,
        TWILIO_API_URL: carrier.url,
        TWILIO_FROM: '+15550100000',
        CALLCHART_ALLOWED_DESTINATIONS: '+1555',
        CALLCHART_LOG_LEVEL: 'warn',
      },
    })
    const call = await callee.answers()
    const outcome = await program.ended
    await carrier.until(() => call.isOver)
    await carrier.close()
    expect(outcome).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^call_[a-z2-7]{20} ended: agent finished\n$/),
      stderr: '',
    })
    expect(call.positionHeardMs).toBeGreaterThanOrEqual((await recording('hours')).length / 8 - 1)
  })

  it('test-a-call.ts passes', async () => {
    await using program = new Program([process.execPath, '--test', example('test-a-call')], { cwd: ROOT })
    expect(await program.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/pass 1\b/) })
  })
})
