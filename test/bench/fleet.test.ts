import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { Fleet } from '../../src/bench/load/fleet.ts'
import { loadLoadSpeech } from '../../src/bench/load/speech.ts'

const SPEECH = join(import.meta.dirname, '../../src/examples/speech')

interface Heard {
  readonly event: string
  readonly streamSid: string
  readonly media?: { readonly payload: string }
}

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server that says back what it hears, and a fleet against it. */
async function rig(answers: (heard: Heard) => object | undefined, isEchoed = true) {
  const heard: Heard[] = []
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) =>
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as Heard
      heard.push(message)
      const answer = answers(message)
      if (answer !== undefined) socket.send(JSON.stringify(answer))
    }),
  )
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const fleet = new Fleet({ port, path: '/ws', isEchoed }, await loadLoadSpeech(SPEECH))
  closers.push(() => {
    fleet.close()
    for (const client of server.clients) client.terminate()
    server.close()
  })
  return { fleet, heard, server }
}

function echoed({ event, streamSid, media }: Heard): object | undefined {
  return event === 'media' ? { event, streamSid, media: { payload: media?.payload } } : undefined
}

describe('a fleet of calls', () => {
  it('tells how long the echo takes, and that nothing was lost', async () => {
    const { fleet } = await rig(echoed)
    await fleet.resize(5)
    const figures = await fleet.measure(1_200)
    expect(figures).toMatchObject({ calls: 5, losses: 0, discarded: 0 })
    expect(figures.echoMs.count).toBeGreaterThanOrEqual(5)
    expect(figures.heardMs.p50).toBeGreaterThanOrEqual(figures.echoMs.p50)
    expect(figures.firstAudioMs.count).toBe(5)
    expect(figures.framesHeard).toBeGreaterThan(0)
  })

  it('pings a server that does not echo', async () => {
    const { fleet } = await rig(() => undefined, false)
    await fleet.resize(5)
    const figures = await fleet.measure(700)
    expect(figures.echoMs.count).toBeGreaterThanOrEqual(5)
    expect(figures).toMatchObject({ framesHeard: 0, heardMs: { count: 0 } })
  })

  it('greets as a carrier does, and says stop when it hangs up', async () => {
    const { fleet, heard } = await rig(echoed)
    await fleet.resize(1)
    await fleet.measure(100)
    await fleet.resize(0)
    await fleet.measure(100)
    const events = heard.map(({ event }) => event)
    expect(events.slice(0, 2)).toEqual(['connected', 'start'])
    expect(events.at(-1)).toBe('stop')
    expect(new Set(events.slice(2, -1))).toEqual(new Set(['media', 'dtmf']))
  })

  it('counts a server that says nothing for long as a gap at every caller', async () => {
    let isMute = false
    const { fleet } = await rig((message) => (isMute ? undefined : echoed(message)))
    await fleet.resize(3)
    await fleet.measure(200)
    isMute = true
    const figures = await fleet.measure(400)
    expect(figures.gaps).toBe(3)
    expect(figures.worstGapMs).toBeGreaterThan(40)
  })

  it('notices a call that the server drops', async () => {
    const { fleet, server } = await rig(echoed)
    await fleet.resize(2)
    const measuring = fleet.measure(200)
    for (const client of server.clients) client.terminate()
    expect(await measuring).toMatchObject({ calls: 0, losses: 2, firstLoss: expect.any(String) })
  })

  it('sets calls up and hangs each up at its first audio', async () => {
    const { fleet, heard } = await rig(echoed)
    const { count, perSecond } = await fleet.setUps(6, 2)
    expect(count).toBe(6)
    expect(perSecond).toBeGreaterThan(0)
    expect(heard.filter(({ event }) => event === 'start')).toHaveLength(6)
  })
})
