import type { CallEvent } from '../../machines/index.ts'
import { CallAccount } from '../../src/actors/call-account.ts'
import { CallSession } from '../../src/actors/call-session.ts'
import type { Agent } from '../../src/agents/agent.ts'
import { InboundScratch } from '../../src/media/inbound-pipe.ts'
import { Ticker } from '../../src/media/ticker.ts'
import type { StreamPort } from '../../src/media/stream-port.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { parseTransferTarget } from '../../src/twilio/transfer-target.ts'

/** A call's session on a clock of its own, with what it tells its chart in `sent`. */
export function createSession(agent: Agent = async () => {}) {
  const clock = new VirtualClock()
  const ticker = new Ticker(clock)
  const sent: CallEvent[] = []
  const session = new CallSession({
    facts: {
      id: 'call_aaaaaaaaaaaaaaaaaaaa',
      direction: 'inbound',
      callSid: `CA${'1'.repeat(32)}`,
      from: '+15551110001',
      to: '+15550100000',
      agent: 'tested',
      parameters: { plan: 'ours' },
      startedAt: 0,
    },
    agent,
    terms: { ringTimeoutSeconds: 60, timeLimitSeconds: 3_600 },
    account: new CallAccount(() => clock.now()),
    policy: { requireTarget: parseTransferTarget, requireAgent: () => agent },
    isActive: () => true,
    media: { clock, ticker, scratch: new InboundScratch(65_536) },
    send: (event) => void sent.push(event),
  })
  return { clock, ticker, sent, session, sessionOf: () => session }
}

/** A stream that swallows everything and remembers whether it was closed. */
export function silentStream(): StreamPort & { isClosed: boolean } {
  return {
    streamSid: `MZ${'1'.repeat(32)}`,
    isClosed: false,
    bufferedBytes: () => 0,
    sendMedia: () => {},
    sendMark: () => {},
    sendClear: () => {},
    close() {
      this.isClosed = true
    },
  }
}
