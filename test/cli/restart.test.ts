import { beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/cli/free-port.ts'
import type { CallView } from '../../src/call-view.ts'
import { createSimulatedCarrier } from '../../src/simulator/simulated-carrier.ts'
import { build, type Program, startCallchart, temporaryFolder } from './program.ts'

/** A server that is killed with calls under way, and started again: real processes, real sockets, a real disk. */

const OUR_NUMBER = '+15550100000'
const API_TOKEN = 'a-token-for-tests-only'

async function openStage(env: Readonly<Record<string, string>> = {}) {
  const folder = await temporaryFolder()
  const carrier = await createSimulatedCarrier()
  const port = String(await findFreePort())
  const url = `http://127.0.0.1:${port}`
  let server: Program | undefined
  const start = async () => {
    server = startCallchart(['serve'], {
      env: {
        PORT: port,
        PUBLIC_URL: url,
        TWILIO_ACCOUNT_SID: carrier.accountSid,
        TWILIO_AUTH_TOKEN: carrier.authToken,
        TWILIO_API_URL: carrier.url,
        TWILIO_FROM: OUR_NUMBER,
        CALLCHART_API_TOKEN: API_TOKEN,
        CALLCHART_ALLOWED_DESTINATIONS: '+1555',
        CALLCHART_CALLS_PER_SECOND: '100',
        CALLCHART_DATA_DIR: folder.path,
        ...env,
      },
    })
    await server.says(/"msg":"listening"/)
  }
  await start()

  return {
    carrier,
    url,

    /** As by the kernel, when memory has run out. */
    async kill(): Promise<void> {
      server?.signal('SIGKILL')
      await server?.ended
    },
    start,
    log: () => server?.stderr ?? '',

    async caller(index = 1) {
      const caller = carrier.caller(`+1555111${String(index).padStart(4, '0')}`)
      const call = await caller.dials(OUR_NUMBER, { voiceUrl: `${url}/twiml` })
      await carrier.until(() => call.isStreaming, { what: 'the stream to be up' })
      return { caller, call }
    },

    async calls(): Promise<readonly CallView[]> {
      const answer = await fetch(`${url}/calls?limit=1000`, { headers: { authorization: `Bearer ${API_TOKEN}` } })
      return ((await answer.json()) as { calls: CallView[] }).calls
    },

    async view(callSid: string): Promise<CallView> {
      const found = (await this.calls()).find((call) => call.callSid === callSid)
      if (found === undefined) throw new Error(`the server knows no call ${callSid}`)
      return found
    },

    async over(callSid: string): Promise<CallView> {
      const deadline = Date.now() + 20_000
      for (;;) {
        const view = await this.view(callSid)
        if (view.endedAt !== null) return view
        if (Date.now() > deadline) throw new Error(`expected ${callSid} to be over, it is ${view.state}`)
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    },

    async [Symbol.asyncDispose](): Promise<void> {
      await server?.[Symbol.asyncDispose]()
      await carrier.settled()
      for (const call of carrier.calls) if (!call.isOver) call.finish({ status: 'completed', by: 'carrier' })
      await carrier.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

describe('a server that was killed with calls under way', () => {
  beforeAll(build, 60_000)

  it('goes on with each of them when it is there again: same call, fresh stream, nobody lost', async () => {
    await using stage = await openStage()
    const people = await Promise.all(Array.from({ length: 12 }, (_, index) => stage.caller(index)))
    const before = await stage.calls()
    await stage.kill()
    await stage.start()
    await stage.carrier.until(() => people.every(({ call }) => call.streams.length === 2 && call.isStreaming), {
      what: 'fresh streams',
    })
    const after = await stage.calls()
    expect(after.map(({ id }) => id).toSorted()).toEqual(before.map(({ id }) => id).toSorted())
    expect(after.every(({ state }) => state === 'active')).toBe(true)
    for (const { caller } of people) await caller.hangsUp()
    for (const { call } of people) {
      const view = await stage.over(call.sid)
      expect(view).toMatchObject({
        state: 'ended',
        reason: 'caller hung up',
        streamSids: [expect.any(String), expect.any(String)],
      })
      expect(view.startedAt).toBe(before.find(({ id }) => id === view.id)?.startedAt)
    }
    expect(stage.log()).toContain('"lostMs"')
  }, 60_000)

  it('looks up those of which nobody asks, and gives them a fresh stream', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    // The carrier does not notice that the other end is gone.
    call.halfOpen()
    await stage.kill()
    await stage.start()
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming, { what: 'a fresh stream' })
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  }, 60_000)

  it('closes the records of those that have ended meanwhile, with what the carrier says', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    call.halfOpen()
    await stage.kill()
    await caller.hangsUp()
    await stage.start()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  }, 60_000)

  it('hangs them all up where the operator prefers that, and says why', async () => {
    await using stage = await openStage({ CALLCHART_ORPHANS: 'hang-up' })
    const people = await Promise.all([1, 2, 3].map((index) => stage.caller(index)))
    for (const { call } of people) call.halfOpen()
    await stage.kill()
    await stage.start()
    await stage.carrier.until(() => people.every(({ call }) => call.isOver), { what: 'all to be hung up' })
    for (const { call } of people) {
      expect(await stage.over(call.sid)).toMatchObject({ state: 'error', reason: 'server died', endedBy: 'system' })
    }
  }, 60_000)

  it('goes on with one that it had placed, and that still rang', async () => {
    await using stage = await openStage()
    const callee = stage.carrier.callee('+15552220001', { answersAfterMs: Number.POSITIVE_INFINITY })
    const answer = await fetch(`${stage.url}/calls`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: '+15552220001', parameters: { order: 'A-17' } }),
    })
    expect(answer.status).toBe(201)
    await stage.carrier.until(() => callee.call?.status === 'ringing')
    await stage.kill()
    await stage.start()
    const call = await callee.answers()
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming, { what: 'a fresh stream' })
    await callee.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ direction: 'outbound', reason: 'callee hung up' })
  }, 60_000)
})
