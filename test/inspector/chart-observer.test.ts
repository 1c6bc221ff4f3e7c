import { describe, expect, it } from 'vitest'
import { createActor } from 'xstate'
import { createChart } from '../../src/inspector/chart-model.ts'
import { observeChart } from '../../src/inspector/chart-observer.ts'
import { pendingTimers } from '../../src/inspector/timers.ts'
import { callMachine, carrierCommandMachine, carrierRecordingMachine, transferMachine } from '../../machines/index.ts'
import type { Happening } from '../../src/recorder.ts'
import { dialEnded, dialRinging, streamStarted, urgentTransfer } from '../machines/call/opening.ts'
import { CallUnderTest, settle, TIMING } from '../machines/call-under-test.ts'

type Transition = Extract<Happening, { what: 'transition' }>

const EDGES = new Set(
  [callMachine, carrierCommandMachine, transferMachine, carrierRecordingMachine].flatMap((machine) =>
    createChart(machine).edges.map(({ id }) => id),
  ),
)

function observed(call: CallUnderTest): { notes: Happening[]; transitions: () => Transition[]; stop: () => void } {
  const notes: Happening[] = []
  const stop = observeChart(call.actor, {
    note: (happening) => notes.push(happening),
    onFault: (error) => {
      throw error
    },
  })
  return { notes, transitions: () => notes.filter((note): note is Transition => note.what === 'transition'), stop }
}

const told = ({ event, from, actor }: Transition) => `${from} -> ${actor ?? 'call'}: ${event}`

describe('a chart that is observed', () => {
  it('tells who told it what, the edge it took, and where it stood before and after', async () => {
    const call = new CallUnderTest()
    const { transitions } = observed(call)
    call.tell({ type: 'call.connect' })
    call.tell({ type: 'stream.started', streamSid: 'MZ1', callSid: 'CA1' })
    call.report('inbound', { type: 'speech.started' })
    await settle()
    expect(transitions().map(told)).toEqual([
      'node -> call: call.connect',
      'carrier -> call: stream.started',
      'inbound -> call: speech.started',
    ])
    expect(transitions()[0]).toMatchObject({
      edges: ['call.idle/call.connect/1'],
      before: 'idle',
      after: { connecting: 'awaitingStream' },
    })
    expect(transitions()[1]).toMatchObject({ fields: { streamSid: 'MZ1', callSid: 'CA1' } })
  })

  it('tells where it stands when it is started', () => {
    const input = { id: 'call_test', direction: 'inbound', callSid: 'CA1', timing: TIMING } as const
    const actor = createActor(callMachine, { id: 'call_test', input })
    const notes: Happening[] = []
    const stop = observeChart(actor, { note: (happening) => notes.push(happening), onFault: () => {} })
    actor.start()
    stop()
    actor.stop()
    expect(notes).toEqual([
      { what: 'transition', event: 'xstate.init', from: 'node', edges: [], before: 'idle', after: 'idle' },
    ])
  })

  it('names edges as its picture does', async () => {
    const call = new CallUnderTest({ direction: 'outbound' })
    const { transitions } = observed(call)
    call.tell({ type: 'call.connect' })
    await call.answer('turn')
    await call.answer('placeCall', 'CA2')
    call.tell({ type: 'call.hangUp', reason: 'hung up by API' })
    await settle()
    const edges = transitions().flatMap(({ edges: taken = [] }) => taken)
    expect(edges.length).toBeGreaterThan(3)
    expect(edges.filter((id) => !EDGES.has(id))).toEqual([])
  })

  it('tells of an event that changed nothing, with no edge', () => {
    const call = new CallUnderTest()
    const { transitions } = observed(call)
    call.tell({ type: 'digit.received' })
    expect(transitions()).toMatchObject([{ event: 'digit.received', edges: [], before: 'idle', after: 'idle' }])
  })

  it('tells which actors it starts and stops, and the steps of one that is a chart itself', async () => {
    const call = new CallUnderTest({ direction: 'outbound' })
    const { notes, transitions } = observed(call)
    call.tell({ type: 'call.connect' })
    await call.answer('turn')
    await call.answer('placeCall', 'CA2')
    expect(notes).toContainEqual({ what: 'child', id: 'placeCall', src: 'carrier', status: 'started' })
    expect(notes).toContainEqual({ what: 'child', id: 'placeCall', src: 'carrier', status: 'stopped' })
    const ofChild = transitions().filter(({ actor }) => actor === 'placeCall')
    expect(ofChild).toMatchObject([{ event: 'xstate.done.actor.send', before: 'sending', after: 'done' }])
    expect(transitions().map(told)).toContain('placeCall -> call: xstate.done.actor.placeCall')
  })

  it('tells of a transfer what the call tells itself and its parts, and what the parts come to', async () => {
    const call = new CallUnderTest().tell({ type: 'call.connect' }, streamStarted)
    const { notes, transitions } = observed(call)
    call.tell(urgentTransfer, dialRinging, dialEnded('busy'))
    await settle()
    expect(transitions().map(told)).toEqual([
      'node -> call: call.transfer',
      'call -> call: call.left',
      'carrier -> call: dial.ringing',
      'call -> transfer: dial.ringing',
      'carrier -> call: dial.ended',
      'call -> transfer: dial.ended',
      'transfer -> call: xstate.done.actor.transfer',
      'call -> call: call.returned',
    ])
    expect(transitions()[3]).toMatchObject({
      actor: 'transfer',
      before: { unanswered: 'redirecting' },
      after: { unanswered: 'ringing' },
    })
    expect(transitions().at(-2)?.fields).toEqual({ outcome: 'busy', mayHaveLeft: true })
    expect(transitions().flatMap(({ edges = [] }) => edges.filter((id) => !EDGES.has(id)))).toEqual([])
    expect(notes.filter(({ what }) => what === 'child')).toEqual([
      { what: 'child', id: 'transfer', src: 'transfer', status: 'started' },
      { what: 'child', id: 'transfer', src: 'transfer', status: 'stopped' },
    ])
  })

  it('tells of the steps of a recording', async () => {
    const call = new CallUnderTest().tell({ type: 'call.connect' }, streamStarted)
    const { transitions } = observed(call)
    await call.tell({ type: 'call.record' }).answer('startRecording', 'RE1')
    call.tell({ type: 'call.pauseRecording' })
    expect(transitions().map(told)).toEqual([
      'node -> call: call.record',
      'recording -> recording: xstate.done.actor.startRecording',
      'node -> call: call.pauseRecording',
      'call -> recording: call.pauseRecording',
    ])
    expect(transitions()[1]?.fields).toEqual({ outcome: 'done', sid: 'RE1' })
  })

  it('knows a wait that has run out, and an agent that hangs up', () => {
    const call = new CallUnderTest()
    const { transitions } = observed(call)
    call.clock.advance(TIMING.idleMs)
    call.tell({ type: 'call.finish', reason: 'agent finished' })
    expect(transitions().map(told)).toEqual([
      'call -> call: xstate.after.idleTimeout.call.idle',
      'agent -> call: call.finish',
    ])
  })

  it('is looked at no more once the observer is taken off', () => {
    const call = new CallUnderTest()
    const { notes, stop } = observed(call)
    stop()
    call.tell({ type: 'call.connect' })
    expect(notes).toEqual([])
  })

  it('never hears what its observer throws', () => {
    const call = new CallUnderTest()
    const faults: unknown[] = []
    let notes = 0
    observeChart(call.actor, {
      note: () => {
        notes += 1
        throw new Error('no room')
      },
      onFault: (error) => faults.push(error),
    })
    call.tell({ type: 'call.connect' })
    call.tell({ type: 'leg.ringing', callSid: 'CA1' })
    expect(call.actor.getSnapshot().value).toEqual({ connecting: 'awaitingStream' })
    expect([notes, faults.length]).toEqual([1, 1])
  })
})

describe('the waits of a chart', () => {
  it('are told with the edge each will take, and how long it is still', () => {
    const call = new CallUnderTest()
    expect(pendingTimers(call.actor)).toMatchObject([
      { edge: 'call.idle/xstate.after.idleTimeout.call.idle/0', ofMs: TIMING.idleMs },
    ])
    call.tell({ type: 'call.connect' })
    call.tell({ type: 'stream.started', streamSid: 'MZ1', callSid: 'CA1' })
    const [timer, ...others] = pendingTimers(call.actor)
    expect(others).toEqual([])
    expect(timer).toMatchObject({ edge: 'call.active/xstate.after.timeLimit.call.active/0', ofMs: TIMING.limitMs })
    expect(timer?.leftMs).toBeLessThanOrEqual(TIMING.limitMs)
    expect(timer?.leftMs).toBeGreaterThan(TIMING.limitMs - 60_000)
    expect(EDGES.has(timer?.edge ?? '')).toBe(true)
  })

  it('include those of the charts it runs', async () => {
    const call = new CallUnderTest({ direction: 'outbound' })
    call.tell({ type: 'call.connect' })
    await call.answer('turn')
    const edges = pendingTimers(call.actor).map(({ edge }) => edge)
    expect(edges).toContainEqual(expect.stringMatching(/^carrierCommand\.sending\//))
    expect(edges.filter((id) => !EDGES.has(id))).toEqual([])
  })
})
