import { createServer } from 'node:http'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { EdgeProgress, Progress, StateProgress } from '../../src/http/progress-desk.ts'
import { build, callchart, startCallchart } from './program.ts'
import { CALL, ENDED, openApi, refuse, tell, tellProgress } from './small-api.ts'
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
    await using program = startCallchart(['dial', CALLEE, '--server', stage.url, '--agent', 'echo'], {
      env: { CALLCHART_API_TOKEN: API_TOKEN },
    })
    const call = await callee.answers()
    await program.says(/ {2}active\n/, 'stdout')
    await callee.hangsUp()
    const { code, stdout, stderr } = await program.ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [first, ...progress] = stdout.trim().split('\n')
    expect(first).toMatch(new RegExp(`^call_[a-z2-7]{20}  ${call.sid}$`))
    for (const line of progress) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d {2}\w/)
    expect(progress.at(-1)).toMatch(/ {2}ended · callee hung up$/)
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

describe('callchart dial, of what a server tells', () => {
  const PLACE = 'POST /calls'
  const FOLLOW = `GET /calls/${CALL.id}/events`
  const FIND = `GET /calls/${CALL.id}`
  const HANG_UP = `DELETE /calls/${CALL.id}`
  const END: Progress = { type: 'end', call: ENDED }
  const env = { CALLCHART_API_TOKEN: API_TOKEN, TZ: 'Asia/Kolkata' }

  function state(path: string): StateProgress {
    return { type: 'state', state: path.split('.')[0] ?? '', path, reason: null, at: '2026-11-25T10:00:01.700Z' }
  }

  const pressed: EdgeProgress = {
    type: 'edge',
    actor: null,
    event: 'digit.received',
    from: 'inbound',
    fields: {},
    edges: ['call.active/digit.received/0'],
    before: { active: {} },
    after: { active: {} },
    at: '2026-11-25T10:00:30.000Z',
  }

  it('prints each change of state and what else is worth a line, in local time', async () => {
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FOLLOW]: (response) => {
        tellProgress(response, state('connecting.ringing'), state('active.stream.flowing active.queue.roomy'))
        tellProgress(response, pressed, pressed, END)
        response.end()
      },
    })
    expect(await callchart(['dial', CALLEE, '--server', api.url], { env })).toEqual({
      code: 0,
      stdout: [
        `${CALL.id}  ${CALL.callSid}`,
        '2026-11-25T15:30:01  connecting · ringing',
        '2026-11-25T15:30:01  active',
        '2026-11-25T15:30:30  1 key pressed',
        '2026-11-25T15:30:30  2 keys pressed',
        '2026-11-25T15:31:23  ended · callee hung up',
        '',
      ].join('\n'),
      stderr: '',
    })
    expect(api.asked.map(({ what }) => what)).toEqual([PLACE, FOLLOW])
    expect(new Set(api.asked.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${API_TOKEN}`]))
  })

  it('prints a line of JSON for each event, the last of which is the call, when told to', async () => {
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FOLLOW]: (response) => {
        tellProgress(response, state('connecting.ringing'), pressed, END)
        response.end()
      },
    })
    const { code, stdout } = await callchart(['dial', CALLEE, '--json', '--server', api.url], { env })
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: 'dialled', ...CALL },
      state('connecting.ringing'),
      pressed,
      { type: 'end', ...ENDED },
    ])
  })

  it.each([
    [[], { to: CALLEE }],
    [['--agent', 'echo', '--from', '+15550100000'], { to: CALLEE, agent: 'echo', from: '+15550100000' }],
    [['--machine-detection', '--record'], { to: CALLEE, machineDetection: 'enable', record: true }],
    [['--machine-detection', 'detectMessageEnd'], { to: CALLEE, machineDetection: 'detectMessageEnd' }],
  ])('asks the server for what the options %j say', async (options, body) => {
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FOLLOW]: (response) => {
        tellProgress(response, END)
        response.end()
      },
    })
    expect(await callchart(['dial', CALLEE, ...options, '--server', api.url], { env })).toMatchObject({ code: 0 })
    expect(api.asked[0]).toMatchObject({ what: PLACE, body })
  })

  it('knows no other way to listen for a machine', async () => {
    const { code, stderr } = await callchart(['dial', CALLEE, '--machine-detection', 'maybe'], { env })
    expect(code).toBe(2)
    expect(stderr).toContain('Allowed choices are enable, detectMessageEnd')
  })

  it('looks at the call when the connection breaks, and follows it again', async () => {
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FOLLOW]: (response, times) => {
        tellProgress(response, state(times === 0 ? 'connecting.ringing' : 'active'))
        // Once what was told is on its way, and in the middle of an event.
        if (times === 0) response.write('event: state\ndata: {"sta', () => response.destroy())
        else tellProgress(response, END)
      },
      [FIND]: tell(CALL),
    })
    const { code, stdout, stderr } = await callchart(['dial', CALLEE, '--server', api.url], { env })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const told = stdout.trimEnd().split('\n')
    expect(told.slice(1).map((line) => line.slice(21))).toEqual([
      'connecting · ringing',
      'active',
      'ended · callee hung up',
    ])
    expect(api.asked.map(({ what }) => what)).toEqual([PLACE, FOLLOW, FIND, FOLLOW])
  })

  it('is content with looking where a server tells no events', async () => {
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FIND]: (response, times) => tell(times === 0 ? CALL : ENDED)(response, times),
    })
    const { code, stdout } = await callchart(['dial', CALLEE, '--server', api.url], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(/ {2}connecting\n.+ {2}ended · callee hung up\n$/)
  })

  it('is over with 1 when the call ended with a fault', async () => {
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FOLLOW]: (response) => {
        tellProgress(response, { type: 'end', call: { ...ENDED, state: 'error', reason: 'stream lost' } })
        response.end()
      },
    })
    const { code, stdout } = await callchart(['dial', CALLEE, '--server', api.url], { env })
    expect(code).toBe(1)
    expect(stdout).toMatch(/error · stream lost\n$/)
  })

  it('says why when the server does not know the call any more', async () => {
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FOLLOW]: refuse(404, 'CALL_UNKNOWN', 'expected the id of a call'),
      [FIND]: refuse(404, 'CALL_UNKNOWN', 'expected the id of a call'),
    })
    const { code, stderr } = await callchart(['dial', CALLEE, '--server', api.url], { env })
    expect(code).toBe(1)
    expect(stderr).toBe('callchart: the server refused (CALL_UNKNOWN): expected the id of a call\n')
  })

  it('hangs up at Ctrl-C, and shows how the call ends', async () => {
    let end = () => {}
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FOLLOW]: (response) => {
        tellProgress(response, state('connecting.ringing'))
        end = () => {
          tellProgress(response, { type: 'end', call: { ...ENDED, reason: 'hung up by API' } })
          response.end()
        }
      },
      [HANG_UP]: (response, times) => {
        tell(CALL)(response, times)
        end()
      },
    })
    await using program = startCallchart(['dial', CALLEE, '--server', api.url], { env })
    await program.says(/ringing/, 'stdout')
    program.signal('SIGINT')
    expect(await program.ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/ended · hung up by API\n$/) })
    expect(api.asked.map(({ what }) => what)).toEqual([PLACE, FOLLOW, HANG_UP])
  })

  it('hangs up at a Ctrl-C that comes before the server has answered', async () => {
    let answer = () => {}
    await using api = await openApi({
      [PLACE]: (response, times) => {
        answer = () => tell(CALL, 201)(response, times)
      },
      [FOLLOW]: (response) => {
        tellProgress(response, END)
        response.end()
      },
      [HANG_UP]: tell(ENDED),
    })
    await using program = startCallchart(['dial', CALLEE, '--server', api.url], { env })
    await vi.waitFor(() => expect(api.asked).toHaveLength(1), { timeout: 10_000 })
    program.signal('SIGINT')
    answer()
    expect(await program.ended).toMatchObject({ code: 0 })
    expect(api.asked.map(({ what }) => what)).toContain(HANG_UP)
  })

  it('leaves at the second Ctrl-C', async () => {
    await using api = await openApi({
      [PLACE]: tell(CALL, 201),
      [FOLLOW]: (response) => tellProgress(response, state('connecting.ringing')),
      [HANG_UP]: tell(CALL),
    })
    await using program = startCallchart(['dial', CALLEE, '--server', api.url], { env })
    await program.says(/ringing/, 'stdout')
    program.signal('SIGINT')
    await vi.waitFor(() => expect(api.asked.at(-1)?.what).toBe(HANG_UP), { timeout: 10_000 })
    program.signal('SIGINT')
    expect((await program.ended).code).toBeNull()
  })
})
