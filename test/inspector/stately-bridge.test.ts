import { pino } from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { callMachine, carrierCommandMachine, carrierRecordingMachine, transferMachine } from '../../machines/index.ts'
import { systemClock } from '../../src/clock.ts'
import { inspectorAt } from '../../src/inspector/stately-address.ts'
import {
  type InspectorSocket,
  type InspectorSocketEvents,
  openStatelyBridge,
} from '../../src/inspector/stately-bridge.ts'
import { createLogger } from '../../src/log.ts'
import type { CallRecorder, Happening } from '../../src/recorder.ts'
import { OutgoingSocket } from '../../src/sockets/outgoing-socket.ts'
import { FACTS } from '../recording/lines.ts'
import { InspectorListener } from './inspector-listener.ts'

const CALL = FACTS.id
const PLACE_CALL = `${CALL}/placeCall`

/** An outbound call that nobody answers, with something in every place where something could leak. */
const STORY: readonly Happening[] = [
  { what: 'webhook', route: 'voice', callStatus: 'canary-status', twiml: 'Connect' },
  { what: 'transition', event: 'call.connect', from: 'node', edges: ['a'], before: 'idle', after: dialing('wanted') },
  { what: 'child', id: 'placeCall', src: 'carrier', status: 'started' },
  { what: 'rest', command: 'canary-command', outcome: 'asked' },
  {
    what: 'transition',
    actor: 'placeCall',
    event: 'xstate.done.actor.send',
    from: 'placeCall',
    fields: { outcome: 'done', token: 'canary-token', message: 'canary-message to +15551110001' },
    before: 'sending',
    after: 'done',
  },
  {
    what: 'transition',
    event: 'xstate.done.actor.placeCall',
    from: 'placeCall',
    fields: { callSid: 'CA1', type: 'canary-type', cause: 'canary-cause' },
    before: dialing('wanted'),
    after: { connecting: 'ringing' },
  },
  { what: 'child', id: 'placeCall', src: 'carrier', status: 'stopped' },
  { what: 'received', stream: 1, message: { event: 'start', streamSid: 'canary-stream' } },
  {
    what: 'received',
    stream: 1,
    message: { event: 'media', sequence: 2, timestampMs: 20, bytes: 8, payload: 'canaryAudio+' },
  },
  { what: 'received', stream: 1, message: { event: 'dtmf', sequence: 3, digit: 'canary-digit' } },
  { what: 'sent', stream: 1, message: { event: 'mark', name: 'canary-mark' } },
  { what: 'lost', stream: 1, cause: 'canary-loss' },
  { what: 'child', id: 'release', src: 'release', status: 'started' },
  { what: 'transition', event: 'xstate.done.actor.release', from: 'release', before: 'stopping', after: 'ended' },
  { what: 'child', id: 'release', src: 'release', status: 'stopped' },
  {
    what: 'end',
    state: 'ended',
    reason: 'no answer',
    cause: 'canary-end +15557654321',
    stats: { canary: 'canary-stats' },
  },
]

function dialing(state: string) {
  return { connecting: { dialing: state } }
}

async function bridgeTo(listener: InspectorListener, logger = pino({ level: 'silent' })): Promise<CallRecorder> {
  const bridge = await openStatelyBridge({
    address: inspectorAt(listener.url),
    logger,
    openSocket: (url, events) => new OutgoingSocket({ url, clock: systemClock, ...events }),
  })
  onTestFinished(() => bridge.close())
  await vi.waitFor(() => expect(listener.size).toBe(1))
  return bridge
}

/** A socket that does as the test says. */
class PretendedSocket implements InspectorSocket {
  hasRoom = true
  readonly texts: string[] = []
  events: InspectorSocketEvents = { onUp: () => {}, onDown: () => {} }

  static async bridge(log: string[] = []): Promise<{ socket: PretendedSocket; bridge: CallRecorder }> {
    const socket = new PretendedSocket()
    const logger = createLogger('info', { write: (line) => void log.push(line) })
    const openSocket = (_: string, events: InspectorSocketEvents) => {
      socket.events = events
      return socket
    }
    return {
      socket,
      bridge: await openStatelyBridge({ address: inspectorAt('wss://inspect.test'), logger, openSocket }),
    }
  }

  send(text: string): void {
    this.texts.push(text)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** What was said since the last time, in brief: `actor call`, `event call x`, `snapshot call active "idle"`. */
  said(): string[] {
    return this.texts.splice(0).map((text) => brief(JSON.parse(text) as Message))
  }
}

interface Message {
  readonly type: string
  readonly name: string
  readonly sessionId: string
  readonly event: { readonly type: string }
  readonly snapshot: { readonly status: string; readonly value?: unknown }
}

function brief({ type, sessionId, event, snapshot }: Message): string {
  const who = sessionId.replace(CALL, 'call')
  if (type === '@xstate.event') return `event ${who} ${event.type}`
  return `${type.slice('@xstate.'.length)} ${who} ${snapshot.status} ${JSON.stringify(snapshot.value)}`
}

function step(after: string): Happening {
  return { what: 'transition', event: `to.${after}`, from: 'node', before: 'idle', after }
}

/** The definitions that were sent, in their order. */
function chartsIn({ messages }: InspectorListener): unknown[] {
  return messages.flatMap(({ definition }): unknown[] =>
    typeof definition === 'string' ? [JSON.parse(definition)] : [],
  )
}

function plainConfig({ config }: AnyStateMachine): unknown {
  return JSON.parse(
    JSON.stringify(config, (_, part: unknown) => (typeof part === 'function' ? { type: part.name } : part)),
  )
}

/** The form that every message of 0.7.2 has. */
function message(type: string, sessionId: string, fields: object) {
  return { type: `@xstate.${type}`, sessionId, rootId: CALL, _version: '0.7.2', ...fields }
}

/** Looked at elsewhere, or another each time. */
function isSeen(name: string, { type }: Record<string, unknown>): boolean {
  return name === 'createdAt' || name === 'definition' || (name === 'id' && type === '@xstate.event')
}

function actorTold(sessionId: string, name: string, shown: object, parent: object = {}) {
  return message('actor', sessionId, { name, id: null, snapshot: shown, ...parent })
}

function eventTold(sessionId: string, told: object, source: object = {}) {
  return message('event', sessionId, { event: told, ...source })
}

function snapshotTold(sessionId: string, shown: object, told: object = { type: '' }) {
  return message('snapshot', sessionId, { id: null, snapshot: shown, event: told })
}

describe('a call shown in an inspector of @statelyai/inspect', () => {
  it('is told in its own form: actors, events and where they led, and nothing else', async () => {
    const listener = await InspectorListener.open()
    const bridge = await bridgeTo(listener)
    const tape = bridge.open(FACTS)
    for (const [at, happening] of STORY.entries()) tape.note(at, happening)
    tape.close()
    await listener.hears('"output"')

    const told = listener.messages.map((each) => {
      expect(Math.abs(Number(each['createdAt']) - Date.now())).toBeLessThan(60_000)
      return Object.fromEntries(Object.entries(each).filter(([name]) => !isSeen(name, each)))
    })
    const asked = { type: 'xstate.done.actor.send', outcome: 'done' }
    const placed = { type: 'xstate.done.actor.placeCall', callSid: 'CA1' }
    const released = { type: 'xstate.done.actor.release' }
    expect(told).toEqual([
      actorTold(CALL, CALL, { status: 'active', value: 'idle' }),
      eventTold(CALL, { type: 'call.connect' }),
      snapshotTold(CALL, { status: 'active', value: dialing('wanted') }, { type: 'call.connect' }),
      actorTold(PLACE_CALL, 'placeCall', { status: 'active', value: 'sending' }, { parentId: CALL }),
      eventTold(PLACE_CALL, asked, { sourceId: PLACE_CALL }),
      snapshotTold(PLACE_CALL, { status: 'done', value: 'done' }, asked),
      eventTold(CALL, placed, { sourceId: PLACE_CALL }),
      snapshotTold(CALL, { status: 'active', value: { connecting: 'ringing' } }, placed),
      snapshotTold(PLACE_CALL, { status: 'done', value: 'done' }),
      actorTold(`${CALL}/release`, 'release', { status: 'active' }, { parentId: CALL }),
      eventTold(CALL, released, { sourceId: `${CALL}/release` }),
      snapshotTold(CALL, { status: 'done', value: 'ended' }, released),
      snapshotTold(`${CALL}/release`, { status: 'stopped' }),
      snapshotTold(CALL, { status: 'done', value: 'ended', output: { state: 'ended', reason: 'no answer' } }),
    ])
  })

  it('brings its charts whole, so that they can be drawn', async () => {
    const listener = await InspectorListener.open()
    const tape = (await bridgeTo(listener)).open(FACTS)
    for (const [at, happening] of STORY.entries()) tape.note(at, happening)
    await listener.hears('"output"')
    expect(chartsIn(listener)).toEqual([
      plainConfig(callMachine),
      plainConfig(carrierCommandMachine),
      { id: 'release' },
    ])
  })

  it('shows a transfer and a recording as the charts that they are, and of a transfer not to whom', async () => {
    const listener = await InspectorListener.open()
    const tape = (await bridgeTo(listener)).open(FACTS)
    const story: Happening[] = [
      {
        what: 'transition',
        event: 'call.transfer',
        from: 'node',
        fields: { isUrgent: true, to: 'canary-target' },
        before: 'idle',
        after: 'active',
      },
      { what: 'child', id: 'transfer', src: 'transfer', status: 'started' },
      { what: 'child', id: 'recording', src: 'recording', status: 'started' },
      {
        what: 'transition',
        actor: 'transfer',
        event: 'dial.ended',
        from: 'call',
        fields: { outcome: 'busy', cause: 'canary-cause' },
        before: { unanswered: 'ringing' },
        after: 'over',
      },
    ]
    for (const [at, happening] of story.entries()) tape.note(at, happening)
    await listener.hears('"dial.ended"')
    await listener.hears('"over"')
    const said = listener.texts.map((text) => brief(JSON.parse(text) as Message))
    expect(said).toEqual([
      'actor call active "idle"',
      'event call call.transfer',
      'snapshot call active "active"',
      'actor call/transfer active "unanswered"',
      'actor call/recording active "starting"',
      'event call/transfer dial.ended',
      'snapshot call/transfer done "over"',
    ])
    expect(listener.messages.map(({ event }) => event).filter((event) => event !== undefined)).toContainEqual({
      type: 'dial.ended',
      outcome: 'busy',
    })
    expect(chartsIn(listener)).toEqual([callMachine, transferMachine, carrierRecordingMachine].map(plainConfig))
    expect(listener.texts.join('')).not.toContain('canary')
  })

  it('lets nothing out that was said, keyed, handed in or thrown, and nobody’s number', async () => {
    const listener = await InspectorListener.open()
    const bridge = await bridgeTo(listener)
    expect(bridge.wantsMedia).toBe(false)
    const tape = bridge.open({ ...FACTS, agent: 'canary-agent' })
    for (const [at, happening] of STORY.entries()) tape.note(at, happening)
    await listener.hears('"output"')
    const everything = [...listener.requests, ...listener.texts].join('\n')
    expect(everything).toContain('no answer')
    expect(everything).not.toMatch(/canary|5551110001|5550100000|5557654321/i)
  })
})

describe('an inspector', () => {
  it('that comes late is told where each live call stands, and of no call that is over', async () => {
    const { socket, bridge } = await PretendedSocket.bridge()
    socket.hasRoom = false
    const [over, live] = [bridge.open({ ...FACTS, id: 'call_over' }), bridge.open(FACTS)]
    live.note(1, step('connecting'))
    live.note(2, { what: 'child', id: 'agent', src: 'agent', status: 'started' })
    live.note(2, { what: 'child', id: 'hangUp', src: 'carrier', status: 'started' })
    live.note(3, { what: 'child', id: 'agent', src: 'agent', status: 'stopped' })
    over.close()
    expect(socket.said()).toEqual([])
    socket.hasRoom = true
    socket.events.onUp()
    expect(socket.said()).toEqual(['actor call active "connecting"', 'actor call/hangUp active "sending"'])
  })

  it('that comes again is told again', async () => {
    const { socket, bridge } = await PretendedSocket.bridge()
    bridge.open(FACTS)
    socket.events.onUp()
    expect(socket.said()).toEqual(['actor call active "idle"', 'actor call active "idle"'])
  })

  it('that comes again, and has no room for all, hears of the others when something happens to them', async () => {
    const { socket, bridge } = await PretendedSocket.bridge()
    const tapes = ['call_a', 'call_b'].map((id) => bridge.open({ ...FACTS, id }))
    socket.said()
    socket.send = (text) => {
      socket.texts.push(text)
      socket.hasRoom = false
    }
    socket.events.onUp()
    expect(socket.said()).toEqual(['actor call_a active "idle"'])
    for (const tape of tapes) {
      socket.hasRoom = true
      tape.note(1, step('active'))
    }
    expect(socket.said().filter((each) => each.startsWith('actor'))).toEqual(['actor call_b active "active"'])
  })

  it('that is too slow misses what it has no room for, hears of the call before of its next step, and is told of once', async () => {
    const log: string[] = []
    const { socket, bridge } = await PretendedSocket.bridge(log)
    socket.events.onUp()
    socket.hasRoom = false
    const tape = bridge.open(FACTS)
    for (let at = 0; at < 1_000; at += 1) tape.note(at, step('connecting'))
    expect(socket.said()).toEqual([])
    socket.hasRoom = true
    tape.note(1_001, step('active'))
    expect(socket.said()).toEqual([
      'actor call active "active"',
      'event call to.active',
      'snapshot call active "active"',
    ])
    expect(log.filter((line) => line.includes('too slow'))).toHaveLength(1)
  })

  it('hears of a call before it hears of what the call has started', async () => {
    const { socket, bridge } = await PretendedSocket.bridge()
    socket.hasRoom = false
    const tape = bridge.open(FACTS)
    socket.hasRoom = true
    tape.note(1, { what: 'child', id: 'agent', src: 'agent', status: 'started' })
    expect(socket.said()).toEqual(['actor call active "idle"', 'actor call/agent active undefined'])
  })

  it('is told that a chart died where it stood, though its call ended as an error', async () => {
    const { socket, bridge } = await PretendedSocket.bridge()
    const tape = bridge.open(FACTS)
    tape.note(1, step('active'))
    tape.note(2, { what: 'end', state: 'error', reason: 'internal error', stats: {} })
    expect(socket.said().at(-1)).toBe('snapshot call error "active"')
  })

  it('whose socket throws costs the call that is shown its place, and the call nothing', async () => {
    const log: string[] = []
    const { socket, bridge } = await PretendedSocket.bridge(log)
    const tape = bridge.open(FACTS)
    socket.send = () => {
      throw new Error('broken')
    }
    tape.note(1, step('active'))
    tape.note(2, step('stopping'))
    socket.events.onUp()
    expect(log.filter((line) => line.includes('broken'))).toHaveLength(1)
  })
})
