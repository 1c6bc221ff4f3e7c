import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readRecording } from '../../src/recording/recording.ts'
import { build, callchart, temporaryFolder } from './program.ts'
import { openStage } from './stage.ts'

/** A call that is recorded once, by a server in a process of its own. */
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let file = ''
let text = ''

beforeAll(async () => {
  await build()
  folder = await temporaryFolder()
  const calls = join(folder.path, 'calls')
  const stage = await openStage({ args: ['--record', calls] })
  const { caller } = await stage.caller()
  await caller.presses('12')
  await stage.carrier.until(() => (caller.call?.positionHeardMs ?? 0) > 400)
  await caller.hangsUp()
  stage.server.signal('SIGTERM')
  await stage.server.ended
  await stage[Symbol.asyncDispose]()
  const [name = ''] = await readdir(calls)
  file = join(calls, name)
  text = await readFile(file, 'utf8')
}, 30_000)
afterAll(() => folder[Symbol.asyncDispose]())

describe('callchart serve --record', () => {
  it('has written the call by the time the server is gone, from its beginning to its end', () => {
    const { call, lines } = readRecording(text)
    expect(file).toContain(`${call.id}.jsonl`)
    expect(call).toMatchObject({ agent: 'echo', from: '+1•••01', audio: true, numbers: false })
    expect(lines.at(-1)).toMatchObject({ what: 'end', state: 'ended', reason: 'caller hung up' })
  })
})

// Most of it in real time, each program half a second to start.
describe('callchart replay', { timeout: 30_000 }, () => {
  it('finds the same course in simulated time, and exits with 0', async () => {
    const { code, stdout, stderr } = await callchart(['replay', file, '--fast'])
    expect(stdout).toMatch(/^the same course: 4 steps, TwiML Connect, \d+ ms of audio sent, ended: caller hung up\n$/)
    expect(stderr).toBe('')
    expect(code).toBe(0)
  })

  it('finds it in its own timing too, as one JSON object', async () => {
    const { code, stdout } = await callchart(['replay', file, '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ isSame: true, differences: [], got: { chart: { digits: 2 } } })
    expect(code).toBe(0)
  })

  it('names what differs, a line each, and exits with 1', async () => {
    const agents = join(folder.path, 'agents.mjs')
    await writeFile(agents, 'export const echo = async (call) => { for await (const digit of call.digits()) return }\n')
    const { code, stdout } = await callchart(['replay', file, '--fast', '--agents', agents])
    expect(code).toBe(1)
    expect(stdout).toMatch(/^step 3: expected stopping\.releasing .*, got stopping\./)
    expect(stdout).toContain('\nreason: expected caller hung up, got agent finished\n')
  })

  it('plays against a server that runs already, in its own timing and faster, as callchart simulate does too', async () => {
    await using stage = await openStage()
    const remote = ['--voice-url', `${stage.url}/twiml`]
    const account = ['--auth-token', stage.carrier.authToken, '--account-sid', stage.carrier.accountSid]
    const own = await callchart(['replay', file, ...remote, ...account])
    expect(own).toMatchObject({ code: 0, stdout: expect.stringMatching(/^the same course: TwiML Connect, /) })
    expect(await callchart(['replay', file, '--fast', ...remote, ...account])).toMatchObject({ code: 0 })
    expect(await callchart(['simulate', '--replay', file, ...remote, ...account])).toMatchObject({ code: 0 })
    const refused = await callchart(['simulate', '--replay', file, ...remote, '--auth-token', 'another'])
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/^TwiML: expected Connect, got none\n/) })
  })

  it('explains a file that is no recording, with the line, and shows no stack', async () => {
    const broken = join(folder.path, 'broken.jsonl')
    await writeFile(broken, text.replace('"what":"end"', '"what":"fin"'))
    const { code, stderr } = await callchart(['replay', broken])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^callchart: line \d+ of the recording: expected what to be .*, got "fin"\n$/)
    const missing = await callchart(['replay', 'no-such.jsonl'])
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringMatching(/^callchart: .*no-such\.jsonl.*\n$/) })
  })

  it('explains that it knows no agent of the recorded name', async () => {
    const other = join(folder.path, 'other.jsonl')
    await writeFile(other, text.replace('"agent":"echo"', '"agent":"mine"'))
    const { code, stderr } = await callchart(['replay', other])
    expect(code).toBe(1)
    expect(stderr).toBe(
      'callchart: expected the recording\'s agent to be one of echo, prompt (--agents FILE loads others); got "mine"\n',
    )
  })
})
