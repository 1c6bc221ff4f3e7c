import { randomBytes } from 'node:crypto'
import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { signUpgrade, signWebhook } from '../../twilio/signature.ts'
import type { StreamPlan } from './stream.ts'

/** Where calls go to. */
export interface LoadTarget {
  readonly port: number
  /** Of the media socket. */
  readonly path: string
  /** Whether the server says back what it hears; else it is pinged. */
  readonly isEchoed: boolean
  /** The carrier's whole way in: a signed webhook, its TwiML, a signed upgrade. Without it the socket is opened at once. */
  readonly webhook?: { readonly publicUrl: string; readonly accountSid: string; readonly authToken: string }
  /** Where somebody can look at its calls, with the API token; absent where nobody can. */
  readonly inspector?: { readonly path: string; readonly token: string }
}

const VOICE_PATH = '/twiml'
const ANSWER_TIMEOUT_MS = 15_000

/** Does what comes before a stream. */
export class Dialer {
  readonly #target: LoadTarget
  readonly #agent = new Agent({ keepAlive: true })

  constructor(target: LoadTarget) {
    this.#target = target
  }

  /** Rejects when the webhook is not answered with a stream. */
  async dial(): Promise<StreamPlan> {
    const { port, path, webhook } = this.#target
    const callSid = `CA${randomBytes(16).toString('hex')}`
    if (webhook === undefined) {
      return { port, path, headers: {}, accountSid: `AC${'0'.repeat(32)}`, callSid, parameters: {} }
    }
    const { accountSid, authToken: token } = webhook
    const twiml = await this.#ask(callSid, webhook)
    const url = attribute(twiml, 'Stream', 'url')
    const headers = { 'x-twilio-signature': signUpgrade({ url, token }) }
    const parameters = { token: attribute(twiml, 'Parameter', 'value') }
    return { port, path: new URL(url).pathname, headers, accountSid, callSid, parameters }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #ask(callSid: string, webhook: NonNullable<LoadTarget['webhook']>): Promise<string> {
    const params = voiceForm(callSid, webhook.accountSid)
    const signature = signWebhook({ url: webhook.publicUrl + VOICE_PATH, params, token: webhook.authToken })
    const headers = {
      'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
      'x-twilio-signature': signature,
    }
    const body = new URLSearchParams(params).toString()
    return new Promise((resolve, reject) => {
      const post = request(
        { host: '127.0.0.1', port: this.#target.port, path: VOICE_PATH, method: 'POST', headers, agent: this.#agent },
        (response) => void text(response).then(resolve, reject),
      )
      post.setTimeout(ANSWER_TIMEOUT_MS, () => post.destroy(new Error('expected TwiML, got no answer in time')))
      post.on('error', reject)
      post.end(body)
    })
  }
}

/** https://www.twilio.com/docs/voice/twiml#request-parameters */
function voiceForm(callSid: string, accountSid: string): Record<string, string> {
  return {
    AccountSid: accountSid,
    ApiVersion: '2010-04-01',
    CallSid: callSid,
    CallStatus: 'ringing',
    Direction: 'inbound',
    Called: '+15550100000',
    Caller: '+15550100001',
    From: '+15550100001',
    To: '+15550100000',
  }
}

function attribute(twiml: string, tag: string, name: string): string {
  const value = new RegExp(`<${tag}\\b[^>]*\\b${name}="([^"]*)"`).exec(twiml)?.[1]
  if (value === undefined) throw new Error(`expected TwiML with a <${tag} ${name}>, got ${twiml.slice(0, 200)}`)
  return value
}
