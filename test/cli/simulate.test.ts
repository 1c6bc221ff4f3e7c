import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readWav } from '../../src/audio/wav.ts'
import { CALLER_SPEECH } from '../../src/cli/speech-files.ts'
import type { SimulateResult } from '../../src/simulator/simulate.ts'
import { startSmallServer } from '../simulator/small-server.ts'
import { build, callchart, temporaryFolder } from './program.ts'
import { openStage } from './stage.ts'

let stage: Awaited<ReturnType<typeof openStage>>
beforeAll(async () => {
  await build()
  stage = await openStage()
})
afterAll(() => stage[Symbol.asyncDispose]())

/** Who the server believes its carrier to be: as options, or from the environment that the server has too. */
const account = () => ['--auth-token', stage.carrier.authToken, '--account-sid', stage.carrier.accountSid]
const environment = () => ({ TWILIO_AUTH_TOKEN: stage.carrier.authToken, TWILIO_ACCOUNT_SID: stage.carrier.accountSid })

describe('callchart simulate', () => {
  it('calls our server, speaks, and writes what came back', async () => {
    await using folder = await temporaryFolder()
    const record = join(folder.path, 'heard.wav')
    const voice = ['--voice-url', `${stage.url}/twiml`, '--wav', CALLER_SPEECH, '--record', record, '--seconds', '1']
    const { code, stdout, stderr } = await callchart(['simulate', ...voice, ...account()])
    expect(code).toBe(0)
    const [head, row] = stdout.split('\n')
    expect(head).toMatch(/^call +status +streams +ended by/)
    expect(row).toMatch(/^CA[0-9a-f]{6} +completed +1 +caller/)
    expect(stderr).toMatch(/was answered\n.*its media stream started\n.*ended: caller hung up/)
    const { samples, sampleRate } = readWav(await readFile(record))
    expect(sampleRate).toBe(8_000)
    expect(samples.some((sample) => Math.abs(sample) > 1_000)).toBe(true)
  })

  it('prints one JSON object with a call for each caller', async () => {
    const args = ['--voice-url', `${stage.url}/twiml`, '--calls', '2', '--seconds', '1', '--digits', '12#', '--json']
    const { code, stdout } = await callchart(['simulate', ...args], { env: environment() })
    expect(code).toBe(0)
    const { calls, ...rest } = JSON.parse(stdout) as { calls: SimulateResult[] }
    expect(rest).toEqual({})
    expect(calls).toHaveLength(2)
    for (const call of calls) {
      expect(call).toMatchObject({
        callSid: expect.stringMatching(/^CA[0-9a-f]{32}$/),
        status: 'completed',
        isStreamed: true,
        streams: 1,
        endedBy: 'caller',
        problems: [],
        report: { framesSent: expect.any(Number), underruns: expect.any(Number), worstGapMs: expect.any(Number) },
      })
    }
  })

  it('is told by a server that knows another token that it is not welcome', async () => {
    const args = ['--voice-url', `${stage.url}/twiml`, '--auth-token', 'another', '--seconds', '1']
    const { code, stdout } = await callchart(['simulate', ...args])
    expect(code).toBe(1)
    expect(stdout).toMatch(/CA[0-9a-f]{6} 11200 .*403/)
  })

  it("calls anybody's server: one that rejects every call ends it as busy, and the exit code says so", async () => {
    const server = await startSmallServer({ answer: () => '<Response><Reject reason="busy"/></Response>' })
    const { code, stdout } = await callchart(['simulate', '--voice-url', server.voiceUrl, '--seconds', '1', '--json'])
    await server.close()
    expect(code).toBe(1)
    const { calls } = JSON.parse(stdout) as { calls: SimulateResult[] }
    expect(calls).toMatchObject([{ status: 'busy', isStreamed: false, streams: 0, problems: [] }])
  })

  it('explains a recording that it cannot read, and shows no stack', async () => {
    const { code, stderr } = await callchart(['simulate', '--voice-url', stage.url, '--wav', 'no-such.wav'])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^callchart: .*no-such\.wav.*\n$/)
  })
})
