import { afterEach, describe, expect, it } from 'vitest'
import { guardCarrier } from '../../src/actors/guarded-carrier.ts'
import type { Carrier } from '../../src/carrier.ts'
import { CarrierError } from '../../src/errors.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { carrierAnswering } from '../twilio/carrier-rig.ts'
import { json, text } from '../twilio/carrier-server.ts'
import { CALL_SID } from '../twilio/wire-messages.ts'

const RECORDING_SID = `RE${'1'.repeat(32)}`
const REQUEST = {
  to: '+15551234567',
  from: '+15550100000',
  twiml: '<Response/>',
  statusCallbackUrl: 'https://voice.example/status',
  ringTimeoutSeconds: 30,
  timeLimitSeconds: 60,
}

type Method = keyof Carrier

/** One of each. */
const ASK: Record<Method, (carrier: Carrier, signal?: AbortSignal) => Promise<unknown>> = {
  placeCall: (carrier, signal) => carrier.placeCall(REQUEST, signal),
  findCalls: (carrier, signal) => carrier.findCalls({ to: REQUEST.to, from: REQUEST.from, since: 0 }, signal),
  fetchCall: (carrier, signal) => carrier.fetchCall(CALL_SID, signal),
  hangUp: (carrier, signal) => carrier.hangUp(CALL_SID, signal),
  redirect: (carrier, signal) => carrier.redirect(CALL_SID, '<Response/>', signal),
  startRecording: (carrier, signal) =>
    carrier.startRecording(CALL_SID, { statusCallbackUrl: 'https://voice.example/r', channels: 'dual' }, signal),
  changeRecording: (carrier, signal) => carrier.changeRecording(CALL_SID, RECORDING_SID, 'stopped', signal),
  pointNumber: (carrier, signal) => carrier.pointNumber('+15550100000', 'https://voice.example/twiml', signal),
}
const METHODS = Object.keys(ASK) as Method[]
const UNSTOPPABLE: readonly Method[] = ['hangUp', 'changeRecording', 'findCalls', 'fetchCall']
const STOPPABLE = METHODS.filter((method) => !UNSTOPPABLE.includes(method))

const DOWN = new CarrierError('CARRIER_UNAVAILABLE', 'down', { status: 503 })
const REFUSED = new CarrierError('CARRIER_REFUSED', 'no', { status: 400 })

const disposals: (() => void)[] = []
afterEach(() => {
  for (const dispose of disposals.splice(0)) dispose()
})

/** A carrier whose every request waits until the test answers it, behind a guard. */
function guarded() {
  const clock = new VirtualClock()
  const pending: { method: Method; resolve: (value?: unknown) => void; reject: (error: unknown) => void }[] = []
  const request =
    (method: Method) =>
    (...given: unknown[]) =>
      new Promise<never>((resolve, reject) => {
        pending.push({ method, resolve: resolve as () => void, reject })
        const signal = given.at(-1)
        if (signal instanceof AbortSignal) signal.addEventListener('abort', () => reject(signal.reason))
      })
  const inner = Object.fromEntries(METHODS.map((method) => [method, request(method)])) as unknown as Carrier
  const told: string[] = []
  const logger = {
    error: (fields: object) => void told.push(JSON.stringify(fields)),
    info: (word: string) => void told.push(word),
  }
  const guard = guardCarrier(inner, { clock, logger: logger as never })
  disposals.push(guard.dispose)
  const ask = (method: Method, signal?: AbortSignal) => {
    const outcome = ASK[method](guard.carrier, signal).then(
      () => 'done',
      (error: unknown) => error,
    )
    return { outcome, answer: pending.at(-1) }
  }
  /** Asks and has the carrier answer so. */
  const exchange = async (method: Method, error?: unknown) => {
    const before = pending.length
    const { outcome, answer } = ask(method)
    if (pending.length > before) {
      if (error === undefined) answer?.resolve()
      else answer?.reject(error)
    }
    return outcome
  }
  const fail = async (count: number, error: unknown = DOWN) => {
    for (let time = 0; time < count; time += 1) await exchange('placeCall', error)
  }
  return { ...guard, clock, told, pending, ask, exchange, fail, sent: () => pending.length }
}

const PAUSED = expect.objectContaining({ name: 'CarrierError', code: 'CARRIER_PAUSED', ambiguous: false })

describe('a guarded carrier that works', () => {
  it.each(METHODS)('lets %s through, with what it was given and what comes of it', async (method) => {
    const asked: unknown[][] = []
    const answers: Record<string, unknown> = { placeCall: { callSid: CALL_SID, status: 'queued' }, findCalls: [] }
    const inner = new Proxy({} as Carrier, {
      get:
        (_, name: Method) =>
        (...given: unknown[]) => {
          asked.push([name, ...given])
          return Promise.resolve(answers[name] ?? `the answer to ${name}`)
        },
    })
    const guard = guardCarrier(inner, {
      clock: new VirtualClock(),
      logger: { error: () => {}, info: () => {} } as never,
    })
    disposals.push(guard.dispose)
    const { signal } = new AbortController()
    const direct = await ASK[method](inner, signal)
    const through = await ASK[method](guard.carrier, signal)
    expect(asked[1]).toEqual(asked[0])
    expect(asked[1]?.at(-1)).toBe(signal)
    expect(direct).toBeDefined()
    expect(through).toEqual(direct)
  })

  it('stays closed while it refuses, is rate limited, or answers between failures', async () => {
    const { exchange, fail, isOpen, told } = guarded()
    for (let round = 0; round < 3; round += 1) {
      await fail(4)
      await exchange('redirect', REFUSED)
      await fail(4)
      await exchange('placeCall', new CarrierError('CARRIER_RATE_LIMITED', 'slow down', { status: 429 }))
      await fail(4)
      await exchange('hangUp')
    }
    expect(isOpen()).toBe(false)
    expect(told).toEqual([])
  })
})

describe('a guarded carrier that is out of order', () => {
  it.each(STOPPABLE)('refuses %s at once, and says when to come again', async (method) => {
    const { exchange, fail, clock, isOpen, sent } = guarded()
    await fail(5)
    expect(isOpen()).toBe(true)
    await clock.advance(4_000)
    const before = sent()
    const refusal = await exchange(method)
    expect(refusal).toEqual(PAUSED)
    expect(refusal).toMatchObject({
      retryAfterMs: 11_000,
      message:
        'expected a carrier that answers, got 5 failures in a row (CARRIER_UNAVAILABLE); it is asked again in 11000 ms',
    })
    expect(sent()).toBe(before)
  })

  it.each(UNSTOPPABLE)('lets %s through all the same, and is in order again once that is answered', async (method) => {
    const { exchange, fail, isOpen, told } = guarded()
    await fail(5)
    expect(await exchange(method, DOWN)).toBe(DOWN)
    expect(isOpen()).toBe(true)
    expect(await exchange(method)).toBe('done')
    expect(isOpen()).toBe(false)
    expect(told).toHaveLength(2)
  })

  it.each(['CARRIER_UNAVAILABLE', 'CARRIER_TIMEOUT', 'CARRIER_GIBBERISH', 'CARRIER_UNAUTHORIZED'] as const)(
    'is one that fails with %s five times',
    async (code) => {
      const { fail, isOpen } = guarded()
      await fail(4, new CarrierError(code, 'x'))
      expect(isOpen()).toBe(false)
      await fail(1, new CarrierError(code, 'x'))
      expect(isOpen()).toBe(true)
    },
  )

  it('tells the operator once when it opens and once when it closes, whatever lies between', async () => {
    const { clock, exchange, fail, told } = guarded()
    await fail(7)
    for (const waitMs of [15_000, 30_000]) {
      await clock.advance(waitMs)
      await exchange('placeCall', DOWN)
    }
    expect(told).toEqual(['{"failures":5,"code":"CARRIER_UNAVAILABLE","waitMs":15000}'])
    await clock.advance(60_000)
    await exchange('placeCall')
    expect(told).toHaveLength(2)
  })
})

describe('a guarded carrier that may be back', () => {
  const halfOpen = async () => {
    const guard = guarded()
    await guard.fail(5)
    await guard.clock.advance(15_000)
    return guard
  }

  it('is asked by one at a time', async () => {
    const { ask, exchange, isOpen, sent } = await halfOpen()
    expect(isOpen()).toBe(false)
    const probe = ask('placeCall')
    expect(isOpen()).toBe(true)
    const before = sent()
    expect(await exchange('redirect')).toEqual(PAUSED)
    expect(await exchange('placeCall')).toMatchObject({ code: 'CARRIER_PAUSED', retryAfterMs: 1_000 })
    expect(sent()).toBe(before)
    probe.answer?.resolve()
    expect(await probe.outcome).toBe('done')
    expect(isOpen()).toBe(false)
    expect(await exchange('redirect')).toBe('done')
  })

  it('is left alone for twice as long when the probe fails', async () => {
    const { clock, exchange, isOpen } = await halfOpen()
    expect(await exchange('placeCall', DOWN)).toBe(DOWN)
    await clock.advance(29_999)
    expect(await exchange('placeCall')).toMatchObject({ code: 'CARRIER_PAUSED', retryAfterMs: 1 })
    await clock.advance(1)
    expect(isOpen()).toBe(false)
  })

  it('is in order when the probe is refused, since that is an answer', async () => {
    const { exchange, isOpen, told } = await halfOpen()
    expect(await exchange('redirect', REFUSED)).toBe(REFUSED)
    expect(isOpen()).toBe(false)
    expect(told).toHaveLength(2)
  })

  it('may be asked by a hang-up: then nothing else is until that is answered', async () => {
    const { ask, exchange } = await halfOpen()
    const hangUp = ask('hangUp')
    expect(await exchange('placeCall')).toEqual(PAUSED)
    expect(await exchange('changeRecording', REFUSED)).toBe(REFUSED)
    hangUp.answer?.resolve()
    expect(await hangUp.outcome).toBe('done')
  })

  it('may be asked by the next one when a probe is given up, which counts as nothing', async () => {
    const { ask, exchange, isOpen, told } = await halfOpen()
    const controller = new AbortController()
    const probe = ask('placeCall', controller.signal)
    const reason = new Error('the caller has gone')
    controller.abort(reason)
    expect(await probe.outcome).toBe(reason)
    expect(isOpen()).toBe(false)
    expect(told).toHaveLength(1)
    expect(await exchange('placeCall')).toBe('done')
    expect(told).toHaveLength(2)
  })

  it('may be asked by the next one too when a probe was never sent', async () => {
    const { exchange, isOpen, told } = await halfOpen()
    const notSent = new CarrierError('CARRIER_REFUSED', 'expected a CallSid to redirect, got "x"')
    expect(await exchange('redirect', notSent)).toBe(notSent)
    expect(await exchange('redirect', new TypeError('a bug of ours'))).toBeInstanceOf(TypeError)
    expect(isOpen()).toBe(false)
    expect(told).toHaveLength(1)
  })

  it('keeps the place of a probe when somebody else gives up', async () => {
    const { ask, exchange } = await halfOpen()
    const controller = new AbortController()
    const probe = ask('placeCall')
    const hangUp = ask('hangUp', controller.signal)
    controller.abort(new Error('no longer needed'))
    await hangUp.outcome
    expect(await exchange('placeCall')).toEqual(PAUSED)
    probe.answer?.resolve()
    expect(await probe.outcome).toBe('done')
  })
})

describe('the guard', () => {
  it('counts nothing that was given up, however often', async () => {
    const { ask, isOpen } = guarded()
    for (let time = 0; time < 20; time += 1) {
      const controller = new AbortController()
      const given = ask('placeCall', controller.signal)
      controller.abort(new CarrierError('CARRIER_TIMEOUT', 'we did not wait'))
      await given.outcome
    }
    expect(isOpen()).toBe(false)
  })

  it('leaves no timer when it is disposed of, and hinders nothing from then on', async () => {
    const { clock, dispose, exchange, fail, isOpen } = guarded()
    await fail(5)
    expect(clock.pending).toBe(1)
    dispose()
    expect(clock.pending).toBe(0)
    expect(isOpen()).toBe(false)
    expect(await exchange('hangUp')).toBe('done')
    expect(await exchange('placeCall', DOWN)).toBe(DOWN)
    dispose()
  })

  it('lets everything through when its logger fails, rather than carry no calls', async () => {
    const down: Carrier['placeCall'] = () => Promise.reject(DOWN)
    const inner = { placeCall: down } as Partial<Carrier> as Carrier
    const complain = () => {
      throw new Error('no log')
    }
    const guard = guardCarrier(inner, {
      clock: new VirtualClock(),
      logger: { error: complain, info: complain } as never,
    })
    for (let time = 0; time < 7; time += 1) await expect(guard.carrier.placeCall(REQUEST)).rejects.toBe(DOWN)
    expect(guard.isOpen()).toBe(false)
  })

  it('guards a real one: a carrier that fails over HTTP is not asked a sixth time, but for a hang-up', async () => {
    const placed = json(201, { sid: CALL_SID, status: 'queued' })
    const ended = json(200, { sid: CALL_SID, status: 'completed' })
    const broken = text(503, 'down for maintenance')
    const { carrier, server } = await carrierAnswering(broken, broken, broken, broken, broken, ended, placed)
    const guard = guardCarrier(carrier, {
      clock: new VirtualClock(),
      logger: { error: () => {}, info: () => {} } as never,
    })
    disposals.push(guard.dispose)
    for (let time = 0; time < 5; time += 1) {
      await expect(guard.carrier.placeCall(REQUEST)).rejects.toMatchObject({ code: 'CARRIER_UNAVAILABLE' })
    }
    await expect(guard.carrier.placeCall(REQUEST)).rejects.toMatchObject({ code: 'CARRIER_PAUSED' })
    expect(server.asked).toHaveLength(5)
    await guard.carrier.hangUp(CALL_SID)
    expect(await guard.carrier.placeCall(REQUEST)).toEqual({ callSid: CALL_SID, status: 'queued' })
    expect(server.asked).toHaveLength(7)
  })
})
