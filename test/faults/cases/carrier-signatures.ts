import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { MALLORYS_STREAM, openForeignSocket, startMessage } from '../../scenarios/foreign-socket.ts'
import type { Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'
import { CALLER, FORM_PATHS, formOf, NO_CALL, postForm } from './carrier-form.ts'

/** The server's calls and all that it keeps of them elsewhere: the same before and after whoever is turned away. */
function standing(stage: Stage) {
  return { calls: stage.views().map(({ id, state }) => ({ id, state })), directory: stage.directory.size }
}

function refusedForm(name: string, token: string | undefined): StagedFault {
  return {
    name: `${name}, on each webhook`,
    expected: '403 without a word of TwiML; no call, no record, no token',
    befall: async ({ stage }) => {
      const before = standing(stage)
      for (const path of FORM_PATHS) {
        const { status, text } = await postForm(stage, path, formOf(stage, NO_CALL), token)
        expect([path, status]).toEqual([path, 403])
        expect(text).toContain('SIGNATURE_INVALID')
        expect(text).not.toContain('<')
      }
      expect(standing(stage)).toEqual(before)
      return `403, ${FORM_PATHS.length} times; nothing created`
    },
  }
}

function refusedUpgrade(name: string, connect: (stage: Stage) => Promise<{ readonly code: number }>): StagedFault {
  return {
    name: `${name}, on a media socket`,
    expected: '403 in the place of 101; whatever call there is keeps its stream',
    befall: async ({ stage }) => {
      const { caller, call } = await stage.caller(CALLER)
      const before = standing(stage)
      expect(await connect(stage)).toMatchObject({ code: 403 })
      expect(standing(stage)).toEqual(before)
      expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
      return '403, not upgraded; the call went on'
    },
  }
}

async function connectUnsigned(stage: Stage): Promise<{ readonly code: number }> {
  const socket = new WebSocket(`${stage.url.replace('http', 'ws')}/ws`)
  const refused = new Promise<{ readonly code: number }>((resolve, reject) => {
    socket.on('open', () => reject(new Error('expected no upgrade, got one')))
    socket.on('error', () => {})
    socket.on('unexpected-response', (request, { statusCode = 0 }) => {
      resolve({ code: statusCode })
      request.destroy()
    })
  })
  return stage.meanwhile(refused)
}

const NEW_TOKEN = 'the-token-that-is-to-be-the-only-one'
const OLD_TOKEN = 'the-token-with-which-the-carrier-signs'
const KEY = { sid: `SK${'ab'.repeat(16)}`, secret: 'the-secret-of-the-key' }

/** Both tokens are good until the carrier has changed over. */
const rotated: StagedFault = {
  name: 'the carrier still signs with the secondary auth token',
  expected: 'webhooks, sockets and callbacks are accepted as with the first; neither a third token nor none is',
  stage: {
    carrier: { authToken: OLD_TOKEN, apiKey: KEY },
    env: {
      TWILIO_AUTH_TOKEN: NEW_TOKEN,
      TWILIO_AUTH_TOKEN_SECONDARY: OLD_TOKEN,
      TWILIO_API_KEY: KEY.sid,
      TWILIO_API_SECRET: KEY.secret,
    },
  },
  befall: async ({ stage }) => {
    const { caller, call } = await stage.caller(CALLER)
    for (const [token, answer] of [
      [NEW_TOKEN, 204],
      [OLD_TOKEN, 204],
      ['a-third-one', 403],
      [undefined, 403],
    ] as const) {
      expect((await postForm(stage, '/status', formOf(stage, NO_CALL), token)).status).toBe(answer)
    }
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    return 'a whole call by the secondary; both taken at once, a third 403'
  },
}

const spent: StagedFault = {
  name: 'a socket that is signed, for a call that does not exist',
  expected: 'closed with 1008; nothing created',
  befall: async ({ stage }) => {
    const before = standing(stage)
    const socket = await openForeignSocket(stage)
    socket.send(startMessage(stage, { callSid: NO_CALL, token: MALLORYS_STREAM }))
    expect(await socket.closed()).toMatchObject({ code: 1008 })
    expect(standing(stage)).toEqual(before)
    return '1008; nothing created'
  },
}

export const signatures: readonly StagedFault[] = [
  refusedForm('no signature', undefined),
  refusedForm('a signature by another token', 'another-token'),
  refusedUpgrade('no signature', connectUnsigned),
  refusedUpgrade('a signature by another token', async (stage) =>
    (await openForeignSocket(stage, 'another-token')).closed(),
  ),
  spent,
  rotated,
]
