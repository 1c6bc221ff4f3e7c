import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { absentCarrier } from '../../src/absent-carrier.ts'
import { echo } from '../../src/agents/echo.ts'
import { DialLimiter } from '../../src/dial-limiter.ts'
import { DialPacer } from '../../src/dial-pacer.ts'
import { MemoryDirectory } from '../../src/directory.ts'
import { createEndpoints } from '../../src/endpoints.ts'
import { ExchangeProgressDesk, pathOf } from '../../src/exchange/call-progress.ts'
import { DialPolicy } from '../../src/exchange/dial-policy.ts'
import { Exchange } from '../../src/exchange/exchange.ts'
import type { LiveCall } from '../../src/exchange/live-call.ts'
import type { Progress } from '../../src/http/progress-desk.ts'
import { createLogger } from '../../src/log.ts'
import { type CallRecord, MemoryRecords } from '../../src/records.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'

const CALL_SID = 'CA0123456789abcdef0123456789abcdef'
const BEGAN = Date.UTC(2026, 10, 25, 10)

/** A node with one inbound call that waits for its stream. */
async function openNode(records = new MemoryRecords()) {
  const clock = new VirtualClock()
  const exchange = new Exchange({
    agents: { echo },
    carrier: absentCarrier('nobody is dialled here'),
    clock,
    directory: new MemoryDirectory(),
    endpoints: createEndpoints('https://calls.test'),
    logger: createLogger('silent'),
    records,
    maxCalls: 1,
    drainMs: 0,
    pacer: new DialPacer({ clock, perSecond: 1, maxWaiting: 0 }),
    policy: new DialPolicy({
      limiter: new DialLimiter(clock, { perHour: 0, perNumberPerHour: 0 }),
      allowedDestinations: [],
      allowedSipDomains: [],
    }),
    epochNow: () => BEGAN + clock.now(),
    random: () => 0.5,
  })
  const inbound = { direction: 'inbound', callSid: CALL_SID, from: '+15551234567', to: '+15550100000' } as const
  const call = (await exchange.admit({ ...inbound, agent: 'echo' })) as LiveCall
  onTestFinished(async () => {
    exchange.hangUpAll()
    await clock.advance(60_000)
  })
  const faults: unknown[] = []
  const desk = new ExchangeProgressDesk({ exchange, onFault: (error) => faults.push(error) })
  return {
    call,
    clock,
    desk,
    faults,
    id: call.session.facts.id,
    hangUp: () => call.send({ type: 'leg.ended', callSid: CALL_SID, outcome: 'completed' }),

    follow: async (key = CALL_SID) => {
      const told: Progress[] = []
      const followed = await desk.find(key)
      const leave = followed?.follow((progress) => told.push(progress)) ?? (() => {})
      return { told, leave }
    },
  }
}

describe('who follows a call', () => {
  it('is told first where it stands', async () => {
    const { clock, follow } = await openNode()
    await clock.advance(1_500)
    const { told } = await follow()
    expect(told).toEqual([
      {
        type: 'state',
        state: 'connecting',
        path: 'connecting.awaitingStream',
        reason: null,
        at: '2026-11-25T10:00:01.500Z',
      },
    ])
  })

  it('finds it by our id, too', async () => {
    const { follow, id } = await openNode()
    expect((await follow(id)).told).toHaveLength(1)
  })

  it('is told of each edge as it is taken, of the state that it led to with its reason, and of the end', async () => {
    const { call, clock, follow, hangUp } = await openNode()
    const { told } = await follow()
    await clock.advance(2_000)
    hangUp()
    await vi.waitFor(() => expect(told.at(-1)?.type).toBe('end'))
    const [, edge, state, ...rest] = told
    expect(edge).toMatchObject({
      type: 'edge',
      actor: null,
      event: 'leg.ended',
      from: 'carrier',
      fields: { callSid: CALL_SID, outcome: 'completed' },
      edges: [expect.stringContaining('leg.ended')],
      before: { connecting: 'awaitingStream' },
      after: { stopping: 'releasing' },
      at: '2026-11-25T10:00:02.000Z',
    })
    expect(state).toEqual({
      type: 'state',
      state: 'stopping',
      path: 'stopping.releasing',
      reason: 'caller hung up',
      at: '2026-11-25T10:00:02.000Z',
    })
    expect(rest.slice(0, -1)).toMatchObject([
      { type: 'edge', event: 'xstate.done.actor.release', from: 'release' },
      { type: 'state', state: 'ended', path: 'ended', reason: 'caller hung up' },
    ])
    expect(rest.at(-1)).toMatchObject({
      type: 'end',
      call: { callSid: CALL_SID, state: 'ended', reason: 'caller hung up', endedAt: '2026-11-25T10:00:02.000Z' },
    })
    expect(call.ending).toBeDefined()
  })

  it('is not told of what changed nothing', async () => {
    const { call, follow } = await openNode()
    const { told } = await follow()
    call.send({ type: 'media.resumed' })
    expect(told).toHaveLength(1)
  })

  it('is told nothing any more once it has left, and the call tells nobody', async () => {
    const { call, follow, hangUp } = await openNode()
    const listen = vi.spyOn(call.story, 'listen')
    const observers = () => (Reflect.get(call.actor, 'observers') as ReadonlySet<unknown>).size
    const before = observers()
    const { told, leave } = await follow()
    const note = vi.spyOn(listen.mock.calls[0]![0].tape, 'note')
    expect(observers()).toBe(before + 1)
    leave()
    leave()
    expect(observers()).toBe(before)
    hangUp()
    await call.session.ended
    expect(told).toHaveLength(1)
    expect(note).not.toHaveBeenCalled()
  })

  it('never asks for what goes over the sockets', async () => {
    const { call, follow } = await openNode()
    await follow()
    expect(call.story.nextStream('MZ1')).toBeUndefined()
  })

  it('is told no more when it throws, and the call goes on to its end', async () => {
    const { call, desk, faults, follow, hangUp } = await openNode()
    let times = 0
    const followed = await desk.find(CALL_SID)
    followed?.follow(() => {
      times += 1
      if (times > 1) throw new Error('cannot bear to hear it')
    })
    const { told } = await follow()
    hangUp()
    expect(await call.session.ended).toMatchObject({ state: 'ended' })
    expect(times).toBe(2)
    expect(faults).toEqual([new Error('cannot bear to hear it')])
    expect(told.at(-1)?.type).toBe('end')
  })

  it('is told the end alone of a call that is over', async () => {
    const { call, follow, hangUp, id } = await openNode()
    hangUp()
    await call.session.ended
    for (const key of [CALL_SID, id]) {
      const { told } = await follow(key)
      expect(told).toMatchObject([{ type: 'end', call: { id, state: 'ended' } }])
    }
  })

  it('is told the end alone of a call that came to it while it was looked for', async () => {
    const { call, desk, hangUp } = await openNode()
    const followed = await desk.find(CALL_SID)
    hangUp()
    await call.session.ended
    const told: Progress[] = []
    followed?.follow((progress) => told.push(progress))
    expect(told).toMatchObject([{ type: 'end', call: { state: 'ended' } }])
  })

  it('is told of a call that only the records remember', async () => {
    const records = new MemoryRecords()
    const { call, follow, hangUp } = await openNode(records)
    hangUp()
    await call.session.ended
    vi.spyOn(records, 'find').mockReturnValue(undefined)
    vi.spyOn(records, 'read').mockResolvedValue(call.record())
    expect((await follow()).told).toMatchObject([{ type: 'end' }])
  })

  it('finds no call that nobody knows, nor one that a server which is gone has left open', async () => {
    const records = new MemoryRecords()
    const { call, desk } = await openNode(records)
    expect(await desk.find('call_bbbbbbbbbbbbbbbbbbbb')).toBeUndefined()
    const left: CallRecord = { ...call.record(), id: 'call_cccccccccccccccccccc' }
    vi.spyOn(records, 'read').mockResolvedValue(left)
    expect(await desk.find(left.id)).toBeUndefined()
  })
})

describe('where a chart stands', () => {
  it.each([
    ['idle', 'idle'],
    [{ connecting: 'ringing' }, 'connecting.ringing'],
    [{ connecting: { dialing: 'wanted' } }, 'connecting.dialing.wanted'],
    [
      { active: { floor: { speaking: 'over' }, stream: 'flowing' } },
      'active.floor.speaking.over active.stream.flowing',
    ],
    [{ active: { agent: {}, stream: 'flowing' } }, 'active.agent active.stream.flowing'],
  ])('is told as a path, of each region that runs: %j', (state, path) => {
    expect(pathOf(state)).toBe(path)
  })
})
