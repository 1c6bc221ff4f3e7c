import { describe, expect, it } from 'vitest'
import { createSession, silentStream } from './session-under-test.ts'

describe("a call's session", () => {
  it('lets what the application said of a call stand above what came over the wire', () => {
    const { session } = createSession()
    session.learn({ callSid: `CA${'2'.repeat(32)}`, parameters: { plan: 'theirs', campaign: 'spring' } })
    expect(session.facts).toMatchObject({
      // A call that has a CallSid keeps it.
      callSid: `CA${'1'.repeat(32)}`,
      parameters: { plan: 'ours', campaign: 'spring' },
    })
  })

  it('tells every listener of an edge, and one that throws is the agent that failed', () => {
    const { session } = createSession()
    const [heard, faults]: [string[], unknown[]] = [[], []]
    session.attend({ end: () => {}, fail: (error) => faults.push(error) })
    session.onEdge(() => {
      throw new Error('boom')
    })
    session.onEdge((edge) => heard.push(edge.type))
    session.emit({ type: 'stream.lost' })
    session.emit({ type: 'media.resumed' })
    expect(heard).toEqual(['stream.lost', 'media.resumed'])
    expect(faults).toEqual([new Error('boom')])
  })

  it('fails an agent that starts later by what a listener threw before', () => {
    const { session } = createSession()
    const faults: unknown[] = []
    session.onEdge(() => {
      throw new Error('boom')
    })
    session.emit({ type: 'stream.lost' })
    session.attend({ end: () => {}, fail: (error) => faults.push(error) })
    expect(faults).toEqual([new Error('boom')])
  })

  it('tells no listener that another one took off while being told', () => {
    const { session } = createSession()
    const heard: string[] = []
    let leave = () => {}
    session.onEdge(() => leave())
    leave = session.onEdge((edge) => heard.push(edge.type))
    session.emit({ type: 'stream.lost' })
    expect(heard).toEqual([])
  })

  it('gives a digit to the reader and to the listeners, once each', async () => {
    const { session } = createSession()
    const edges: unknown[] = []
    session.onEdge((edge) => edges.push(edge))
    session.noteDigit('7')
    session.release()
    const digits: string[] = []
    for await (const digit of session.plane.digits) digits.push(digit)
    expect({ digits, edges }).toEqual({ digits: ['7'], edges: [{ type: 'digit.received', digit: '7' }] })
  })

  it('releases everything once: the socket, the ticker, the playbacks, the signal', async () => {
    const { session, ticker, clock } = createSession()
    const stream = silentStream()
    session.plane.attach(stream)
    const playback = session.plane.outbound.play(new Int16Array(16_000))
    session.release()
    session.release()
    expect(stream.isClosed).toBe(true)
    expect(session.signal.aborted).toBe(true)
    expect(await playback.finished).toMatchObject({ interrupted: true })
    expect({ subscribers: ticker.subscribers, timers: clock.pending }).toEqual({ subscribers: 0, timers: 0 })
  })

  it('turns a fault of the media plane into a hang-up of this call', async () => {
    const { session, sent, clock } = createSession()
    const stream = silentStream()
    session.plane.attach(stream)
    session.plane.outbound.play(new Int16Array(16_000))
    stream.bufferedBytes = () => {
      throw new Error('the socket is in pieces')
    }
    await clock.advance(100)
    expect(sent[0]).toMatchObject({ type: 'call.hangUp', reason: 'internal error' })
    expect(JSON.stringify(sent[0])).toContain('the socket is in pieces')
    session.release()
  })

  it('keeps the first ending', async () => {
    const { session } = createSession()
    session.settle({ state: 'ended', reason: 'caller hung up', cause: undefined })
    session.settle({ state: 'error', reason: 'internal error', cause: 'late' })
    expect(await session.ended).toEqual({ state: 'ended', reason: 'caller hung up', cause: undefined })
  })
})
