import { readFile } from 'node:fs/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Agent } from '../../src/agents/agent.ts'
import { createLogger } from '../../src/log.ts'
import { createFileRecorder } from '../../src/recording/file-recorder.ts'
import { signUpgrade, signWebhook } from '../../src/twilio/signature.ts'
import { temporaryFolder } from '../cli/program.ts'
import { openForeignSocket, startMessage, tokenIn } from './foreign-socket.ts'
import { openStage, OUR_NUMBER, PUBLIC_URL, type Stage } from './stage.ts'

const CALLEE = '+15552220001'
const CALLER = '+15551110001'

/** What must never be seen where it has no business to be. */
const CANARY = {
  authToken: 'canary-auth-token-9f3b',
  secondaryToken: 'canary-secondary-token-c2d1',
  apiSecret: 'canary-api-secret-77aa',
  parameter: 'canary-parameter-e410',
  guess: 'canary-guess-5d5d5d5d',
}

/** The same for every upgrade of a server. */
const UPGRADE_SIGNATURE = signUpgrade({ url: 'wss://calls.test/ws', token: CANARY.authToken })

/** A form as the carrier posts it, signed unless told otherwise; resolves with the answer. */
async function post(stage: Stage, path: string, form: Readonly<Record<string, string>>, token?: string) {
  const params = { AccountSid: stage.carrier.accountSid, ...form }
  const signature = signWebhook({ url: PUBLIC_URL + path, params, token: token ?? stage.carrier.authToken })
  const answer = fetch(stage.url + path, {
    method: 'POST',
    headers: { 'x-twilio-signature': signature },
    body: new URLSearchParams(params),
  })
  const response = await stage.meanwhile(answer)
  return { status: response.status, text: await response.text() }
}

const voiceForm = (callSid: string) => ({
  CallSid: callSid,
  From: CALLER,
  To: OUR_NUMBER,
  Direction: 'inbound',
  CallStatus: 'ringing',
})

/** All that the inspector says of a call over its socket. */
async function watch(stage: Stage, id: string): Promise<string[]> {
  const texts: string[] = []
  const headers = { authorization: `Bearer ${stage.apiToken}` }
  const socket = new WebSocket(`${stage.url.replace('http', 'ws')}/inspector/socket`, { headers })
  onTestFinished(() => socket.terminate())
  socket.on('message', (data: Buffer) => texts.push(data.toString()))
  socket.on('open', () => socket.send(JSON.stringify({ type: 'watch', watched: id })))
  await stage.carrier.until(() => texts.some((text) => text.includes(`"watched":"${id}"`)), { what: 'the film' })
  return texts
}

/** The whole of `GET path`, when it has ended. */
async function read(stage: Stage, path: string): Promise<string> {
  const response = await fetch(stage.url + path, { headers: { authorization: `Bearer ${stage.apiToken}` } })
  return response.text()
}

/** Asks for what is refused, with something in hand that must not be written down. */
async function tryDoors(stage: Stage, callSid: string): Promise<void> {
  const headers = { authorization: `Bearer ${CANARY.guess}` }
  expect((await fetch(`${stage.url}/calls`, { headers })).status).toBe(401)
  const login = { method: 'POST', headers: { origin: PUBLIC_URL }, body: new URLSearchParams({ token: CANARY.guess }) }
  await fetch(`${stage.url}/inspector/login`, login)
  expect((await post(stage, '/twiml', voiceForm(callSid), CANARY.guess)).status).toBe(403)
  const upgrade = await openForeignSocket(stage, CANARY.guess)
  expect(await upgrade.closed()).toMatchObject({ code: 403 })
  const stream = await openForeignSocket(stage)
  stream.send(startMessage(stage, { callSid, token: CANARY.guess }))
  expect(await stream.closed()).toMatchObject({ code: 1008 })
}

describe('a whole call', () => {
  it('tells its secrets to no log, no follower, no viewer, no scraper, no caller of the API and no recording', async () => {
    const lines: string[] = []
    const logger = createLogger('trace', { write: (line) => void lines.push(line) })
    await using folder = await temporaryFolder()
    const recorder = createFileRecorder({ folder: folder.path, logger })
    const clumsy: Agent = async (call) => {
      for await (const digit of call.digits()) if (digit === '#') throw new Error(`nobody at ${CALLER} has that PIN`)
    }
    const apiKey = { sid: `SK${'ab'.repeat(16)}`, secret: CANARY.apiSecret }
    await using stage = await openStage({
      agents: { clumsy },
      logger,
      recorder,
      carrier: { authToken: CANARY.authToken, apiKey },
      env: {
        TWILIO_AUTH_TOKEN_SECONDARY: CANARY.secondaryToken,
        TWILIO_API_KEY: apiKey.sid,
        TWILIO_API_SECRET: apiKey.secret,
      },
    })
    const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 0 })
    // The carrier repeats what it was sent, credentials and number.
    const message = `no such number ${CALLEE} for ${CANARY.apiSecret}`
    stage.carrier.rest.answerNext({ operation: 'create', status: 400, body: { code: 21_211, message } })
    const refused = await stage.api('POST', '/calls', { to: CALLEE })
    const { body } = await stage.api('POST', '/calls', {
      to: CALLEE,
      agent: 'clumsy',
      parameters: { pin: CANARY.parameter },
    })
    const [id, callSid] = [String(body['id']), String(body['callSid'])]
    const followed = read(stage, `/calls/${id}/events`)
    const watched = await watch(stage, id)
    await stage.carrier.until(() => callee.call?.isStreaming === true)
    await tryDoors(stage, callSid)
    callee.call?.sendRaw(`{"event":"dtmf","dtmf":{"digit":"${CANARY.parameter}"}}`)
    await callee.says(new Int16Array(1_600).fill(2_345))
    await callee.presses('4711#')
    const { cause } = await stage.over(callSid)

    const events = await stage.meanwhile(followed)
    const api = [JSON.stringify(refused), cause ?? '', JSON.stringify(await stage.api('GET', `/calls/${id}`))]
    const metrics = await read(stage, '/metrics')
    const film = await read(stage, `/inspector/calls/${id}/recording`)
    const tape = await readFile(`${folder.path}/${id}.jsonl`, 'utf8')
    const log = lines.join('')
    // What is looked for could have been found: all of them were told of this call.
    expect(log).toContain('media socket refused')
    expect(log).toContain('webhook refused')
    expect(log).toContain('inspector login refused')
    expect(log).toContain(id)
    expect(events).toContain('event: end')
    expect(watched.join('')).toContain('digit.received')
    expect(tape).toContain('"digit"')
    expect(metrics).toContain('callchart_calls_total')

    const token = callee.call?.stream?.customParameters['token'] ?? ''
    expect(token.length).toBeGreaterThan(30)
    const secrets = [...Object.values(CANARY), stage.apiToken, token, UPGRADE_SIGNATURE]
    for (const text of [log, events, ...watched, metrics, ...api, film, tape]) {
      for (const secret of secrets) expect(text).not.toContain(secret)
    }
    // Numbers are what the API and the list of calls are for; nobody else is told them, nor what was keyed or said.
    const [edges = ''] = events.split('event: end')
    for (const text of [log, edges, metrics, film, tape]) expect(text).not.toMatch(/5552220001|5551110001|5550100000/)
    for (const text of [log, events, ...watched, metrics, film]) {
      expect(text).not.toMatch(/"digits?":"|"payload":"|4711|[\w+/]{100}/)
    }
  })

  it('shows nothing of its requests on the console, though the environment asks the SDK to', async () => {
    vi.stubEnv('TWILIO_LOG_LEVEL', 'debug')
    const print = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    onTestFinished(() => {
      vi.unstubAllEnvs()
      print.mockRestore()
    })
    await using stage = await openStage()
    const callee = stage.carrier.callee(CALLEE)
    const dialled = await stage.meanwhile(stage.switchboard.dial({ to: CALLEE }))
    await callee.hangsUp()
    await stage.meanwhile(dialled.ended)
    expect(print).not.toHaveBeenCalled()
  })
})

describe('a webhook that is sent again', () => {
  it('long after its call is a call that is over, though nobody here remembers it but the archive', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller(CALLER)
    await caller.hangsUp()
    const { id } = await stage.over(call.sid)
    const record = stage.records.find(id)
    await stage.clock.advance(60_000)
    expect((await post(stage, '/twiml', voiceForm(call.sid))).text).toContain('<Hangup/>')
    stage.records.forget(Number.POSITIVE_INFINITY)
    expect(stage.records.find(id)).toBeUndefined()
    vi.spyOn(stage.records, 'read').mockResolvedValue(record)
    const { status, text } = await post(stage, '/twiml', voiceForm(call.sid))
    expect([status, tokenIn(text)]).toEqual([200, ''])
    expect(text).toContain('<Hangup/>')
    expect(stage.views()).toEqual([])
  })

  it('is nobody’s trouble when the archive is slow or broken: a caller is answered within half a second', async () => {
    await using stage = await openStage()
    vi.spyOn(stage.records, 'read')
      .mockReturnValueOnce(new Promise(() => undefined))
      .mockRejectedValueOnce(new Error('the disk is gone'))
    for (const _ of ['slow', 'broken']) {
      const began = stage.clock.now()
      const { caller, call } = await stage.caller()
      expect(stage.clock.now() - began).toBeLessThan(2_000)
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ reason: 'caller hung up' })
    }
  })

  it('changes nothing of a call that is over, whatever it says', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller(CALLER)
    await caller.hangsUp()
    const before = await stage.over(call.sid)
    const form = { ...voiceForm(call.sid), CallStatus: 'in-progress' }
    for (const path of ['/twiml', '/twiml/next', '/twiml/dialled']) {
      const { status, text } = await post(stage, path, { ...form, DialCallStatus: 'completed' })
      expect([status, tokenIn(text)]).toEqual([200, ''])
    }
    for (const status of ['ringing', 'in-progress', 'completed', 'failed']) {
      expect((await post(stage, '/status', { ...form, CallStatus: status })).status).toBe(204)
    }
    expect(stage.view(call.sid)).toEqual(before)
    expect(stage.views()).toHaveLength(1)
  })

  it('while its call goes on is the same call, and its stream stays', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller(CALLER)
    const { streamSid } = stage.view(call.sid)
    for (let count = 0; count < 10; count += 1) await post(stage, '/twiml', voiceForm(call.sid))
    await stage.clock.advance(500)
    expect(stage.views()).toHaveLength(1)
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid })
    await caller.hangsUp()
    await stage.over(call.sid)
  })
})

describe('what names another account', () => {
  const FOREIGN = `AC${'f'.repeat(32)}`

  it.each(['/twiml', '/twiml/next', '/twiml/dialled', '/status', '/detected', '/dialled', '/recorded'])(
    'and is signed with our token is answered with 403: %s',
    async (path) => {
      await using stage = await openStage()
      const { status, text } = await post(stage, path, { ...voiceForm(`CA${'a'.repeat(32)}`), AccountSid: FOREIGN })
      expect(status).toBe(403)
      expect(text).toContain('ACCOUNT_FOREIGN')
      expect(text).not.toContain(FOREIGN)
      expect(stage.views()).toEqual([])
    },
  )

  it('is no stream of ours, whatever token it brings, and has spent that', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller(CALLER)
    const { text } = await post(stage, '/twiml', voiceForm(call.sid))
    const start = { callSid: call.sid, token: tokenIn(text) }
    const foreign = await openForeignSocket(stage)
    const ours = startMessage(stage, start) as { start: object }
    foreign.send({ ...ours, start: { ...ours.start, accountSid: FOREIGN } })
    expect(await foreign.closed()).toMatchObject({ code: 1008 })
    const again = await openForeignSocket(stage)
    again.send(ours)
    expect(await again.closed()).toMatchObject({ code: 1008 })
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
    await caller.hangsUp()
    await stage.over(call.sid)
  })
})

describe('a destination', () => {
  it('that may cost anything is dialled for nobody: not by the API, not by the library, not as a transfer', async () => {
    await using stage = await openStage({ env: { CALLCHART_ALLOWED_DESTINATIONS: '+1,+44,+49,+8' } })
    const { caller, call } = await stage.caller(CALLER)
    for (const to of ['+19005551212', '+18765551234', '+447012345678', '+4911833', '+8816512345678']) {
      const problem = { status: 403, body: { code: 'DESTINATION_NOT_ALLOWED' } }
      expect(await stage.api('POST', '/calls', { to })).toMatchObject(problem)
      expect(await stage.api('POST', `/calls/${call.sid}/transfer`, { to })).toMatchObject(problem)
      expect(await stage.api('POST', '/inspector/calls', { to })).toMatchObject(problem)
      await expect(stage.switchboard.dial({ to })).rejects.toMatchObject({ code: 'DESTINATION_NOT_ALLOWED' })
    }
    expect(stage.carrier.calls).toHaveLength(1)
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it.each(['٩١١', '+1900٥٥٥1212', '+1 900 555 1212,wwww1', 'tel:+19005551212', '+1900555#1212', '911', '*67'])(
    'that is written in a way of its own is no number: %s',
    async (to) => {
      await using stage = await openStage({ env: { CALLCHART_ALLOWED_DESTINATIONS: '+1' } })
      expect(await stage.api('POST', '/calls', { to })).toMatchObject({
        status: 400,
        body: { code: 'PHONE_NUMBER_INVALID' },
      })
      expect(stage.carrier.calls).toEqual([])
    },
  )

  it('is dialled as it was matched, however it was grouped', async () => {
    await using stage = await openStage({ env: { CALLCHART_ALLOWED_DESTINATIONS: '+4420' } })
    const callee = stage.carrier.callee('+442079460001')
    const { status, body } = await stage.api('POST', '/calls', { to: '+44 (0)20 7946-0001' })
    expect([status, body['to']]).toEqual([201, '+442079460001'])
    await callee.hangsUp()
    await stage.over(String(body['callSid']))
  })
})
