import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Connection, type Socket } from '../../../src/inspector/page/connection.ts'

class FakeSocket implements Socket {
  readonly sent: string[] = []
  readonly #listeners = new Map<string, (event: object) => void>()

  send(text: string): void {
    this.sent.push(text)
  }

  close(): void {}

  addEventListener(type: string, listener: (event: object) => void): void {
    this.#listeners.set(type, listener)
  }

  fire(type: string, event: object = {}): void {
    this.#listeners.get(type)?.(event)
  }
}

function connect() {
  const sockets: FakeSocket[] = []
  const heard: unknown[] = []
  let refusals = 0
  const connection = new Connection({
    open: () => {
      sockets.push(new FakeSocket())
      return sockets.at(-1)!
    },
    onMessage: (message) => heard.push(message),
    onState: (state, why) => heard.push(why === undefined ? state : `${state}: ${why}`),
    onRefused: () => (refusals += 1),
  })
  return { connection, sockets, heard, refusals: () => refusals }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const WATCH = JSON.stringify({ type: 'watch', watched: 'call_a' })

describe('the connection to the server', () => {
  it('asks for what is watched as soon as it is open, and again whenever it is open again', () => {
    const { connection, sockets } = connect()
    connection.watch('call_a')
    expect(sockets[0]?.sent).toEqual([])
    sockets[0]?.fire('open')
    sockets[0]?.fire('close', { code: 1006 })
    vi.advanceTimersByTime(250)
    sockets[1]?.fire('open')
    expect(sockets.map(({ sent }) => sent)).toEqual([[WATCH], [WATCH]])
  })

  it('hands on what the server says', () => {
    const { sockets, heard } = connect()
    sockets[0]?.fire('open')
    sockets[0]?.fire('message', { data: '{"type":"welcome","agents":[],"agent":"echo"}' })
    expect(heard).toEqual(['connecting', 'open', { type: 'welcome', agents: [], agent: 'echo' }])
  })

  it('waits longer each time that it finds nobody, five seconds at most', () => {
    const { sockets } = connect()
    const waits: number[] = []
    for (let attempt = 0; attempt < 7; attempt += 1) {
      sockets.at(-1)?.fire('close', { code: 1006 })
      const count = sockets.length
      let waited = 0
      for (; sockets.length === count; waited += 250) vi.advanceTimersByTime(250)
      waits.push(waited)
    }
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000])
  })

  it('begins with a short wait again once the server has said something', () => {
    const { sockets } = connect()
    sockets[0]?.fire('close', { code: 1006 })
    vi.advanceTimersByTime(250)
    sockets[1]?.fire('open')
    sockets[1]?.fire('message', { data: '{"type":"calls","calls":[],"gone":[]}' })
    sockets[1]?.fire('close', { code: 1006 })
    vi.advanceTimersByTime(250)
    expect(sockets).toHaveLength(3)
  })

  it('says so when the server found the page too slow', () => {
    const { sockets, heard } = connect()
    sockets[0]?.fire('open')
    sockets[0]?.fire('close', { code: 1013 })
    expect(heard.at(-1)).toBe('reconnecting: this page was too slow to follow')
  })

  it('tells a refusal from a loss', () => {
    const { sockets, refusals } = connect()
    sockets[0]?.fire('open')
    sockets[0]?.fire('close', { code: 1006 })
    expect(refusals()).toBe(0)
    vi.advanceTimersByTime(250)
    sockets[1]?.fire('close', { code: 1006 })
    expect(refusals()).toBe(1)
  })
})
