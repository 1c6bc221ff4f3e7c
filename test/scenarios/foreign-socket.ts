import { WebSocket } from 'ws'
import { signUpgrade } from '../../src/twilio/signature.ts'
import { PUBLIC_URL, type Stage } from './stage.ts'

/** A media socket in the hands of somebody who is not the carrier, though it may know how to sign. */
export async function openForeignSocket(stage: Stage, token = stage.carrier.authToken) {
  const signature = signUpgrade({ url: `${PUBLIC_URL.replace('https', 'wss')}/ws`, token })
  const socket = new WebSocket(`${stage.url.replace('http', 'ws')}/ws`, {
    headers: { 'x-twilio-signature': signature },
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    socket.on('error', () => {})
    socket.on('unexpected-response', (request, response) => {
      resolve({ code: response.statusCode ?? 0, reason: 'not upgraded' })
      request.destroy()
    })
  })
  await Promise.race([new Promise((resolve) => socket.once('open', resolve)), closed])
  return {
    socket,
    closed: () => stage.meanwhile(closed),
    send: (message: object | string) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
  }
}

export const MALLORYS_STREAM = `MZ${'e'.repeat(32)}`

export function startMessage(stage: Stage, facts: { callSid: string; token: string; encoding?: string }): object {
  return {
    event: 'start',
    sequenceNumber: '1',
    streamSid: MALLORYS_STREAM,
    start: {
      accountSid: stage.carrier.accountSid,
      streamSid: MALLORYS_STREAM,
      callSid: facts.callSid,
      tracks: ['inbound'],
      mediaFormat: { encoding: facts.encoding ?? 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { token: facts.token },
    },
  }
}

/** The token in a connecting TwiML. */
export function tokenIn(twiml: string): string {
  return /name="token" value="([^"]+)"/.exec(twiml)?.[1] ?? ''
}
