import { setImmediate as nextTurn } from 'node:timers/promises'
import { createActor, setup, toPromise, waitFor } from 'xstate'
import type { ChildInput } from '../../machines/index.ts'
import { afterEach, describe, expect, it } from 'vitest'
import { createAgentActor } from '../../src/actors/agent.ts'
import { type CarrierActorOptions, createCarrierActor } from '../../src/actors/carrier.ts'
import { createInboundActor } from '../../src/actors/inbound.ts'
import { createOutboundActor } from '../../src/actors/outbound.ts'
import type { SessionOf } from '../../src/actors/call-session.ts'
import { createReleaseActor } from '../../src/actors/release.ts'
import { absentCarrier } from '../../src/absent-carrier.ts'
import type { Agent, Call } from '../../src/agents/agent.ts'
import type { Carrier } from '../../src/carrier.ts'
import { DialPacer } from '../../src/dial-pacer.ts'
import { MemoryDirectory } from '../../src/directory.ts'
import { createEndpoints } from '../../src/endpoints.ts'
import { CarrierError } from '../../src/errors.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { createSession, silentStream } from './session-under-test.ts'

const callId = 'call_aaaaaaaaaaaaaaaaaaaa'
const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

/** Runs an actor as the child of a machine that writes down what it is told. */
function startUnderParent(logic: ReturnType<typeof createInboundActor>, input: ChildInput) {
  const told: unknown[] = []
  const parent = setup({ actors: { child: logic } }).createMachine({
    invoke: { src: 'child', input },
    on: { '*': { actions: ({ event }) => void told.push(event) } },
  })
  const actor = createActor(parent).start()
  stops.push(() => actor.stop())
  return { told }
}

describe('the inbound actor', () => {
  it('tells the chart that a digit came, but not which, and nothing of what is heard', () => {
    const { session, sessionOf } = createSession()
    const { told } = startUnderParent(createInboundActor(sessionOf), { callId })
    session.noteDigit('4')
    session.emit({ type: 'speech.started' })
    session.emit({ type: 'playback.started' })
    session.emit({ type: 'audio.dropped', ms: 20 })
    expect(told).toEqual([{ type: 'digit.received' }, { type: 'speech.started' }])
  })
})

describe('the outbound actor', () => {
  const startOutbound = (sessionOf: SessionOf, input: ChildInput) =>
    startUnderParent(createOutboundActor(sessionOf) as never, input)

  it('tells the chart what becomes of the speech, and nothing of the far end', () => {
    const { session, sessionOf } = createSession()
    const { told } = startOutbound(sessionOf, { callId })
    for (const type of ['playback.started', 'media.resumed', 'queue.crowded', 'playback.cleared'] as const) {
      session.emit({ type })
    }
    expect(told).toEqual([{ type: 'playback.started' }, { type: 'queue.crowded' }, { type: 'playback.cleared' }])
  })

  it('says at once that it is drained when nothing is left to play', () => {
    const { session, sessionOf } = createSession()
    session.plane.attach(silentStream())
    const { told } = startOutbound(sessionOf, { callId, isDraining: true })
    expect(told).toEqual([{ type: 'playback.drained' }])
    session.release()
  })

  it('says at once that it is drained when nobody is there to hear the rest', () => {
    const { session, sessionOf } = createSession()
    session.plane.outbound.play(new Int16Array(16_000))
    const { told } = startOutbound(sessionOf, { callId, isDraining: true })
    expect(told).toEqual([{ type: 'playback.drained' }])
    session.release()
  })

  it('waits while something is left to play', () => {
    const { session, sessionOf } = createSession()
    session.plane.attach(silentStream())
    session.plane.outbound.play(new Int16Array(16_000))
    const { told } = startOutbound(sessionOf, { callId, isDraining: true })
    expect(told).toEqual([])
    session.release()
  })
})

describe('the agent actor', () => {
  const run = (agent: Agent) => {
    const stage = createSession(agent)
    const actor = createActor(createAgentActor(stage.sessionOf), { input: { callId } })
    actor.subscribe({ error: () => {} })
    return { ...stage, actor }
  }

  it('is done when the agent returns', async () => {
    const { actor } = run(async () => {})
    await expect(toPromise(actor.start())).resolves.toBeUndefined()
  })

  it.each<[string, Agent]>([
    ['rejects', () => Promise.reject(new Error('boom'))],
    [
      'throws at once',
      () => {
        throw new Error('boom')
      },
    ],
  ])('fails when the agent %s', async (_, agent) => {
    await expect(toPromise(run(agent).actor.start())).rejects.toThrow('boom')
  })

  it("fails when the agent's listener throws, though the agent waits for ever", async () => {
    const { actor, session } = run((call) => {
      call.on('stream.lost', () => {
        throw new Error('boom')
      })
      return new Promise(() => {})
    })
    const outcome = toPromise(actor.start())
    session.emit({ type: 'stream.lost' })
    await expect(outcome).rejects.toThrow('boom')
  })

  it("aborts the agent's signal when the chart leaves it, and when the call is released", () => {
    const calls: Call[] = []
    const forever: Agent = (call) => {
      calls.push(call)
      return new Promise(() => {})
    }
    const left = run(forever)
    left.actor.start()
    left.actor.stop()
    const released = run(forever)
    released.actor.start()
    released.session.release()
    expect(calls.map((call) => call.signal.aborted)).toEqual([true, true])
  })

  it('lets queued speech finish when the agent hangs up, unless it says now', async () => {
    const { actor, sent } = run(async (call) => {
      call.hangUp()
      call.hangUp({ now: true })
    })
    await toPromise(actor.start())
    expect(sent).toEqual([
      { type: 'call.finish', reason: 'agent finished' },
      { type: 'call.hangUp', reason: 'agent finished' },
    ])
  })
})

describe('the release actor', () => {
  it('releases the session, and is done', async () => {
    const { session, sessionOf } = createSession()
    await toPromise(createActor(createReleaseActor(sessionOf), { input: { callId } }).start())
    expect(session.signal.aborted).toBe(true)
  })
})

describe('the carrier actor', () => {
  const start = (carrier: Partial<Carrier>, command: 'placeCall' | 'hangUp', random = 0.5) => {
    const clock = new VirtualClock()
    const { session } = createSession()
    const options: CarrierActorOptions = {
      carrier: { ...absentCarrier('not asked for'), ...carrier },
      directory: new MemoryDirectory(),
      endpoints: createEndpoints('https://calls.test'),
      findSession: () => session,
      pacer: new DialPacer({ clock, perSecond: 1, maxWaiting: 1 }),
      isKnown: () => false,
      random: () => random,
    }
    const actor = createActor(createCarrierActor(options), {
      clock,
      input: { callId, command, callSid: session.facts.callSid },
    })
    actor.start()
    return { actor, clock, session }
  }

  it('places a call with TwiML that opens our stream, asks for what comes next, and carries the token', async () => {
    const requests: unknown[] = []
    const placeCall: Carrier['placeCall'] = (request) => {
      requests.push(request)
      return Promise.resolve({ callSid: `CA${'9'.repeat(32)}`, status: 'queued' })
    }
    const { actor } = start({ placeCall }, 'placeCall')
    expect(await toPromise(actor)).toEqual({ outcome: 'done', sid: `CA${'9'.repeat(32)}` })
    expect(requests).toEqual([
      expect.objectContaining({
        to: '+15550100000',
        from: '+15551110001',
        ringTimeoutSeconds: 60,
        timeLimitSeconds: 3_600,
        statusCallbackUrl: `https://calls.test/status?call=${callId}`,
        twiml: expect.stringMatching(
          /<Connect action="https:\/\/calls\.test\/twiml\/next#rc=5&amp;rp=all" method="POST"><Stream url="wss:\/\/calls\.test\/ws"><Parameter name="token" value="[\w-]{32}"\/><\/Stream><\/Connect><\/Response>$/,
        ),
      }),
    ])
  })

  it('spreads the waits of what failed together, but keeps to a wait that the carrier named', async () => {
    const waits: number[] = []
    const failures = [
      new CarrierError('CARRIER_UNAVAILABLE', 'later'),
      new CarrierError('CARRIER_RATE_LIMITED', 'later', { retryAfterMs: 1_234 }),
    ]
    let askedAt = 0
    const hangUp = () => {
      waits.push(clock.now() - askedAt)
      askedAt = clock.now()
      const failure = failures.shift()
      return failure === undefined ? Promise.resolve() : Promise.reject(failure)
    }
    const { actor, clock } = start({ hangUp: () => Promise.resolve().then(hangUp) }, 'hangUp', 0.5)
    const done = waitFor(actor, (snapshot) => snapshot.status === 'done', { timeout: 5_000 })
    await nextTurn()
    await clock.advance(3_000)
    await done
    expect(waits).toEqual([0, 125, 1_234])
  })

  it('keeps the error for whoever dialled, and hands the chart a plain fault', async () => {
    const refusal = new CarrierError('CARRIER_REFUSED', 'no such number', { status: 400, carrierCode: 21_211 })
    const { actor, session } = start({ placeCall: () => Promise.reject(refusal) }, 'placeCall')
    expect(await toPromise(actor)).toMatchObject({ outcome: 'failed', fault: { code: 'CARRIER_REFUSED' } })
    expect(session.carrierError).toBe(refusal)
  })
})
