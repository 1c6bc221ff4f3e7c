import { beforeAll, describe, expect, it } from 'vitest'
import type { CallView } from '../../src/call-view.ts'
import { build, callchart } from './program.ts'
import { CALL, ENDED, openApi, refuse, tell } from './small-api.ts'
import { API_TOKEN } from './stage.ts'

beforeAll(build)

const env = { CALLCHART_API_TOKEN: API_TOKEN, TZ: 'Asia/Kolkata' }

function run(url: string, ...args: readonly string[]) {
  return callchart([...args, '--server', url], { env })
}

const LATER: CallView = { ...ENDED, id: 'call_bbbbbbbbbbbbbbbbbbbb', direction: 'inbound', reason: 'caller hung up' }
const LIST = 'GET /calls?limit=50'

describe('callchart calls', () => {
  it('shows calls as a table, in local time', async () => {
    await using api = await openApi({ [LIST]: tell({ calls: [ENDED, LATER], nextCursor: null }) })
    expect(await run(api.url, 'calls')).toEqual({
      code: 0,
      stdout: [
        'time                 direction  from -> to                    state  reason          duration  agent  id',
        `2026-11-25T15:30:00  outbound   +15550100000 -> +15552220001  ended  callee hung up  1:23      echo   ${ENDED.id}`,
        `2026-11-25T15:30:00  inbound    +15550100000 -> +15552220001  ended  caller hung up  1:23      echo   ${LATER.id}`,
        '',
      ].join('\n'),
      stderr: '',
    })
  })

  it('says how long a call that is live has lasted so far', async () => {
    const startedAt = new Date(Date.now() - 3_700_000).toISOString()
    await using api = await openApi({ [LIST]: tell({ calls: [{ ...CALL, startedAt }], nextCursor: null }) })
    const { stdout } = await run(api.url, 'calls')
    expect(stdout).toMatch(/connecting {2}- {7}1:01:[45]\d {3}echo/)
  })

  it('asks for those that the options tell', async () => {
    await using api = await openApi({})
    const since = ['--since', '2026-11-25', '--until', '2026-11-25T10:00:00Z']
    await run(api.url, 'calls', ...since, '--number', '+15551234567', '--state', 'ended', '--limit', '7')
    expect(api.asked).toHaveLength(1)
    const { searchParams } = new URL(api.asked[0]?.what.slice(4) ?? '', api.url)
    expect(Object.fromEntries(searchParams)).toEqual({
      since: '2026-11-24T18:30:00.000Z',
      until: '2026-11-25T10:00:00.000Z',
      number: '+15551234567',
      state: 'ended',
      limit: '7',
    })
  })

  it('knows how long ago something was', async () => {
    await using api = await openApi({})
    const before = Date.now()
    await run(api.url, 'calls', '--since', '1h')
    const { searchParams } = new URL(api.asked[0]?.what.slice(4) ?? '', api.url)
    const since = Date.parse(searchParams.get('since') ?? '') + 3_600_000
    expect(since).toBeGreaterThanOrEqual(before)
    expect(since).toBeLessThanOrEqual(Date.now())
  })

  it('says when there are more than it shows', async () => {
    await using api = await openApi({ [LIST]: tell({ calls: [ENDED], nextCursor: 'next' }) })
    const { stderr } = await run(api.url, 'calls')
    expect(stderr).toBe('there are more: --all shows them\n')
    expect(api.asked).toHaveLength(1)
  })

  it('says so when there are none', async () => {
    await using api = await openApi({ [LIST]: tell({ calls: [], nextCursor: null }) })
    expect(await run(api.url, 'calls')).toEqual({ code: 0, stdout: '', stderr: 'no calls\n' })
  })

  const PAGES = {
    [LIST]: tell({ calls: [ENDED], nextCursor: 'a/b=' }),
    'GET /calls?limit=50&cursor=a%2Fb%3D': tell({ calls: [LATER], nextCursor: null }),
  }

  it('shows page after page with --all', async () => {
    await using api = await openApi(PAGES)
    const { code, stdout, stderr } = await run(api.url, 'calls', '--all')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.match(/call_[ab]{20}/g)).toEqual([ENDED.id, LATER.id])
  })

  it.each([
    ['a page', [], { calls: [ENDED], nextCursor: 'a/b=' }],
    ['all pages', ['--all'], { calls: [ENDED, LATER], nextCursor: null }],
  ])('prints one JSON object of %s', async (_, options, object) => {
    await using api = await openApi(PAGES)
    const { code, stdout } = await run(api.url, 'calls', '--json', ...options)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(object)
  })

  it('prints one JSON object of no calls, too', async () => {
    await using api = await openApi({ [LIST]: tell({ calls: [], nextCursor: null }) })
    expect(JSON.parse((await run(api.url, 'calls', '--json')).stdout)).toEqual({ calls: [], nextCursor: null })
  })

  it.each([
    [['--since', 'yesterday'], 'expected how long ago (90s, 15m, 1h, 2d, 1w), a date or a time (2026-11-25T10:00).'],
    [['--limit', 'many'], 'expected a whole number from 1.'],
    [['--server', 'nowhere'], 'expected a URL such as http://127.0.0.1:8080.'],
    [['everything'], "too many arguments for 'calls'"],
  ])('explains that %j makes no sense', async (options, explanation) => {
    const { code, stdout, stderr } = await callchart(['calls', ...options], { env })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(explanation)
  })

  it.each([[[]], [['--json']]])(
    'shows what the server has to say against it, and nothing else: %j',
    async (options) => {
      await using api = await openApi({ [LIST]: refuse(400, 'QUERY_INVALID', 'expected limit to be less, got 50') })
      expect(await run(api.url, 'calls', ...options)).toEqual({
        code: 1,
        stdout: '',
        stderr: 'callchart: the server refused (QUERY_INVALID): expected limit to be less, got 50\n',
      })
    },
  )
})

describe('callchart calls show', () => {
  const FOUND = `GET /calls/${CALL.id}`
  const RICH: CallView = {
    ...ENDED,
    streamSids: ['MZ1', 'MZ2'],
    ringingAt: '2026-11-25T10:00:01.000Z',
    answeredAt: '2026-11-25T10:00:03.000Z',
    mediaStartedAt: '2026-11-25T10:00:04.000Z',
    answeredBy: 'human',
    sipCode: 200,
    states: [
      { state: 'connecting', at: '2026-11-25T10:00:00.000Z', ms: 4_000 },
      { state: 'active', at: '2026-11-25T10:00:04.000Z', ms: 79_000 },
    ],
    transfers: [
      {
        to: '+15553330001',
        startedAt: '2026-11-25T10:00:30.000Z',
        answeredAt: null,
        endedAt: '2026-11-25T10:00:50.000Z',
        outcome: 'no-answer',
      },
    ],
    recordings: [
      { recordingSid: 'RE1', status: 'completed', url: 'https://carrier.test/RE1', durationSeconds: 72 },
      { recordingSid: 'RE2', status: 'in-progress', url: null, durationSeconds: null },
    ],
    audioFile: '.callchart/audio/a.wav',
    stats: { framesIn: 3_000, firstAudioMs: null, latencyMs: { send: { p50: 0.333, p99: 1.25 } } },
  }

  it('tells what is known of a call', async () => {
    await using api = await openApi({ [FOUND]: tell(RICH) })
    const { code, stdout, stderr } = await run(api.url, 'calls', 'show', CALL.id)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(
      `
id           call_aaaaaaaaaaaaaaaaaaaa
CallSid      CA0123456789abcdef0123456789abcdef
streams      MZ1, MZ2
call         outbound, +15550100000 -> +15552220001, agent echo
state        ended · callee hung up
ended by     callee
answered by  human
SIP code     200
started      2026-11-25T15:30:00
ringing      2026-11-25T15:30:01
answered     2026-11-25T15:30:03
media        2026-11-25T15:30:04
ended        2026-11-25T15:31:23
duration     1:23
audio file   .callchart/audio/a.wav

states
  state       since                for
  connecting  2026-11-25T15:30:00  0:04
  active      2026-11-25T15:30:04  1:19

transfers
  to            outcome    started              answered  ended
  +15553330001  no-answer  2026-11-25T15:30:30  -         2026-11-25T15:30:50

recordings
  recording  status       duration  url
  RE1        completed    1:12      https://carrier.test/RE1
  RE2        in-progress  -         -

figures
  framesIn            3000
  latencyMs.send.p50  0.333
  latencyMs.send.p99  1.25
`.slice(1),
    )
  })

  it('leaves out what there is not', async () => {
    await using api = await openApi({ [FOUND]: tell(CALL) })
    const { stdout } = await run(api.url, 'calls', 'show', CALL.id)
    expect(stdout).not.toMatch(/states|transfers|recordings|figures|SIP|ended/)
    expect(stdout).toMatch(/^duration +\d+:\d\d:\d\d$/m)
  })

  it('prints what the API says as one JSON object', async () => {
    await using api = await openApi({ [FOUND]: tell(RICH) })
    expect(JSON.parse((await run(api.url, 'calls', 'show', CALL.id, '--json')).stdout)).toEqual(RICH)
  })

  it('explains in one line that there is no such call', async () => {
    await using api = await openApi({ [FOUND]: refuse(404, 'CALL_UNKNOWN', 'expected the id of a call') })
    expect(await run(api.url, 'calls', 'show', CALL.id)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'callchart: the server refused (CALL_UNKNOWN): expected the id of a call\n',
    })
  })
})

describe('what is asked of a call that is live', () => {
  const ACTIVE: CallView = { ...CALL, state: 'active' }

  it.each([
    [['hang-up', CALL.id], `DELETE /calls/${CALL.id}`, undefined, 'ended · callee hung up', ENDED],
    [['hold', CALL.id], `POST /calls/${CALL.id}/hold`, undefined, 'is on hold', ACTIVE],
    [['resume', CALL.id], `DELETE /calls/${CALL.id}/hold`, undefined, 'is off hold', ACTIVE],
    [
      ['transfer', CALL.id, '+15553330001'],
      `POST /calls/${CALL.id}/transfer`,
      { to: '+15553330001' },
      'is being transferred to +15553330001',
      ACTIVE,
    ],
    [
      ['transfer', CALL.id, 'sip:a@b.test', '--agent', 'desk', '--from', '+15550100000', '--ring-timeout', '20'],
      `POST /calls/${CALL.id}/transfer`,
      { to: 'sip:a@b.test', agent: 'desk', from: '+15550100000', ringTimeoutSeconds: 20 },
      'is being transferred to sip:a@b.test',
      ACTIVE,
    ],
  ])('is asked of the server: %j', async (args, what, body, words, call) => {
    await using api = await openApi({ [what]: tell(call) })
    expect(await run(api.url, ...args)).toEqual({ code: 0, stdout: `${CALL.id}  ${words}\n`, stderr: '' })
    expect(api.asked).toEqual([{ what, authorization: `Bearer ${API_TOKEN}`, body }])
  })

  it('explains in one line why it cannot be', async () => {
    const what = `POST /calls/${CALL.id}/hold`
    await using api = await openApi({ [what]: refuse(409, 'CALL_BUSY', 'expected a call that is here, got one away') })
    expect(await run(api.url, 'hold', CALL.id)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'callchart: the server refused (CALL_BUSY): expected a call that is here, got one away\n',
    })
  })
})
