import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { expect, onTestFinished } from 'vitest'
import type { Agent } from '../../../src/agents/agent.ts'
import { createLogger } from '../../../src/log.ts'
import { signUpgrade } from '../../../src/twilio/signature.ts'
import { openForeignSocket, startMessage } from '../../scenarios/foreign-socket.ts'
import { OUR_NUMBER, type Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'

const CALLEE = '+15552220001'
const API_KEY = `SK${'ab'.repeat(16)}`

/** What must never be seen where it has no business to be. */
const CANARY = {
  authToken: 'canary-auth-token-9f3b',
  secondaryToken: 'canary-secondary-token-c2d1',
  apiSecret: 'canary-api-secret-77aa',
  parameter: 'canary-parameter-e410',
  guess: 'canary-guess-5d5d5d5d',
}

/** The same for every upgrade of a server. */
const SIGNATURE = signUpgrade({ url: 'wss://calls.test/ws', token: CANARY.authToken })

/** Of a number, a mask leaves the beginning and the end. */
const NUMBERS = /5552220001|555111900[12]|5550100000/
/** Four keys in a row, a frame of audio, or what would have them. */
const SAID_OR_KEYED = /4711|"digits?":"|"payload":"|[\w+/]{150}/

/** Throws when it is keyed a hash, and names names. */
const clumsy: Agent = async (call) => {
  call.play(new Int16Array(16_000).fill(1_234))
  for await (const digit of call.digits()) {
    if (digit === '#') throw new Error(`nobody at ${CALLEE}, asked by ${OUR_NUMBER}, has that PIN`)
  }
}

/** Everything that is traced until the test is over, as text. */
function tracing(): () => string {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  onTestFinished(() => trace.disable())
  return () =>
    JSON.stringify(
      exporter.getFinishedSpans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    )
}

/** Asks for what is refused, with something in hand that must not be written down; resolves with the answers. */
async function tryDoors(stage: Stage, callSid: string): Promise<string> {
  const headers = { authorization: `Bearer ${CANARY.guess}` }
  const answers = [await fetch(`${stage.url}/calls`, { headers })]
  const login = { method: 'POST', headers: { origin: stage.url }, body: new URLSearchParams({ token: CANARY.guess }) }
  answers.push(await fetch(`${stage.url}/inspector/login`, login))
  const form = {
    method: 'POST',
    headers: { 'x-twilio-signature': CANARY.guess },
    body: new URLSearchParams({ From: CALLEE }),
  }
  answers.push(await fetch(`${stage.url}/twiml`, form))
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 403])
  const stream = await openForeignSocket(stage)
  stream.send(startMessage(stage, { callSid, token: CANARY.guess }))
  const { code, reason } = await stream.closed()
  expect(code).toBe(1008)
  return [...(await Promise.all(answers.map((answer) => answer.text()))), reason].join('\n')
}

function everySecret(): StagedFault {
  const lines: string[] = []
  return {
    name: 'reads the log at every level, the answers to what is wrong, the metrics and the traces',
    expected: 'no token, key or parameter, no number in full, nothing that was keyed or said',
    stage: {
      agents: { clumsy },
      logger: createLogger('trace', { write: (line) => void lines.push(line) }),
      carrier: { authToken: CANARY.authToken, apiKey: { sid: API_KEY, secret: CANARY.apiSecret } },
      env: {
        TWILIO_AUTH_TOKEN_SECONDARY: CANARY.secondaryToken,
        TWILIO_API_KEY: API_KEY,
        TWILIO_API_SECRET: CANARY.apiSecret,
        CALLCHART_LOG_LEVEL: 'trace',
      },
    },
    befall: async ({ stage }) => {
      const traces = tracing()
      const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 0 })
      // The carrier repeats what it was sent, credentials and number.
      const message = `no such number ${CALLEE} for ${CANARY.apiSecret}`
      stage.carrier.rest.answerNext({ operation: 'create', status: 400, body: { code: 21_211, message } })
      const refused = await stage.api('POST', '/calls', { to: CALLEE })
      expect(refused.status).toBe(502)
      const asked = { to: CALLEE, agent: 'clumsy', parameters: { pin: CANARY.parameter } }
      const { body } = await stage.api('POST', '/calls', asked)
      await stage.carrier.until(() => callee.call?.isStreaming === true)
      const doors = await tryDoors(stage, String(body['callSid']))
      callee.call?.sendRaw(`{"event":"dtmf","dtmf":{"digit":"${CANARY.parameter}"}}`)
      callee.call?.sendRaw('{"event":"media","media":{"payload":"!"}}')
      await callee.says(new Int16Array(1_600).fill(2_345))
      await callee.presses('4711#')
      expect(await stage.over(String(body['callSid']))).toMatchObject({ reason: 'agent failed' })
      await stage.clock.advance(1_000)
      const metrics = await fetch(`${stage.url}/metrics`).then((response) => response.text())
      const texts = { log: lines.join(''), traces: traces(), metrics, errors: JSON.stringify(refused) + doors }
      // What is looked for could have been found.
      for (const words of ['webhook refused', 'media socket refused', 'inspector login refused', 'agent failed']) {
        expect(texts.log).toContain(words)
      }
      expect(texts.traces).toContain(String(body['id']))
      const token = callee.call?.stream?.customParameters['token'] ?? 'no token'
      expectNothingTold(texts, [...Object.values(CANARY), stage.apiToken, token, SIGNATURE])
      const levels = new Set(lines.map((line) => (JSON.parse(line) as { readonly level: number }).level))
      expect(levels.size).toBeGreaterThan(2)
      return 'nothing of 8 secrets and 4 numbers, of what was keyed or of what was said'
    },
  }
}

function expectNothingTold(texts: Readonly<Record<string, string>>, secrets: readonly string[]): void {
  for (const [where, text] of Object.entries(texts)) {
    for (const secret of secrets) expect([where, text.includes(secret)]).toEqual([where, false])
    expect([where, NUMBERS.exec(text)?.[0]]).toEqual([where, undefined])
    expect([where, SAID_OR_KEYED.exec(text)?.[0]]).toEqual([where, undefined])
  }
}

/** Whoever reads what is written down. */
export const SECRETS: readonly StagedFault[] = [everySecret()]
