import { once } from 'node:events'
import { createServer, get, type IncomingMessage, request, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Router } from '@koa/router'
import Koa from 'koa'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { EventStream } from '../../src/http/event-stream.ts'
import { addEventsRoute, EventStreams } from '../../src/http/events-route.ts'
import { answerProblems } from '../../src/http/problem.ts'
import type {
  EdgeProgress,
  FollowedCall,
  Progress,
  ProgressDesk,
  ProgressListener,
  StateProgress,
} from '../../src/http/progress-desk.ts'
import { createLogger } from '../../src/log.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { API_TOKEN, CALL, problemOf } from './http-rig.ts'

const STANDING: StateProgress = {
  type: 'state',
  state: 'connecting',
  path: 'connecting.ringing',
  reason: null,
  at: '2026-11-25T10:00:00.000Z',
}
const EDGE: EdgeProgress = {
  type: 'edge',
  actor: null,
  event: 'leg.answered',
  from: 'carrier',
  fields: { callSid: 'CA1' },
  edges: ['call.connecting.ringing/leg.answered/0'],
  before: { connecting: 'ringing' },
  after: { connecting: 'awaitingStream' },
  at: '2026-11-25T10:00:01.000Z',
}
const END: Progress = { type: 'end', call: CALL }

/** A live call, or one that is over. */
class FakeCall implements FollowedCall {
  readonly listeners = new Set<ProgressListener>()
  readonly first: Progress

  constructor(first: Progress = STANDING) {
    this.first = first
  }

  follow(listener: ProgressListener): () => void {
    this.listeners.add(listener)
    listener(this.first)
    return () => this.listeners.delete(listener)
  }

  tell(progress: Progress): void {
    for (const listener of this.listeners) listener(progress)
  }
}

async function openEvents(call = new FakeCall()) {
  const clock = new VirtualClock()
  const streams = new EventStreams(clock)
  const lines: string[] = []
  const router = new Router()
  const find = vi.fn<ProgressDesk['find']>((key) => Promise.resolve(key === CALL.id ? call : undefined))
  addEventsRoute(router, { desk: { find }, streams, apiToken: API_TOKEN })
  const app = new Koa()
  app.on('error', () => {})
  app.use(answerProblems(createLogger('trace', { write: (line) => lines.push(line) })))
  app.use(router.routes())
  const handle = app.callback()
  const server = createServer((incoming, response) => void handle(incoming, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
    // What ended well has left nothing behind, and no answer was an accident.
    expect({ size: streams.size, listeners: call.listeners.size, timers: clock.pending }).toEqual({
      size: 0,
      listeners: 0,
      timers: 0,
    })
    expect(lines).toEqual([])
  })
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const options = { port, path: `/calls/${CALL.id}/events`, agent: false, headers: authorized() }

  return {
    call,
    clock,
    find,
    port,
    streams,
    url: `http://127.0.0.1:${port}`,
    read: (headers: Readonly<Record<string, string>> = {}) => Reader.open({ ...options, headers: authorized(headers) }),
    head: () =>
      new Promise<IncomingMessage>((resolve, reject) => {
        request({ ...options, method: 'HEAD' }, resolve)
          .on('error', reject)
          .end()
      }),
  }
}

function authorized(headers: Readonly<Record<string, string>> = {}) {
  return { authorization: `Bearer ${API_TOKEN}`, ...headers }
}

class Reader {
  readonly response: IncomingMessage
  readonly ended: Promise<unknown>
  text = ''

  private constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8').on('data', (text: string) => (this.text += text))
    response.on('error', () => {})
    this.ended = new Promise((resolve) => response.once('close', resolve))
  }

  static open(options: RequestOptions): Promise<Reader> {
    return new Promise((resolve, reject) => {
      get(options, (response) => resolve(new Reader(response))).on('error', reject)
    })
  }

  /** Waits for what must come. */
  async has(text: string): Promise<void> {
    const look = () => {
      if (!this.text.includes(text)) throw new Error(`expected ${text} to be told, got ${this.text.slice(-200)}`)
    }
    await vi.waitFor(look, { timeout: 10_000, interval: 5 })
  }

  get events() {
    const blocks = this.text.split('\n\n').filter((block) => block.startsWith('event:'))
    return blocks.map((block) => {
      const [, event = '', id = '', data = ''] = /^event: (.*)\nid: (.*)\ndata: (.*)$/.exec(block) ?? []
      return { event, id, data: JSON.parse(data) as unknown }
    })
  }
}

describe('GET /calls/:id/events', () => {
  it('tells where the call stands, what happens, and its end, and is over then', async () => {
    const { call, read } = await openEvents()
    const reader = await read()
    await reader.has('connecting.ringing')
    call.tell(EDGE)
    call.tell(END)
    await reader.ended
    expect(reader.response.complete).toBe(true)
    expect(reader.text).toMatch(/^retry: 1000\n\nevent: state\nid: 1\ndata: \{/)
    const [{ type: _, ...state }, { type: __, ...edge }] = [STANDING, EDGE]
    expect(reader.events).toEqual([
      { event: 'state', id: '1', data: state },
      { event: 'edge', id: '2', data: edge },
      { event: 'end', id: '3', data: CALL },
    ])
  })

  it('says that it is a stream, and that nobody on the way may keep it', async () => {
    const { call, read } = await openEvents()
    const { response } = await read()
    expect(response.statusCode).toBe(200)
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      connection: 'close',
    })
    call.tell(END)
  })

  it('tells one end of a call that is over', async () => {
    const { read } = await openEvents(new FakeCall(END))
    const reader = await read()
    await reader.ended
    expect(reader.events).toEqual([{ event: 'end', id: '1', data: CALL }])
  })

  it('goes on with the count of a reader that comes again', async () => {
    const { call, read } = await openEvents()
    const reader = await read({ 'last-event-id': '41' })
    await reader.has('id: 42\n')
    call.tell(END)
    await reader.ended
    expect(reader.events.map(({ event, id }) => [event, id])).toEqual([
      ['state', '42'],
      ['end', '43'],
    ])
  })

  it.each(['-1', 'x', '1e3', '9'.repeat(40)])(
    'begins at 1 for the last id %s, which is none of its own',
    async (id) => {
      const { call, read } = await openEvents()
      const reader = await read({ 'last-event-id': id })
      await reader.has('id: 1\n')
      call.tell(END)
      await reader.ended
      expect(reader.events.map((event) => event.id)).toEqual(['1', '2'])
    },
  )

  it('says every 15 s that the call goes on, and nothing more after its end', async () => {
    const { call, clock, read } = await openEvents()
    const reader = await read()
    await reader.has('connecting.ringing')
    const beats = () => reader.text.split(': the call goes on\n\n').length - 1
    await clock.advance(14_999)
    expect(beats()).toBe(0)
    await clock.advance(1)
    await vi.waitFor(() => expect(beats()).toBe(1))
    await clock.advance(15_000)
    await vi.waitFor(() => expect(beats()).toBe(2))
    call.tell(END)
    await reader.ended
    await clock.advance(60_000)
    expect(beats()).toBe(2)
  })

  it('answers 404 to a call that nobody knows', async () => {
    const { url } = await openEvents()
    const response = await fetch(`${url}/calls/call_b/events`, { headers: authorized() })
    expect(response.status).toBe(404)
    expect(await problemOf(response)).toMatchObject({ code: 'CALL_UNKNOWN' })
  })

  it('answers 401 to whoever has no token, and looks for no call', async () => {
    const { find, url } = await openEvents()
    expect((await fetch(`${url}/calls/${CALL.id}/events`)).status).toBe(401)
    expect(find).not.toHaveBeenCalled()
  })

  it('lets go of everything when the reader goes away', async () => {
    const { call, clock, read, streams } = await openEvents()
    const [leaving, staying] = [await read(), await read()]
    await leaving.has('connecting.ringing')
    leaving.response.destroy()
    await vi.waitFor(() => expect(call.listeners.size).toBe(1))
    expect({ size: streams.size, timers: clock.pending }).toEqual({ size: 1, timers: 1 })
    call.tell(EDGE)
    await staying.has('leg.answered')
    call.tell(END)
    await staying.ended
  })

  it('drops a reader that does not read, and no other', async () => {
    const { call, port, read } = await openEvents()
    const reader = await read()
    const socket = connect(port, '127.0.0.1')
    const lost = once(socket, 'close')
    socket.on('error', () => {})
    socket.write(`GET /calls/${CALL.id}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${API_TOKEN}\r\n\r\n`)
    socket.pause()
    await vi.waitFor(() => expect(call.listeners.size).toBe(2))
    const big: Progress = { ...EDGE, fields: { padding: 'x'.repeat(200 * 1024) } }
    // However much the system keeps for a socket that nobody reads, it is less than this.
    for (let told = 0; told < 300 && call.listeners.size > 1; told += 1) {
      call.tell(big)
      await reader.has(`id: ${told + 2}\n`)
      await nextTurn()
    }
    expect(call.listeners.size).toBe(1)
    socket.resume()
    await lost
    call.tell(END)
    await reader.ended
    expect(reader.events.at(-1)).toMatchObject({ event: 'end' })
  })

  it('has room for a hundred readers, and again for one when one has gone', async () => {
    const { call, read, streams, url } = await openEvents()
    const readers = await Promise.all(Array.from({ length: 100 }, () => read()))
    const refused = await fetch(`${url}/calls/${CALL.id}/events`, { headers: authorized() })
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('5')
    expect(await problemOf(refused)).toMatchObject({
      code: 'EVENT_STREAMS_FULL',
      detail: 'expected at most 100 readers of events at once, got one more',
    })
    readers[0]?.response.destroy()
    await vi.waitFor(() => expect(streams.size).toBe(99))
    expect((await read()).response.statusCode).toBe(200)
    call.tell(END)
    await Promise.all(readers.map(({ ended }) => ended))
  })

  it('answers HEAD without following anything', async () => {
    const { head, streams } = await openEvents()
    const response = await head()
    expect(response.headers['content-type']).toBe('text/event-stream')
    await vi.waitFor(() => expect(streams.size).toBe(0))
  })

  it('ends for every reader when the server stops', async () => {
    const { call, read, streams } = await openEvents()
    const readers = [await read(), await read()]
    streams.close()
    await Promise.all(readers.map(({ ended }) => ended))
    expect(readers.map(({ response }) => response.complete)).toEqual([true, true])
    expect(call.listeners.size).toBe(0)
    expect(readers[0]?.events.map(({ event }) => event)).toEqual(['state'])
  })
})

describe('a stream of events', () => {
  function openStream(unsentBytes = 0) {
    const [clock, call] = [new VirtualClock(), new FakeCall()]
    const stream = new EventStream({ clock, call, lastId: 0, unsentBytes: () => unsentBytes })
    return { clock, call, body: stream.body }
  }

  const telling = (bytes: number): Progress => ({ ...EDGE, fields: { padding: 'x'.repeat(bytes) } })

  it('keeps 256 KiB for whoever reads late, and is closed to whoever leaves more', async () => {
    const { call, body, clock } = openStream()
    call.tell(telling(250 * 1024))
    call.tell(telling(10 * 1024))
    expect({ isOpen: !body.destroyed, listeners: call.listeners.size }).toEqual({ isOpen: true, listeners: 1 })
    call.tell(EDGE)
    await nextTurn()
    expect({ isOpen: !body.destroyed, listeners: call.listeners.size, timers: clock.pending }).toEqual({
      isOpen: false,
      listeners: 0,
      timers: 0,
    })
  })

  it('counts what the network has not taken', async () => {
    const { call, body } = openStream(256 * 1024)
    await nextTurn()
    expect({ isOpen: !body.destroyed, listeners: call.listeners.size }).toEqual({ isOpen: false, listeners: 0 })
  })

  it('waits 15 s after its end for a reader to take what is left', async () => {
    const { call, body, clock } = openStream()
    call.tell(END)
    expect(call.listeners.size).toBe(0)
    await clock.advance(14_999)
    expect(body.destroyed).toBe(false)
    await clock.advance(1)
    expect(body.destroyed).toBe(true)
    await nextTurn()
    expect(clock.pending).toBe(0)
  })
})
