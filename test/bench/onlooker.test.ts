import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { benchEnvironment } from '../../src/bench/bench-account.ts'
import { CALLCHART } from '../../src/bench/contenders.ts'
import { Fleet } from '../../src/bench/load/fleet.ts'
import { Onlooker } from '../../src/bench/load/onlooker.ts'
import { loadLoadSpeech } from '../../src/bench/load/speech.ts'
import { echoAgent } from '../../src/bench/servers/bench-agents.ts'
import { noCarrier } from '../../src/bench/servers/callchart.ts'
import { loadConfig } from '../../src/config.ts'
import { MemoryRecords } from '../../src/records.ts'
import { createSwitchboard } from '../../src/switchboard.ts'

const SPEECH = join(import.meta.dirname, '../../src/examples/speech')

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** An inspector that shows two calls, of which the second is active, and answers `watch` with `answers`. */
async function inspector(answers: (watched: string, socket: WebSocket) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  closers.push(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  server.on('connection', (socket) => {
    const tell = (message: object) => socket.send(JSON.stringify(message))
    tell({ type: 'welcome', agents: [], agent: 'echo' })
    tell({
      type: 'calls',
      calls: [
        { id: 'over', state: 'ended' },
        { id: 'live', state: 'active' },
      ],
      gone: [],
    })
    socket.on('message', (data) => {
      const { watched } = JSON.parse((data as Buffer).toString()) as { watched: string }
      answers(watched, socket)
    })
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const onlooker = new Onlooker({ port, path: '/inspector/socket', token: 'a token' })
  return { onlooker, server }
}

const film = JSON.stringify({ type: 'film', watched: 'live', lines: [], isOver: false })
const pulse = JSON.stringify({ type: 'pulse', watched: 'live' })

function troubleOf(act: () => unknown): string {
  try {
    act()
    return 'none'
  } catch (error) {
    return String(error)
  }
}

describe('an onlooker', () => {
  it('sees an active call of a server of ours, which goes on', async () => {
    const switchboard = createSwitchboard({
      agents: { echo: echoAgent },
      carrier: noCarrier,
      records: new MemoryRecords(),
      config: loadConfig({ ...benchEnvironment('echo'), CALLCHART_LOG_LEVEL: 'silent' }),
    })
    closers.push(() => switchboard.close())
    const { port } = await switchboard.listen()
    const fleet = new Fleet({ ...CALLCHART.target, port }, await loadLoadSpeech(SPEECH))
    closers.push(() => fleet.close())
    await fleet.resize(2)
    await fleet.look()
    expect(await fleet.measure(300)).toMatchObject({ calls: 2, losses: 0 })
    const { messages, bytes } = fleet.lookAway()
    expect(bytes).toBeGreaterThan(messages)
  })

  it('watches a call that is active, and counts what comes after its film', async () => {
    const { onlooker } = await inspector((watched, socket) => {
      if (watched === 'live') for (const text of [film, pulse, pulse]) socket.send(text)
      socket.ping()
    })
    await onlooker.watch()
    await expect.poll(() => onlooker.seen).toEqual({ messages: 2, bytes: 2 * pulse.length })
    onlooker.leave()
  })

  it('is told why a call cannot be watched', async () => {
    const { onlooker } = await inspector((watched, socket) =>
      socket.send(JSON.stringify({ type: 'unknown', watched, detail: 'nothing is known of it' })),
    )
    await expect(onlooker.watch()).rejects.toThrow('nothing is known of it')
    expect(() => onlooker.seen).toThrow('nothing is known of it')
  })

  it('does not pass over that it was let go meanwhile', async () => {
    const { onlooker, server } = await inspector((_, socket) => socket.send(film))
    await onlooker.watch()
    for (const client of server.clients) client.terminate()
    await expect.poll(() => troubleOf(() => onlooker.seen)).toContain('expected to watch to the end')
  })

  it('has to be where an inspector is, and to have looked before it looks away', async () => {
    const fleet = new Fleet({ port: 9, path: '/ws', isEchoed: true }, await loadLoadSpeech(SPEECH))
    closers.push(() => fleet.close())
    await expect(fleet.look()).rejects.toThrow('expected a server with an inspector')
    expect(() => fleet.lookAway()).toThrow('expected somebody to look')
  })
})
