import { describe, expect, it } from 'vitest'
import { Inspector } from '../../src/inspector/inspector.ts'
import type { InspectedCall, InspectedCalls } from '../../src/inspector/subjects.ts'
import type { CallRow, InspectorMessage, Pulse } from '../../src/inspector/wire.ts'
import type { CallTape, Happening } from '../../src/recorder.ts'
import type { Header } from '../../src/recording/schema.ts'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { END, fileOf, HEADER } from '../recording/lines.ts'

const PULSE: Pulse = { state: 'active', timers: [], children: [{ id: 'agent', src: 'agent', status: 'active' }] }
const step = (event: string): Happening => ({ what: 'transition', event, before: 'idle', after: 'idle' })
const { at: _, ...ending } = END
const THE_END: Happening = { ...ending, what: 'end' }

function rowOf(id: string, state: string): CallRow {
  const parties = { from: '+15551110001', to: '+15550100000', agent: 'echo', direction: 'inbound' } as const
  return { id, callSid: null, ...parties, state, reason: null, startedAt: 0, endedAt: null }
}

class FakeCall implements InspectedCall {
  readonly id: string
  at = 0
  state = 'active'
  readonly tapes = new Set<CallTape>()

  constructor(id: string) {
    this.id = id
  }

  pulse(): Pulse {
    return PULSE
  }

  listen(tape: CallTape): () => void {
    this.tapes.add(tape)
    return () => this.tapes.delete(tape)
  }

  happens(happening: Happening): void {
    this.at += 1
    for (const tape of this.tapes) tape.note(this.at, happening)
  }
}

/** A node with calls, all of them made up. */
class FakeCalls implements InspectedCalls {
  readonly agents = ['echo', 'prompt']
  readonly agent = 'echo'
  readonly live = new Map<string, FakeCall>()
  readonly files = new Map<string, string>()
  readonly nodeTapes = new Set<CallTape>()
  readonly listeners = new Set<(call: InspectedCall) => void>()
  readonly node = {
    view: () => ({ state: { accepting: 'open' }, live: this.live.size, maxCalls: 150 }),
    pulse: () => ({ ...PULSE, state: { accepting: 'open' } }),
    listen: (tape: CallTape) => {
      this.nodeTapes.add(tape)
      return () => this.nodeTapes.delete(tape)
    },
  }

  admit(id: string): FakeCall {
    const call = new FakeCall(id)
    this.live.set(id, call)
    for (const listener of this.listeners) listener(call)
    return call
  }

  end(call: FakeCall): void {
    call.happens(THE_END)
    for (const tape of call.tapes) tape.close()
    call.tapes.clear()
    this.live.delete(call.id)
  }

  rows(): readonly CallRow[] {
    return [...this.live.values()].map(({ id, state }) => rowOf(id, state))
  }

  find(id: string): InspectedCall | undefined {
    return this.live.get(id)
  }

  onCall(listener: (call: InspectedCall) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  header(id: string): Header {
    return { ...HEADER, id } as Header
  }

  recorded(id: string): Promise<string | undefined> {
    return Promise.resolve(this.files.get(id))
  }

  /** Everything that observes something. */
  get observers(): number {
    const ofCalls = [...this.live.values()].reduce((sum, { tapes }) => sum + tapes.size, 0)
    return ofCalls + this.nodeTapes.size + this.listeners.size
  }
}

function rig() {
  const clock = new VirtualClock()
  const calls = new FakeCalls()
  const faults: unknown[] = []
  const inspector = new Inspector({ clock, calls, onFault: (error) => faults.push(error) })
  const look = (buffered = () => 0) => {
    const messages: InspectorMessage[] = []
    const closes: string[] = []
    const viewer = inspector.open({
      send: (text) => void messages.push(JSON.parse(text) as InspectorMessage),
      bufferedBytes: buffered,
      close: (code, reason) => void closes.push(`${code} ${reason}`),
    })
    return {
      ...viewer,
      closes,
      of: <Type extends InspectorMessage['type']>(type: Type) =>
        messages.filter((message): message is Extract<InspectorMessage, { type: Type }> => message.type === type),
      async watch(watched: string | null) {
        viewer.receive(JSON.stringify({ type: 'watch', watched }))
        await clock.advance(0)
      },
    }
  }
  return { clock, calls, faults, inspector, look }
}

describe('while nobody looks', () => {
  it('nothing is observed and no timer runs, before the first viewer and after the last', async () => {
    const { clock, calls, look } = rig()
    const call = calls.admit('call_a')
    expect([calls.observers, clock.pending]).toEqual([0, 0])
    const [one, other] = [look(), look()]
    await one.watch('call_a')
    calls.admit('call_b')
    expect(calls.observers).toBe(4)
    one.closed()
    expect(clock.pending).toBeGreaterThan(0)
    other.closed()
    other.closed()
    expect([calls.observers, clock.pending]).toEqual([0, 0])
    call.happens(step('unseen'))
  })
})

describe('a viewer', () => {
  it('is welcomed with the agents, the node and every call, and then told what changes', async () => {
    const { clock, calls, look } = rig()
    const [one, two] = [calls.admit('call_a'), calls.admit('call_b')]
    const viewer = look()
    expect(viewer.of('welcome')).toEqual([{ type: 'welcome', agents: ['echo', 'prompt'], agent: 'echo' }])
    expect(viewer.of('calls')).toMatchObject([{ calls: [{ id: 'call_a' }, { id: 'call_b' }], gone: [] }])
    expect(viewer.of('node')).toMatchObject([{ node: { live: 2, maxCalls: 150 } }])
    two.state = 'stopping'
    calls.live.delete(one.id)
    await clock.advance(500)
    expect(viewer.of('calls').slice(1)).toMatchObject([
      { calls: [{ id: 'call_b', state: 'stopping' }], gone: ['call_a'] },
    ])
    await clock.advance(2_000)
    expect(viewer.of('calls')).toHaveLength(2)
    expect(viewer.of('node')).toHaveLength(2)
    viewer.closed()
  })

  it('sees a call that begins meanwhile from its first moment, and lines in batches as they come', async () => {
    const { clock, calls, look } = rig()
    const viewer = look()
    const call = calls.admit('call_a')
    call.happens(step('first'))
    await viewer.watch('call_a')
    expect(viewer.of('film')).toMatchObject([
      { watched: 'call_a', call: { id: 'call_a' }, lines: [{ event: 'first' }], isOver: false },
    ])
    call.happens(step('second'))
    call.happens(step('third'))
    expect(viewer.of('lines')).toEqual([])
    await clock.advance(50)
    expect(viewer.of('lines')).toMatchObject([{ watched: 'call_a', lines: [{ event: 'second' }, { event: 'third' }] }])
    expect(viewer.of('pulse').at(-1)).toMatchObject({ watched: 'call_a', pulse: { state: 'active' } })
    viewer.closed()
  })

  it('sees what a call does this moment twice a second, until it is over', async () => {
    const { clock, calls, look } = rig()
    const viewer = look()
    const call = calls.admit('call_a')
    await viewer.watch('call_a')
    await clock.advance(1_000)
    expect(viewer.of('pulse')).toHaveLength(3)
    calls.end(call)
    await clock.advance(1_000)
    expect(viewer.of('lines')).toMatchObject([{ lines: [{ what: 'end' }] }])
    expect(viewer.of('pulse')).toHaveLength(3)
    viewer.closed()
  })

  it('that comes to a call in its middle is told so, and where it stood', async () => {
    const { calls, look } = rig()
    const call = calls.admit('call_a')
    call.happens(step('unseen'))
    const viewer = look()
    await viewer.watch('call_a')
    expect(viewer.of('film')[0]?.lines).toEqual([
      { at: 1, what: 'joined', state: 'active' },
      { at: 1, what: 'child', id: 'agent', src: 'agent', status: 'started' },
    ])
    viewer.closed()
  })

  it('that comes late to a call that is recorded sees what came before too, and so does another', async () => {
    const { calls, look } = rig()
    const call = calls.admit('call_a')
    call.at = 20
    calls.files.set('call_a', fileOf(HEADER, { at: 3, ...step('early') }))
    const [viewer, other] = [look(), look()]
    await Promise.all([viewer.watch('call_a'), other.watch('call_a')])
    for (const each of [viewer, other]) expect(each.of('film')).toMatchObject([{ lines: [{ event: 'early' }] }])
    viewer.closed()
    other.closed()
  })

  it('sees a call go on though the one before it left while the recording was being read', async () => {
    const { clock, calls, look } = rig()
    const call = calls.admit('call_a')
    const readings: ((text: undefined) => void)[] = []
    calls.recorded = () => new Promise((resolve) => readings.push(resolve))
    const hasty = look()
    await hasty.watch('call_a')
    hasty.closed()
    const viewer = look()
    await viewer.watch('call_a')
    for (const finish of readings) finish(undefined)
    await clock.advance(0)
    call.happens(step('later'))
    await clock.advance(50)
    expect(viewer.of('lines')).toMatchObject([{ lines: [{ event: 'later' }] }])
    expect(hasty.of('film')).toEqual([])
    viewer.closed()
  })

  it('can look back at a call that ended while somebody looked', async () => {
    const { calls, look } = rig()
    const viewer = look()
    const call = calls.admit('call_a')
    call.happens(step('first'))
    calls.end(call)
    await viewer.watch('call_a')
    expect(viewer.of('film')).toMatchObject([{ lines: [{ event: 'first' }, { what: 'end' }], isOver: true }])
    viewer.closed()
  })

  it('sees a call that is over from its recording, and is told when there is none, or none that can be read', async () => {
    const { calls, faults, look } = rig()
    calls.files.set('call_a', fileOf(HEADER, { at: 3, ...step('early') }, END))
    calls.files.set('call_c', 'no recording')
    const viewer = look()
    await viewer.watch('call_a')
    expect(viewer.of('film')).toMatchObject([{ lines: [{ event: 'early' }, { what: 'end' }], isOver: true }])
    await viewer.watch('call_b')
    await viewer.watch('call_c')
    expect(viewer.of('unknown')).toMatchObject([
      { watched: 'call_b', detail: expect.stringMatching(/^expected a call that somebody watched/) },
      { watched: 'call_c', detail: expect.stringMatching(/line 1 of the recording/) },
    ])
    expect(faults).toHaveLength(1)
    viewer.closed()
  })

  it('may watch the node itself', async () => {
    const { clock, calls, look } = rig()
    const viewer = look()
    await viewer.watch('node')
    expect(viewer.of('film')).toMatchObject([{ watched: 'node', lines: [], isOver: false }])
    for (const tape of calls.nodeTapes) tape.note(7, step('call.admitted'))
    await clock.advance(50)
    expect(viewer.of('lines')).toMatchObject([{ watched: 'node', lines: [{ event: 'call.admitted' }] }])
    viewer.closed()
  })

  it('hears nothing more of what it has turned away from', async () => {
    const { clock, calls, look } = rig()
    const viewer = look()
    const [one, two] = [calls.admit('call_a'), calls.admit('call_b')]
    await viewer.watch('call_a')
    one.happens(step('on its way'))
    viewer.receive('{"type":"watch","watched":"call_a"}')
    await viewer.watch('call_b')
    one.happens(step('elsewhere'))
    two.happens(step('here'))
    await clock.advance(50)
    expect(viewer.of('lines')).toMatchObject([{ watched: 'call_b', lines: [{ event: 'here' }] }])
    await viewer.watch(null)
    two.happens(step('nobody there'))
    await clock.advance(1_000)
    expect(viewer.of('lines')).toHaveLength(1)
    viewer.closed()
  })

  it('that does not read is let go, and the others see on', async () => {
    const { clock, calls, look } = rig()
    let buffered = 0
    const slow = look(() => buffered)
    const quick = look()
    const call = calls.admit('call_a')
    await slow.watch('call_a')
    await quick.watch('call_a')
    buffered = 2 ** 21
    call.happens(step('first'))
    await clock.advance(50)
    expect(slow.closes).toEqual([expect.stringMatching(/^1013 too slow/)])
    buffered = 0
    const before = slow.of('pulse').length
    call.happens(step('second'))
    await clock.advance(600)
    expect([slow.of('lines').length, slow.of('pulse').length - before]).toEqual([0, 0])
    expect(quick.of('lines')).toHaveLength(2)
    slow.closed()
    quick.closed()
  })

  it.each([
    '',
    '{',
    '[]',
    '{"type":"watch"}',
    '{"type":"hangUp","watched":"call_a"}',
    '{"type":"watch","watched":7}',
    '{"type":"watch","watched":{"length":{"toString":1}}}',
    `{"type":"watch","watched":"${'x'.repeat(65)}"}`,
  ])('that asks for something else is told what was expected: %j', (text) => {
    const { look } = rig()
    const viewer = look()
    viewer.receive(text)
    expect(viewer.closes).toEqual([expect.stringMatching(/^1008 expected \{"type":"watch"/)])
    viewer.closed()
  })
})

describe('the recording of a call', () => {
  it('is what was written down while somebody looked', async () => {
    const { calls, inspector, look } = rig()
    const viewer = look()
    const call = calls.admit('call_a')
    call.happens(step('first'))
    calls.end(call)
    expect(await inspector.recording('call_a')).toBe(
      fileOf({ ...HEADER, id: 'call_a' }, { at: 1, ...step('first') }, { ...END, at: 2 }),
    )
    viewer.closed()
  })

  it("is the recorder's, where nobody looked from the first moment on", async () => {
    const { calls, inspector, look } = rig()
    calls.admit('call_a')
    const viewer = look()
    await viewer.watch('call_a')
    calls.files.set('call_a', 'the whole of it')
    expect(await inspector.recording('call_a')).toBe('the whole of it')
    expect(await inspector.recording('call_b')).toBeUndefined()
    viewer.closed()
  })
})

describe('calls that are over', () => {
  it('are kept up to a limit, the latest ones', async () => {
    const { calls, look } = rig()
    const viewer = look()
    for (let count = 0; count < 250; count += 1) calls.end(calls.admit(`call_${count}`))
    await viewer.watch('call_49')
    await viewer.watch('call_50')
    expect(viewer.of('unknown').map(({ watched }) => watched)).toEqual(['call_49'])
    expect(viewer.of('film').map(({ watched }) => watched)).toEqual(['call_50'])
    viewer.closed()
  })
})
