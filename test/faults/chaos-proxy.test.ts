import { Buffer } from 'node:buffer'
import { connect, createServer, type AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { resetAtOnce } from './chaos-connection.ts'
import { End, ENDED_BY_RESET, openRig, soon } from './chaos-rig.ts'

describe('a chaos proxy in good weather', () => {
  it('carries both ways what is said, at once, and the end of it', async () => {
    const { clock, client, server, connection } = await openRig()
    client.socket.write('GET /ws HTTP/1.1\r\nHost: a\r\n')
    await clock.advance(0)
    expect(server.text).toBe('GET /ws HTTP/1.1\r\nHost: a\r\n')
    expect(connection.opening).toBe('GET /ws HTTP/1.1')
    client.socket.end('bye')
    await clock.advance(0)
    expect(server.text.slice(-3)).toBe('bye')
    expect(server.ends).toEqual(['end'])
    server.socket.end('good bye')
    await soon(() => expect(client.ends).toEqual(['end', 'close']))
    expect(client.text).toBe('good bye')
    await connection.over
    expect(clock.now()).toBe(0)
  })

  it('carries megabytes whole', async () => {
    const { client, server, connection } = await openRig()
    const bytes = Buffer.alloc(5_000_000, 'abcdefghijk')
    client.socket.end(bytes)
    await soon(() => expect(server.ends).toEqual(['end']))
    expect(server.text === bytes.toString('latin1')).toBe(true)
    expect(connection.up.carriedBytes).toBe(bytes.length)
  })

  it('passes a reset on', async () => {
    const { client, server } = await openRig()
    client.socket.resetAndDestroy()
    await soon(() => expect(server.ends).toEqual(['ECONNRESET', 'close']))
  })

  it('resets whoever comes while it has no target, or its target nobody listens at', async () => {
    const { proxy, connectAgain } = await openRig()
    proxy.target = undefined
    const [first] = [await connectAgain()]
    await soon(() => expect(first.client.ends).toEqual(['ECONNRESET', 'close']))
    const gone = createServer()
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
    const { port } = gone.address() as AddressInfo
    await new Promise((resolve) => gone.close(resolve))
    proxy.target = `ws://127.0.0.1:${port}`
    const second = await connectAgain()
    await soon(() => expect(second.client.ends).toEqual(['ECONNRESET', 'close']))
  })
})

describe('latency', () => {
  it('keeps every byte for so long, each way by itself', async () => {
    const { clock, proxy, client, server } = await openRig()
    proxy.set({ up: { latencyMs: 100 }, down: { latencyMs: 30 } })
    client.socket.write('ping')
    await clock.advance(99)
    expect(server.text).toBe('')
    await clock.advance(1)
    expect(server.text).toBe('ping')
    server.socket.write('pong')
    await clock.advance(29)
    expect(client.text).toBe('')
    await clock.advance(1)
    expect(client.text).toBe('pong')
  })

  it('keeps the end of it just as long', async () => {
    const { clock, proxy, client, server } = await openRig()
    proxy.set({ up: { latencyMs: 100 } })
    client.socket.end('bye')
    await clock.advance(99)
    expect(server.ends).toEqual([])
    await clock.advance(1)
    expect(server.text).toBe('bye')
    expect(server.ends).toEqual(['end'])
  })

  it('may change while bytes are under way, which come in their order all the same', async () => {
    const { clock, proxy, client, server } = await openRig()
    proxy.set({ up: { latencyMs: 100 } })
    client.socket.write('a')
    await clock.advance(10)
    proxy.set({ up: { latencyMs: 0 } })
    client.socket.write('b')
    await clock.advance(89)
    expect(server.text).toBe('')
    await clock.advance(1)
    expect(server.text).toBe('ab')
  })

  it('strays by the jitter and no further, in an order that stays, and the same by the same seed', async () => {
    const arrivals = async (seed: number) => {
      const { clock, proxy, client, server } = await openRig({ seed })
      proxy.set({ up: { latencyMs: 300, jitterMs: 200 } })
      const sent: number[] = []
      const came: number[] = []
      server.socket.on('data', (bytes) => came.push(...Array.from(bytes, () => clock.now())))
      for (let index = 0; index < 30; index += 1) {
        sent.push(clock.now())
        client.socket.write(String.fromCharCode(65 + index))
        await clock.advance(20)
      }
      await clock.advance(500)
      expect(server.text).toBe(Array.from({ length: 30 }, (_, index) => String.fromCharCode(65 + index)).join(''))
      return came.map((at, index) => at - (sent[index] ?? 0))
    }
    const delays = await arrivals(7)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(100)
    expect(Math.max(...delays)).toBeLessThanOrEqual(500)
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(100)
    expect(await arrivals(7)).toEqual(delays)
    expect(await arrivals(8)).not.toEqual(delays)
  })
})

describe('a slow line', () => {
  it('carries so many bytes a second, and no more', async () => {
    const { clock, proxy, client, server } = await openRig()
    proxy.set({ up: { bytesPerSecond: 1_000 } })
    client.socket.write('x'.repeat(3_000))
    await clock.advance(1_000)
    expect(server.text).toHaveLength(1_000)
    await clock.advance(1_990)
    expect(server.text.length).toBeLessThan(3_000)
    await clock.advance(10)
    expect(server.text).toHaveLength(3_000)
    server.socket.write('y'.repeat(3_000))
    await clock.advance(0)
    expect(client.text).toHaveLength(3_000)
  })

  it('is as fast as it is told to be while bytes wait for it', async () => {
    const { clock, proxy, client, server } = await openRig()
    proxy.set({ up: { bytesPerSecond: 100 } })
    client.socket.write('x'.repeat(1_000))
    await clock.advance(1_000)
    expect(server.text).toHaveLength(100)
    proxy.set({ up: { bytesPerSecond: Number.POSITIVE_INFINITY } })
    await clock.advance(0)
    expect(server.text).toHaveLength(1_000)
  })

  it('is not read any further once a path is full, and its sender notices', async () => {
    const { clock, proxy, client, connection } = await openRig()
    proxy.set({ up: { bytesPerSecond: 2_000 } })
    client.socket.write(Buffer.alloc(20_000_000))
    await clock.advance(1_000)
    expect(connection.up.carriedBytes).toBe(2_000)
    // What the kernels of both ends hold is megabytes; the rest is with the sender.
    expect(client.socket.writableLength).toBeGreaterThan(1_000_000)
  })
})

describe('a stall', () => {
  it('keeps everything for so long, and loses nothing', async () => {
    const { clock, client, server, connection } = await openRig()
    connection.stall(2_000)
    client.socket.write('a')
    server.socket.write('b')
    await clock.advance(1_999)
    expect(server.text + client.text).toBe('')
    await clock.advance(1)
    expect(server.text + client.text).toBe('ab')
  })

  it('of one way leaves the other alone, and ends when it is told to', async () => {
    const { clock, client, server, connection } = await openRig()
    connection.down.stall()
    client.socket.write('a')
    server.socket.write('b')
    await clock.advance(60_000)
    expect(server.text).toBe('a')
    expect(client.text).toBe('')
    connection.down.resume()
    await clock.advance(0)
    expect(client.text).toBe('b')
  })

  it('of the whole network holds new connections too', async () => {
    const { clock, proxy, connectAgain } = await openRig()
    proxy.stall(500)
    const { client, server } = await connectAgain()
    client.socket.write('hello')
    await clock.advance(499)
    expect(server()?.text ?? '').toBe('')
    await clock.advance(1)
    await soon(() => expect(server()?.text).toBe('hello'))
  })
})

describe('a half-open connection', () => {
  it('swallows what is said and the end of it, and tells nobody', async () => {
    const { clock, client, server, connection } = await openRig()
    connection.swallow()
    client.socket.end('hello?')
    server.socket.write('anybody?')
    await clock.advance(60_000)
    expect([server.text, client.text]).toEqual(['', ''])
    expect([server.ends, client.ends]).toEqual([[], []])
    client.socket.resetAndDestroy()
    await clock.advance(1_000)
    expect(server.ends).toEqual([])
  })

  it('loses what is under way already', async () => {
    const { clock, proxy, client, server, connection } = await openRig()
    proxy.set({ up: { latencyMs: 100 } })
    client.socket.write('lost')
    await clock.advance(50)
    connection.up.swallow()
    await clock.advance(1_000)
    expect(server.text).toBe('')
    expect(clock.pending).toBe(0)
  })

  it('may be deaf one way only', async () => {
    const { clock, client, server, connection } = await openRig()
    connection.up.swallow()
    client.socket.write('hello?')
    server.socket.write('I am here')
    await clock.advance(0)
    expect(server.text).toBe('')
    expect(client.text).toBe('I am here')
  })

  it('is all that anybody gets from a network that swallows, until it goes on', async () => {
    const { clock, proxy, connectAgain } = await openRig()
    proxy.swallow()
    const deaf = await connectAgain()
    deaf.client.socket.write('hello?')
    await clock.advance(60_000)
    expect(deaf.server()?.text ?? '').toBe('')
    expect(deaf.client.ends).toEqual([])
    proxy.resume()
    const heard = await connectAgain()
    heard.client.socket.write('hello')
    await clock.advance(0)
    await soon(() => expect(heard.server()?.text).toBe('hello'))
  })
})

describe('the end of a connection', () => {
  it('by a reset is one for both, after what was said before', async () => {
    const { clock, client, server, connection } = await openRig()
    client.socket.write('last words')
    await clock.advance(0)
    connection.reset()
    await soon(() => expect([client.ends, server.ends]).toEqual([ENDED_BY_RESET, ENDED_BY_RESET]))
    expect(server.text).toBe('last words')
    await connection.over
    expect(connection.isOver).toBe(true)
  })

  it('by a close is an orderly one', async () => {
    const { client, server, connection } = await openRig()
    connection.close()
    await soon(() => expect([client.ends[0], server.ends[0]]).toEqual(['end', 'end']))
  })

  it.each(['reset', 'close', 'silence'] as const)(
    'in the middle of a message, by %s, comes after exactly so many bytes',
    async (ending) => {
      const { clock, client, server, connection } = await openRig()
      client.socket.write('0123')
      await clock.advance(0)
      connection.up.cutAfter(5, ending)
      client.socket.write('456')
      client.socket.write('789abc')
      await clock.advance(1_000)
      await soon(() => expect(server.ends.length > 0).toBe(ending !== 'silence'))
      expect(server.text).toBe('012345678')
      expect(server.ends.includes('ECONNRESET')).toBe(ending === 'reset')
    },
  )

  it('may come before another byte', async () => {
    const { client, server, connection } = await openRig()
    connection.down.cutAfter(0, 'reset')
    await soon(() => expect([client.ends, server.ends]).toEqual([ENDED_BY_RESET, ENDED_BY_RESET]))
  })

  it('by a reset is one, too, of a socket that is just saying goodbye', async () => {
    const { server } = await openRig()
    server.socket.end()
    await new Promise<void>((resolve) => process.nextTick(resolve))
    resetAtOnce(server.socket)
    await soon(() => expect(server.ends).toContain('close'))
  })

  it('of all of them leaves those that come afterwards alone, unless they are refused too', async () => {
    const { clock, proxy, client, connectAgain } = await openRig()
    proxy.reset()
    await soon(() => expect(client.ends).toEqual(ENDED_BY_RESET))
    const second = await connectAgain()
    second.client.socket.write('hello')
    await clock.advance(0)
    await soon(() => expect(second.server()?.text).toBe('hello'))
    proxy.refuse()
    const third = await connectAgain()
    await soon(() => expect([second.client.ends, third.client.ends]).toEqual([ENDED_BY_RESET, ENDED_BY_RESET]))
  })
})

describe('closing the proxy', () => {
  it('leaves no socket and no timer behind, whatever its connections were at', async () => {
    const { clock, proxy, client, server, connection, connectAgain } = await openRig()
    const [stalled, silent, slow] = [await connectAgain(), await connectAgain(), await connectAgain()]
    const [, second, third, fourth] = proxy.connections
    connection.set({ up: { latencyMs: 10_000 } })
    second?.stall(10_000)
    third?.swallow()
    fourth?.set({ up: { bytesPerSecond: 10 } })
    for (const each of [client, stalled.client, silent.client, slow.client]) each.socket.write('x'.repeat(1_000))
    await clock.advance(500)
    proxy.stall(10_000)
    proxy.stall(20_000)
    expect(clock.pending).toBeGreaterThan(2)
    const { port } = proxy
    await proxy.close()
    expect(clock.pending).toBe(0)
    expect(proxy.connections).toEqual([])
    await soon(() => expect([client, server].filter(({ ends }) => ends.length === 0)).toEqual([]))
    const late = new End(connect({ port, host: '127.0.0.1' }))
    await soon(() => expect(late.ends).toEqual(['ECONNREFUSED', 'close']))
  })
})
