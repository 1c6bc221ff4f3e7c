import { setImmediate as nextTurn } from 'node:timers/promises'
import { absentCarrier } from '../absent-carrier.ts'
import type { CallEnding } from '../agents/agent.ts'
import { echo } from '../agents/echo.ts'
import { MULAW_SILENCE } from '../audio/g711.ts'
import { systemClock } from '../clock.ts'
import { DialLimiter } from '../dial-limiter.ts'
import { DialPacer } from '../dial-pacer.ts'
import { MemoryDirectory } from '../directory.ts'
import { createEndpoints } from '../endpoints.ts'
import { createLogger } from '../log.ts'
import type { StreamPort } from '../media/stream-port.ts'
import { MemoryRecords } from '../records.ts'
import { parseAccountSid, parseCallSid, parseStreamSid } from '../twilio/ids.ts'
import { parseStreamMessage } from '../twilio/messages.ts'
import { mediaMessage } from '../twilio/outbound-messages.ts'
import { parsePhoneNumber } from '../twilio/phone-number.ts'
import { connectStreamTwiml } from '../twilio/twiml.ts'
import { DialPolicy } from './dial-policy.ts'
import { Exchange } from './exchange.ts'
import { ExchangeStreamDesk } from './stream-desk.ts'
import { ExchangeVoiceDesk } from './voice-desk.ts'

const ACCOUNT = parseAccountSid(`AC${'0'.repeat(32)}`)
const CALL = parseCallSid(`CA${'0'.repeat(32)}`)
const STREAM = parseStreamSid(`MZ${'0'.repeat(32)}`)
const FRAMES = 150
const FRAME = Buffer.alloc(160, MULAW_SILENCE).toString('base64')

/**
 * Carries one call that nobody hears, through every layer but the sockets, in an exchange of its own.
 *
 * The first call of a process pays for compiling the code it runs: some 30 ms, which a caller who is echoed in real
 * time keeps hearing as delay to the end. Somebody else had better be that caller.
 */
export async function rehearse(): Promise<CallEnding> {
  const logger = createLogger('silent')
  parsePhoneNumber('+15550100000')
  const endpoints = createEndpoints('https://rehearsal.invalid')
  const exchange = new Exchange({
    agents: { echo },
    carrier: absentCarrier('a rehearsal places no calls'),
    clock: systemClock,
    directory: new MemoryDirectory(),
    endpoints,
    logger,
    records: new MemoryRecords(),
    maxCalls: 1,
    drainMs: 0,
    pacer: new DialPacer({ clock: systemClock, perSecond: 1, maxWaiting: 0 }),
    policy: new DialPolicy({
      limiter: new DialLimiter(systemClock, { perHour: 0, perNumberPerHour: 0 }),
      allowedDestinations: [],
      allowedSipDomains: [],
    }),
    epochNow: Date.now,
    random: Math.random,
  })
  const voice = new ExchangeVoiceDesk({ exchange, clock: systemClock, logger, agent: 'echo' })
  const streams = new ExchangeStreamDesk({ exchange, clock: systemClock, logger, accountSid: ACCOUNT })
  const answer = await voice.answer({
    callSid: CALL,
    accountSid: ACCOUNT,
    from: '',
    to: '',
    direction: 'inbound',
    callStatus: 'ringing',
  })
  const token = answer.do === 'connect' ? answer.token : ''
  connectStreamTwiml({ streamUrl: endpoints.streamUrl, actionUrl: endpoints.nextUrl, parameters: { token } })
  const ending = exchange.find(CALL)?.session.ended
  const start = parseStreamMessage(startMessage(token))
  const stream = start.event === 'start' ? await streams.admit(start, silentPort()) : undefined
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const message = parseStreamMessage(frameMessage(frame))
    if (message.event === 'media') stream?.media(message)
    // The echo's turn: it runs on promises.
    await nextTurn()
  }
  stream?.stopped()
  exchange.node.stop()
  return ending ?? { state: 'error', reason: 'internal error', cause: 'the rehearsal was not admitted' }
}

function silentPort(): StreamPort {
  return {
    streamSid: STREAM,
    bufferedBytes: () => 0,
    sendMedia: (mulaw) => void mediaMessage(STREAM, Buffer.from(mulaw).toString('base64')),
    sendMark: () => {},
    sendClear: () => {},
    close: () => {},
  }
}

function startMessage(token: string): string {
  return JSON.stringify({
    event: 'start',
    sequenceNumber: '1',
    start: {
      accountSid: ACCOUNT,
      streamSid: STREAM,
      callSid: CALL,
      tracks: ['inbound'],
      mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
      customParameters: { token },
    },
    streamSid: STREAM,
  })
}

function frameMessage(frame: number): string {
  const media = { track: 'inbound', chunk: String(frame + 1), timestamp: String(150 + frame * 20), payload: FRAME }
  return JSON.stringify({ event: 'media', sequenceNumber: String(frame + 2), media, streamSid: STREAM })
}
