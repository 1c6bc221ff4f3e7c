import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import type { Agent } from '../../src/agents/agent.ts'
import type { InspectorMessage } from '../../src/inspector/wire.ts'
import { createFileRecorder } from '../../src/recording/file-recorder.ts'
import { readRecording } from '../../src/recording/recording.ts'
import { pino } from 'pino'
import { temporaryFolder } from '../cli/program.ts'
import { holdingAgent, openStage, type Stage } from './stage.ts'

/** Somebody who looks, over a real socket. */
class Watcher {
  readonly texts: string[] = []
  readonly #socket: WebSocket
  readonly #stage: Stage

  constructor(stage: Stage) {
    this.#stage = stage
    const headers = { authorization: `Bearer ${stage.apiToken}` }
    this.#socket = new WebSocket(`${stage.url.replace('http', 'ws')}/inspector/socket`, { headers })
    this.#socket.on('message', (data: Buffer) => this.texts.push(data.toString()))
    open.add(this.#socket)
  }

  static async at(stage: Stage): Promise<Watcher> {
    const watcher = new Watcher(stage)
    await watcher.until(() => watcher.of('welcome').length > 0)
    return watcher
  }

  of<Type extends InspectorMessage['type']>(type: Type) {
    const messages = this.texts.map((text) => JSON.parse(text) as InspectorMessage)
    return messages.filter((message): message is Extract<InspectorMessage, { type: Type }> => message.type === type)
  }

  watch(watched: string): void {
    this.#socket.send(JSON.stringify({ type: 'watch', watched }))
  }

  /** Every line of one call, as the page would have them. */
  lines(watched: string) {
    const film = this.of('film').findLast((message) => message.watched === watched)
    const later = this.of('lines').filter((message) => message.watched === watched)
    return [...(film?.lines ?? []), ...later.flatMap(({ lines }) => lines)]
  }

  until(predicate: () => boolean): Promise<void> {
    return this.#stage.carrier.until(predicate, { what: 'the viewer to be told', timeoutMs: 20_000 })
  }
}

const open = new Set<WebSocket>()

afterEach(() => {
  for (const socket of open) socket.terminate()
  open.clear()
})

/** The names of the top-level states, in the order in which the call was in them. */
function statesOf(watcher: Watcher, id: string): string[] {
  const states = watcher
    .lines(id)
    .flatMap((line) => (line.what === 'transition' && line.actor === undefined ? [line.before, line.after] : []))
    .map((state) => (typeof state === 'string' ? state : (Object.keys(state)[0] ?? '')))
  return states.filter((state, at) => state !== states[at - 1])
}

describe('whoever looks at a server', () => {
  it('sees an inbound call from idle to its end, and who told whom', async () => {
    await using stage = await openStage()
    const watcher = await Watcher.at(stage)
    const { caller, call } = await stage.caller()
    const { id } = stage.view(call.sid)
    await watcher.until(() => watcher.of('calls').some(({ calls }) => calls.some((row) => row.id === id)))
    watcher.watch(id)
    await watcher.until(() => watcher.of('pulse').length > 1)
    await caller.says(new Int16Array(8_000).map((_, at) => 8_000 * Math.sin(at / 3)))
    await watcher.until(() => watcher.of('pulse').some(({ pulse }) => (pulse.meters?.levelInDbfs ?? -99) > -20))
    await caller.hangsUp()
    await stage.over(call.sid)
    await watcher.until(() => watcher.lines(id).some(({ what }) => what === 'end'))

    expect(statesOf(watcher, id)).toEqual(['idle', 'connecting', 'active', 'stopping', 'ended'])
    const told = watcher.lines(id).flatMap((line) => (line.what === 'transition' ? [`${line.from} ${line.event}`] : []))
    expect(told).toEqual(
      expect.arrayContaining([
        'node call.connect',
        'carrier stream.started',
        'inbound speech.started',
        'outbound playback.started',
        'carrier stream.stopped',
        'release xstate.done.actor.release',
      ]),
    )
    expect(watcher.lines(id)).toContainEqual(
      expect.objectContaining({ what: 'webhook', route: 'voice', twiml: 'Connect' }),
    )
    const { meters, children, timers } = watcher.of('pulse').findLast(({ pulse }) => pulse.meters)?.pulse ?? {}
    expect(meters?.framesIn).toBeGreaterThan(20)
    expect(children?.map(({ id: child }) => child).toSorted()).toEqual(['agent', 'inbound', 'outbound'])
    expect(timers).toMatchObject([{ edge: 'call.active/xstate.after.timeLimit.call.active/0', ofMs: 3_600_000 }])
  })

  it('sees an outbound call ask the carrier, ring and be answered, and its command as a chart of its own', async () => {
    await using stage = await openStage()
    const watcher = await Watcher.at(stage)
    const callee = stage.carrier.callee('+15552220001', { answersAfterMs: 300 })
    const { body } = await stage.api('POST', '/calls', { to: '+15552220001' })
    const id = String(body['id'])
    watcher.watch(id)
    await stage.carrier.until(() => stage.carrier.calls[0]?.isStreaming === true)
    await callee.hangsUp()
    await stage.over(String(body['callSid']))
    await watcher.until(() => watcher.lines(id).some(({ what }) => what === 'end'))
    expect(statesOf(watcher, id)).toEqual(['idle', 'connecting', 'active', 'stopping', 'ended'])
    const lines = watcher.lines(id)
    expect(lines).toContainEqual(expect.objectContaining({ what: 'rest', command: 'placeCall', outcome: 'done' }))
    expect(lines).toContainEqual(expect.objectContaining({ what: 'child', id: 'placeCall', src: 'carrier' }))
    expect(lines).toContainEqual(expect.objectContaining({ actor: 'placeCall', before: 'sending', after: 'done' }))
  })

  it('sees the node fill and empty', async () => {
    await using stage = await openStage({ env: { CALLCHART_MAX_CALLS: '1' } })
    const watcher = await Watcher.at(stage)
    watcher.watch('node')
    const { caller, call } = await stage.caller()
    await watcher.until(() => watcher.of('node').some(({ node }) => node.live === 1))
    expect(watcher.of('node').at(-1)?.node).toEqual({ state: { accepting: 'full' }, live: 1, maxCalls: 1 })
    await caller.hangsUp()
    await stage.over(call.sid)
    await watcher.until(() => watcher.of('node').at(-1)?.node.live === 0)
    const events = watcher.lines('node').flatMap((line) => (line.what === 'transition' ? [line.event] : []))
    // One that fills the node makes the chart go on by itself, too.
    expect([...new Set(events)]).toEqual(['call.admitted', 'call.released'])
  })

  it('is told nothing that was said, keyed, handed in, or that opens a door', async () => {
    await using folder = await temporaryFolder()
    const recorder = createFileRecorder({ folder: folder.path, logger: pino({ level: 'silent' }) })
    const secret: Agent = async (call) => {
      call.play(new Int16Array(3_200).fill(1_234))
      for await (const digit of call.digits()) if (digit === '#') throw new Error('no answer at +15557654321')
    }
    await using stage = await openStage({ agents: { secret }, recorder })
    const watcher = await Watcher.at(stage)
    const callee = stage.carrier.callee('+15552220001', { answersAfterMs: 0 })
    const { body } = await stage.api('POST', '/calls', {
      to: '+15552220001',
      agent: 'secret',
      parameters: { pin: 'canary-parameter' },
    })
    const id = String(body['id'])
    watcher.watch(id)
    await stage.carrier.until(() => stage.carrier.calls[0]?.isStreaming === true)
    await callee.says(new Int16Array(1_600).fill(2_345))
    await callee.presses('4711#')
    await stage.over(String(body['callSid']))
    await watcher.until(() => watcher.lines(id).some(({ what }) => what === 'end'))
    const download = await stage.meanwhile(
      fetch(`${stage.url}/inspector/calls/${id}/recording`, {
        headers: { authorization: `Bearer ${stage.apiToken}` },
      }).then((answer) => answer.text()),
    )
    const { call, lines } = readRecording(download)
    expect(call).toMatchObject({ id, audio: false, numbers: false })
    expect(lines.length).toBeGreaterThan(10)
    // What is looked for is there to be found: the recorder's own file has audio and keys in it.
    await vi.waitFor(async () => {
      expect(await readFile(`${folder.path}/${id}.jsonl`, 'utf8')).toMatch(/"payload":"[\w+/=]{100,}"[^]*"digit":"4"/)
    })
    const { authToken } = stage.carrier
    for (const text of [...watcher.texts, download]) {
      expect(text).not.toMatch(/payload|"digit"|canary|7654321|token|[\w+/]{100}/i)
      expect(text).not.toContain(authToken)
      expect(text).not.toContain(stage.apiToken)
    }
  })

  it('costs the calls nothing: all keep their pace while one is watched, and nobody is left observing', async () => {
    const { agent } = holdingAgent()
    const speaking: Agent = async (call) => {
      call.play(new Int16Array(16_000 * 30).fill(3_000))
      await agent(call)
    }
    await using stage = await openStage({ agents: { speaking }, agent: 'speaking' })
    const watcher = await Watcher.at(stage)
    const callers = []
    for (let count = 0; count < 5; count += 1) callers.push(await stage.caller(`+1555111000${count}`))
    watcher.watch(stage.view(callers[0]?.call.sid ?? '').id)
    await stage.clock.advance(5_000)
    for (const { call } of callers) {
      const { stats } = stage.view(call.sid)
      expect(stats).toMatchObject({ underruns: 0 })
      expect(stats['worstSendGapMs']).toBeLessThanOrEqual(60)
    }
    const beats = watcher.of('pulse').length
    expect(beats).toBeGreaterThanOrEqual(10)
    for (const { caller } of callers) await caller.hangsUp()
    for (const { call } of callers) await stage.over(call.sid)
  })
})
