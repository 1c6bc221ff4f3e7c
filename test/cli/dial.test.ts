import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, callchart } from './program.ts'
import { API_TOKEN, openStage } from './stage.ts'

const CALLEE = '+15552220001'

let stage: Awaited<ReturnType<typeof openStage>>
beforeAll(async () => {
  await build()
  stage = await openStage()
})
afterAll(() => stage[Symbol.asyncDispose]())

function dial(number: string, token?: string, more: readonly string[] = []) {
  return callchart(['dial', number, '--server', stage.url, ...more], { env: { CALLCHART_API_TOKEN: token } })
}

describe('callchart dial', () => {
  it('places a call and shows its progress until it ends', async () => {
    const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 300 })
    const dialling = dial(CALLEE, API_TOKEN, ['--agent', 'echo'])
    const call = await callee.answers()
    await stage.carrier.until(() => call.isStreaming)
    await new Promise((resolve) => setTimeout(resolve, 600))
    await callee.hangsUp()
    const { code, stdout, stderr } = await dialling
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [first, ...progress] = stdout.trim().split('\n')
    expect(first).toMatch(new RegExp(`^call_[a-z2-7]{20}  ${call.sid}$`))
    for (const line of progress) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}\w/)
    const states = progress.map((line) => line.slice(line.indexOf('  ') + 2))
    expect(states.at(0)).toBe('connecting')
    expect(states).toContain('active')
    expect(states.at(-1)).toBe('ended · callee hung up')
  })

  it('takes it for an ordinary ending that the line is busy', async () => {
    stage.carrier.callee(CALLEE, 'busy')
    expect(await dial(CALLEE, API_TOKEN)).toMatchObject({ code: 0, stdout: expect.stringMatching(/ended · busy\n$/) })
  })

  it.each([
    ['no token', CALLEE, undefined, [], 'expected CALLCHART_API_TOKEN to be set here as it is on the server, got none'],
    ['another token', CALLEE, 'not-the-token-of-it', [], 'the server refused (TOKEN_INVALID): expected'],
    [
      'a destination that is not allowed',
      '+442079460000',
      API_TOKEN,
      [],
      'the server refused (DESTINATION_NOT_ALLOWED)',
    ],
    ['an agent that is none', CALLEE, API_TOKEN, ['--agent', 'nobody'], 'the server refused (AGENT_UNKNOWN)'],
    ['a number that is none', '911', API_TOKEN, [], 'expected a phone number in E.164 form such as +15551234567'],
  ])('explains in one line why it placed no call: %s', async (_, number, token, more, explanation) => {
    const before = stage.carrier.calls.length
    const { code, stdout, stderr } = await dial(number, token, more)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`callchart: ${explanation}`)
    expect(stderr.trimEnd()).not.toContain('\n')
    expect(stage.carrier.calls).toHaveLength(before)
  })

  it('shows what the carrier said when it refused', async () => {
    const { code, stderr } = await dial(CALLEE, API_TOKEN, ['--from', '+15005550001'])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^callchart: the server refused \(CARRIER_REFUSED\): the carrier refused \(HTTP 400, 21212\)/,
    )
  })

  it('says which server it could not reach, and why', async () => {
    const env = { CALLCHART_API_TOKEN: API_TOKEN }
    const unused = await callchart(['dial', CALLEE, '--server', 'http://127.0.0.1:9'], { env })
    expect(unused).toMatchObject({ code: 1, stdout: '' })
    expect(unused.stderr).toMatch(
      /^callchart: expected a callchart server at http:\/\/127.0.0.1:9, could not reach it: .+\n$/,
    )
  })

  it('says so when what answers is no callchart server', async () => {
    const other = createServer((_, response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>?</h1>'),
    )
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`
    const { code, stderr } = await callchart(['dial', CALLEE, '--server', url], {
      env: { CALLCHART_API_TOKEN: API_TOKEN },
    })
    other.close()
    expect(code).toBe(1)
    expect(stderr).toBe(`callchart: expected a callchart server at ${url}, got HTTP 404 to POST /calls\n`)
  })
})
