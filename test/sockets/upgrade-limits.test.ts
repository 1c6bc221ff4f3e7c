import { setTimeout as passed } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { createLogger } from '../../src/log.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { MediaEndpoint, type MediaEndpointOptions } from '../../src/sockets/media-endpoint.ts'
import { type NoPlace, UpgradeLimits, type WaitingPlace } from '../../src/sockets/upgrade-limits.ts'
import { signUpgrade } from '../../src/twilio/signature.ts'
import { CONNECTED, START } from '../twilio/wire-messages.ts'
import {
  AUTH_TOKEN,
  closeOf,
  eventually,
  media,
  NotedStream,
  PUBLIC_URL,
  say,
  settled,
  STREAM_URL,
} from './socket-rig.ts'
import { opened, openUpgrades } from './upgrade-rig.ts'

const SIGNED = { 'x-twilio-signature': signUpgrade({ url: STREAM_URL, token: AUTH_TOKEN }) }

/** The endpoint on a real server; a start without a token is turned away. */
async function openEndpoint(limits?: MediaEndpointOptions['limits']) {
  const clock = new VirtualClock()
  const streams: NotedStream[] = []
  const lines: string[] = []
  const endpoint = new MediaEndpoint({
    publicUrl: PUBLIC_URL,
    tokens: [AUTH_TOKEN],
    clock,
    logger: createLogger('warn', { write: (line) => lines.push(line) }),
    desk: {
      async admit(start, port) {
        if (start.customParameters['token'] === 'none') return undefined
        const stream = new NotedStream(start, port)
        streams.push(stream)
        return stream
      },
    },
    ...(limits === undefined ? {} : { limits }),
  })
  const rig = await openUpgrades({ upgrade: endpoint.upgrade, endpoint, clock })
  return {
    ...rig,
    clock,
    endpoint,
    lines,
    streams,
    /** Resolves with an open socket, or with the status of the refusal. */
    knock: (localAddress = '127.0.0.1', headers = SIGNED) => rig.connect('/ws', { headers, localAddress }),
  }
}

type Outcome = WebSocket | number

const statuses = (outcomes: readonly Outcome[]) =>
  outcomes.map((outcome) => (typeof outcome === 'number' ? outcome : 101)).toSorted((a, b) => a - b)

describe('sockets that wait for their start', () => {
  it('are let in up to the limit of their address, and one more is answered with 503', async () => {
    const rig = await openEndpoint({ waitingPerAddress: 3, waitingInAll: 5 })
    expect(statuses(await Promise.all([1, 2, 3, 4].map(() => rig.knock())))).toEqual([101, 101, 101, 503])
    // Another address has a limit of its own, until there are too many in all.
    expect(statuses(await Promise.all([1, 2, 3].map(() => rig.knock('127.0.0.2'))))).toEqual([101, 101, 503])
    expect(rig.lines).toHaveLength(2)
  })

  it('are told when to come again', async () => {
    const rig = await openEndpoint({ waitingPerAddress: 0 })
    const peer = rig.raw({ headers: SIGNED })
    await eventually(() => expect(peer.status).toBe(503))
    expect(peer.answer).toMatch(/^Retry-After: 1$/m)
    await eventually(async () => expect(await rig.openConnections()).toBe(0))
  })

  it('wait no longer once their call is found, and live on without a place', async () => {
    const rig = await openEndpoint({ waitingPerAddress: 2 })
    for (let count = 1; count <= 6; count += 1) {
      const client = opened(await rig.knock())
      say(client, CONNECTED, START)
      await eventually(() => expect(rig.streams).toHaveLength(count))
    }
    expect(rig.endpoint.connections).toBe(6)
  })

  it('keep their places for a second after they have gone or were turned away', async () => {
    const rig = await openEndpoint({ waitingPerAddress: 2 })
    const [gone, refused] = [opened(await rig.knock()), opened(await rig.knock())]
    const closed = closeOf(refused)
    gone.terminate()
    say(refused, CONNECTED, { ...START, start: { ...START.start, customParameters: { token: 'none' } } })
    expect(await closed).toMatchObject({ code: 1008 })
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    expect(await rig.knock()).toBe(503)
    await rig.clock.advance(1_000)
    expect(statuses(await Promise.all([1, 2, 3].map(() => rig.knock())))).toEqual([101, 101, 503])
  })

  it('have their places back when they are dropped for their silence', async () => {
    const rig = await openEndpoint({ waitingPerAddress: 1 })
    const closed = closeOf(opened(await rig.knock()))
    await rig.clock.advance(5_000)
    expect(await closed).toMatchObject({ code: 1008 })
    await eventually(() => expect(rig.endpoint.connections).toBe(0))
    await rig.clock.advance(1_000)
    expect(await rig.knock()).not.toBeTypeOf('number')
  })

  it('lose no place to what was no handshake, nor to what was not signed', async () => {
    const rig = await openEndpoint({ waitingPerAddress: 1 })
    for (let count = 0; count < 5; count += 1) {
      expect(await rig.knock('127.0.0.1', { 'x-twilio-signature': 'wrong' })).toBe(403)
    }
    const peer = rig.raw({ headers: { ...SIGNED, 'Sec-WebSocket-Key': 'short' } })
    await eventually(() => expect(peer.status).toBe(400))
    peer.socket.destroy()
    await eventually(async () => expect(await rig.openConnections()).toBe(0))
    await rig.clock.advance(1_000)
    expect(await rig.knock()).not.toBeTypeOf('number')
  })
})

describe('five hundred upgrades in a second', () => {
  it('from one address that have a call each are all served', async () => {
    const rig = await openEndpoint()
    const calls = Array.from({ length: 500 }, async (_, index) => {
      await passed(index * 2)
      const client = opened(await rig.knock())
      say(client, CONNECTED, START)
    })
    await Promise.all(calls)
    await eventually(() => expect(rig.streams).toHaveLength(500))
  })

  it('of which a hundred come at once are served as well', async () => {
    const rig = await openEndpoint()
    const clients = await Promise.all(Array.from({ length: 100 }, () => rig.knock()))
    expect(statuses(clients)).toEqual(Array(100).fill(101))
  })

  it('that say nothing are served or answered with 503, and a call that goes on hears every frame', async () => {
    const rig = await openEndpoint()
    const caller = opened(await rig.knock())
    say(caller, CONNECTED, START)
    await eventually(() => expect(rig.streams).toHaveLength(1))
    const flood = Promise.all(
      Array.from({ length: 500 }, async (_, index) => {
        await passed(index * 2)
        return rig.knock('127.0.0.1')
      }),
    )
    for (let chunk = 1; chunk <= 50; chunk += 1) {
      say(caller, media(chunk))
      await passed(20)
    }
    const outcomes = statuses(await flood)
    expect(outcomes.filter((status) => status === 101)).toHaveLength(200)
    expect(outcomes.filter((status) => status === 503)).toHaveLength(300)
    await settled(caller)
    const frames = Array.from({ length: 50 }, (_, index) => `media ${index + 1}`)
    expect(rig.streams[0]?.heard).toEqual(frames)
    // Whoever says nothing is gone after five seconds, and those who come then are served.
    await rig.clock.advance(5_000)
    await eventually(() => expect(rig.endpoint.connections).toBe(1))
    await rig.clock.advance(1_000)
    expect(await rig.knock()).not.toBeTypeOf('number')
  })
})

describe('the places', () => {
  const taken = (place: WaitingPlace | NoPlace): WaitingPlace => {
    if ('refused' in place) throw new Error(place.refused)
    return place
  }
  const limitsOf = (waitingPerAddress: number, waitingInAll = 100) => {
    const clock = new VirtualClock()
    return { clock, limits: new UpgradeLimits({ clock, waitingPerAddress, waitingInAll }) }
  }

  it('say which limit it was', () => {
    const { limits } = limitsOf(1, 2)
    taken(limits.take('192.0.2.1'))
    expect(limits.take('192.0.2.1')).toMatchObject({
      refused: expect.stringContaining('at most 1 sockets of one address'),
    })
    taken(limits.take('192.0.2.2'))
    expect(limits.take('192.0.2.3')).toMatchObject({ refused: expect.stringContaining('at most 2 sockets in all') })
  })

  it.each([
    ['192.0.2.1', '::ffff:192.0.2.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2:a:b:c:d'],
    ['2001:db8::1', '2001:db8:0:0:1::'],
    ['::1', '::2'],
    [undefined, undefined],
  ])('of %s and %s are one', (one, other) => {
    const { limits } = limitsOf(1)
    taken(limits.take(one))
    expect(limits.take(other)).toHaveProperty('refused')
  })

  it.each([
    ['192.0.2.1', '192.0.2.2'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.2'],
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['2001:db8::1', '2001:db8:0:1::1'],
  ])('of %s and %s are two', (one, other) => {
    const { limits } = limitsOf(1)
    taken(limits.take(one))
    expect(limits.take(other)).not.toHaveProperty('refused')
  })

  it('are never more than the limits, and all free a second after everybody has gone (property)', async () => {
    const steps = fc.array(
      fc.record({
        address: fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3'),
        end: fc.constantFrom('admitted', 'closed', 'both', 'none'),
        passes: fc.integer({ min: 0, max: 600 }),
      }),
      { maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(steps, async (taking) => {
        const { clock, limits } = limitsOf(4, 9)
        const waiting: { readonly address: string; readonly place: WaitingPlace }[] = []
        for (const { address, end, passes } of taking) {
          const place = limits.take(address)
          if ('refused' in place) continue
          expect(waiting.filter((each) => each.address === address).length).toBeLessThan(4)
          expect(waiting.length).toBeLessThan(9)
          if (end === 'none') waiting.push({ address, place })
          if (end === 'admitted' || end === 'both') place.admitted()
          if (end === 'closed' || end === 'both') place.closed()
          await clock.advance(passes)
        }
        expect(limits.waiting).toBeGreaterThanOrEqual(waiting.length)
        for (const { place } of waiting) place.closed()
        await clock.advance(1_000)
        expect(limits.waiting).toBe(0)
      }),
      { numRuns: 200 },
    )
  })
})
