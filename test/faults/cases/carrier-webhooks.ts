import { expect, onTestFinished, vi } from 'vitest'
import { type CallFacts, MemoryDirectory } from '../../../src/directory.ts'
import { Exchange } from '../../../src/exchange/exchange.ts'
import { holdingAgent, OUR_NUMBER, PUBLIC_URL, type Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'
import { CALLEE, CALLER } from './carrier-form.ts'

const CAUSE = 'the directory is out of order'

/** Fails for one caller, and only once it has been asked for so many tokens of his call. */
class FaultyDirectory extends MemoryDirectory {
  readonly #tokens: number
  #asked = 0

  /** @param tokens how many there are before it fails; without any, it fails once it has entered the call. */
  constructor(tokens: number) {
    super()
    this.#tokens = tokens
  }

  override claim(facts: CallFacts): CallFacts {
    const entered = super.claim(facts)
    if (facts.from === CALLER && this.#tokens < 0) throw new Error(CAUSE)
    return entered
  }

  override token(id: string): string {
    if (this.find(id)?.from === CALLER && (this.#asked += 1) > this.#tokens) throw new Error(CAUSE)
    return super.token(id)
  }
}

const ENTERS_AND_FAILS = -1

/** The debugger's codes for an answer that is no success, none at all, no XML, no TwiML, or not that for a call. */
const UNREADABLE: ReadonlySet<number> = new Set([11200, 11205, 12100, 12200, 12300])

/** The operator learns of it, and the carrier could read its answer. */
function expectTold(stage: Stage, path: string, cause: string): void {
  const told = stage.log.filter(({ msg }) => msg === 'a webhook failed: the call cannot go on')
  expect(told).toEqual([expect.objectContaining({ level: 50, path, err: expect.objectContaining({ message: cause }) })])
  expect(stage.carrier.warnings.filter(({ code }) => UNREADABLE.has(code))).toEqual([])
}

async function dial(stage: Stage) {
  const caller = stage.carrier.caller(CALLER)
  return caller.dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml` })
}

/** It comes to no call at all. */
async function expectNoCall(stage: Stage, cause: string): Promise<string> {
  const call = await dial(stage)
  expect(call).toMatchObject({ isOver: true, rejection: 'busy', documents: ['Reject'] })
  await stage.carrier.settled()
  expectTold(stage, '/twiml', cause)
  expect(stage.views()).toHaveLength(2)
  return 'TwiML: reject; no call, no record; logged with its cause'
}

const choiceFails: StagedFault = {
  name: 'choosing the agent throws in `/twiml`',
  expected: 'valid TwiML that rejects the call; nothing is left of it; the cause in the log',
  befall: ({ stage }) => {
    const choice = vi.spyOn(Exchange.prototype, 'requireAgent').mockImplementationOnce(() => {
      throw new Error('nobody can be chosen')
    })
    onTestFinished(() => choice.mockRestore())
    return expectNoCall(stage, 'nobody can be chosen')
  },
}

const entryFails: StagedFault = {
  name: 'the directory enters a call and throws, in `/twiml`',
  expected: 'valid TwiML that rejects the call; the directory forgets it again; the cause in the log',
  stage: { directory: new FaultyDirectory(ENTERS_AND_FAILS) },
  befall: ({ stage }) => expectNoCall(stage, CAUSE),
}

const tokenFails: StagedFault = {
  name: 'the directory has no token for a call that was admitted, in `/twiml`',
  expected: 'valid TwiML that rejects the call; its record ends with `internal error`, and the cause',
  stage: { directory: new FaultyDirectory(0) },
  befall: async ({ stage }) => {
    const call = await dial(stage)
    expect(await stage.over(call.sid)).toMatchObject({ state: 'error', reason: 'internal error', cause: CAUSE })
    expect(call).toMatchObject({ isOver: true, streams: [] })
    expectTold(stage, '/twiml', CAUSE)
    return 'TwiML: reject; error, `internal error`; logged with its cause'
  },
}

const nextFails: StagedFault = {
  name: 'the directory has no token for a fresh stream, in `/twiml/next`',
  expected: 'valid TwiML that hangs up; the call ends with `internal error`, and the cause',
  stage: { directory: new FaultyDirectory(1) },
  befall: async ({ stage }) => {
    const { call } = await stage.caller(CALLER)
    call.loseStream()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'error', reason: 'internal error', cause: CAUSE })
    expect(call.isOver).toBe(true)
    expect(call.documents).toEqual(['Connect', 'Hangup'])
    expectTold(stage, '/twiml/next', CAUSE)
    return 'TwiML: hang up; error, `internal error`; logged with its cause'
  },
}

const dialledFails: StagedFault = {
  name: 'the directory has no token for a caller who comes back, in `/twiml/dialled`',
  expected: 'valid TwiML that hangs up; the call ends with `internal error`, and the cause',
  stage: { directory: new FaultyDirectory(1) },
  befall: async ({ stage }) => {
    const { call } = await stage.caller(CALLER)
    stage.carrier.callee(CALLEE, 'busy')
    expect(await stage.api('POST', `/calls/${call.sid}/transfer`, { to: CALLEE })).toMatchObject({ status: 202 })
    expect(await stage.over(call.sid)).toMatchObject({ state: 'error', reason: 'internal error', cause: CAUSE })
    expect(call).toMatchObject({ isOver: true, documents: ['Connect', 'Hangup'] })
    expectTold(stage, '/twiml/dialled', CAUSE)
    return 'TwiML: hang up; error, `internal error`; logged with its cause'
  },
}

const { agent, calls } = holdingAgent()

const streamLost: StagedFault = {
  name: 'the stream is lost',
  expected: '`/twiml/next` gives a fresh one: the same call, the same agent, another stream',
  stage: { agents: { holding: agent }, agent: 'holding' },
  befall: async ({ stage }) => {
    const { caller, call } = await stage.caller(CALLER)
    const { id, streamSid } = stage.view(call.sid)
    call.loseStream()
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming, { what: 'a fresh stream' })
    await stage.clock.advance(200)
    const view = stage.view(call.sid)
    expect(view).toMatchObject({ id, state: 'active', streamSid: call.stream?.sid })
    expect(view.streamSids).toEqual([streamSid, call.stream?.sid])
    expect(call.documents).toEqual(['Connect', 'Connect'])
    expect(calls).toHaveLength(1)
    const played = calls[0]?.play(new Int16Array(8_000).fill(5_000))
    expect((await stage.meanwhile(played?.finished ?? Promise.reject(new Error('no agent')))).interrupted).toBe(false)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    return 'a second stream, the same call and agent; ended, `caller hung up`'
  },
}

export const webhooks: readonly StagedFault[] = [
  choiceFails,
  entryFails,
  tokenFails,
  nextFails,
  dialledFails,
  streamLost,
]
