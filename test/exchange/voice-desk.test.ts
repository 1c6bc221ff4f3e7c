import { describe, expect, it, onTestFinished } from 'vitest'
import { absentCarrier } from '../../src/absent-carrier.ts'
import { echo } from '../../src/agents/echo.ts'
import { DialLimiter } from '../../src/dial-limiter.ts'
import { DialPacer } from '../../src/dial-pacer.ts'
import { MemoryDirectory } from '../../src/directory.ts'
import { createEndpoints } from '../../src/endpoints.ts'
import { ExchangeCallbackDesk } from '../../src/exchange/callback-desk.ts'
import { DialPolicy } from '../../src/exchange/dial-policy.ts'
import { Exchange, type ExchangeOptions } from '../../src/exchange/exchange.ts'
import { ExchangeVoiceDesk } from '../../src/exchange/voice-desk.ts'
import { createLogger } from '../../src/log.ts'
import { MemoryRecords } from '../../src/records.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { parseAccountSid, parseCallSid } from '../../src/twilio/ids.ts'
import type { VoiceWebhook } from '../../src/twilio/webhooks.ts'

const CALL_SID = parseCallSid('CA0123456789abcdef0123456789abcdef')
const WEBHOOK: VoiceWebhook = {
  callSid: CALL_SID,
  accountSid: parseAccountSid('AC0123456789abcdef0123456789abcdef'),
  from: '+15551234567',
  to: '+15550100000',
  direction: 'inbound',
  callStatus: 'ringing',
}

class Directory extends MemoryDirectory {
  broken: 'claim' | 'token' | 'remove' | undefined

  override claim(...args: Parameters<MemoryDirectory['claim']>) {
    const facts = super.claim(...args)
    this.#require('claim')
    return facts
  }

  override token(id: string): string {
    this.#require('token')
    return super.token(id)
  }

  override remove(id: string): void {
    super.remove(id)
    this.#require('remove')
  }

  #require(part: string): void {
    if (this.broken === part) throw new Error(`no ${part} today`)
  }
}

function openNode(options: Partial<ExchangeOptions> = {}) {
  const clock = new VirtualClock()
  const directory = new Directory()
  const records = new MemoryRecords()
  const logger = createLogger('silent')
  const exchange = new Exchange({
    agents: { echo },
    carrier: absentCarrier('nobody is dialled here'),
    clock,
    directory,
    endpoints: createEndpoints('https://calls.test'),
    logger,
    records,
    maxCalls: 1,
    drainMs: 0,
    pacer: new DialPacer({ clock, perSecond: 1, maxWaiting: 0 }),
    policy: new DialPolicy({
      limiter: new DialLimiter(clock, { perHour: 0, perNumberPerHour: 0 }),
      allowedDestinations: [],
      allowedSipDomains: [],
    }),
    epochNow: () => clock.now(),
    random: () => 0.5,
    ...options,
  })
  onTestFinished(async () => {
    expect(exchange.live()).toEqual([])
    expect(directory.size).toBe(0)
    expect(clock.pending).toBe(0)
    expect(exchange.node.readiness).toBe('ready')
  })
  return {
    clock,
    directory,
    exchange,
    records,
    voice: new ExchangeVoiceDesk({ exchange, clock, logger, agent: 'echo' }),
    callbacks: new ExchangeCallbackDesk({ exchange, logger }),
  }
}

describe('a call about which the carrier asked, and nobody knew an answer', () => {
  it('was never one if the directory failed after it had entered it, and is forgotten there', async () => {
    const { directory, voice, records } = openNode()
    directory.broken = 'claim'
    await expect(voice.answer(WEBHOOK)).rejects.toThrow('no claim today')
    expect(directory.size).toBe(0)
    expect(records.recent()).toEqual([])
  })

  it('is rejected for want of room, whatever goes wrong while the directory forgets it', async () => {
    const { clock, directory, exchange, voice } = openNode()
    await voice.answer(WEBHOOK)
    directory.broken = 'remove'
    const another = { ...WEBHOOK, callSid: parseCallSid(`CA${'b'.repeat(32)}`) }
    expect(await voice.answer(another)).toEqual({ do: 'reject' })
    exchange.hangUpAll()
    await clock.advance(60_000)
  })

  it.each(['answer', 'next', 'dialled'] as const)('ends with `internal error` and the cause (%s)', async (question) => {
    const { clock, directory, records, voice, callbacks, exchange } = openNode()
    await voice.answer(WEBHOOK)
    const { session } = exchange.find(CALL_SID) ?? {}
    exchange.find(CALL_SID)?.send({ type: 'stream.started', callSid: CALL_SID, streamSid: `MZ${'a'.repeat(32)}` })
    directory.broken = 'token'
    const dialled = { ...WEBHOOK, callStatus: 'in-progress', dialStatus: 'busy' } as const
    const asked = question === 'dialled' ? callbacks.dialled(dialled, session?.facts.id) : voice[question](WEBHOOK)
    await expect(asked).rejects.toThrow('no token today')
    await clock.advance(60_000)
    expect(records.find(CALL_SID)).toMatchObject({
      state: 'error',
      reason: 'internal error',
      cause: 'no token today',
      endedBy: 'system',
    })
  })

  it('gives its place and its row back if it failed half-made', async () => {
    const ended: string[] = []
    const { directory, records, voice } = openNode({
      telemetry: {
        callAdmitted: () => {},
        callEnded: ({ reason = '' }) => ended.push(reason),
        traceCall: () => ({
          within: (act) => act(),
          get tape(): never {
            throw new Error('no tape today')
          },
        }),
      },
    })
    await expect(voice.answer(WEBHOOK)).rejects.toThrow('no tape today')
    expect(directory.size).toBe(0)
    expect(records.find(CALL_SID)).toMatchObject({ state: 'error', reason: 'internal error', cause: 'no tape today' })
    expect(ended).toEqual(['internal error'])
    expect(await voice.answer(WEBHOOK)).toEqual({ do: 'hangUp' })
  })
})
