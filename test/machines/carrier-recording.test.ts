import { describe, expect, it } from 'vitest'
import { type Actor, createActor, fromPromise } from 'xstate'
import type { RecordingCommand } from '../../machines/call-events.ts'
import { carrierCommandMachine, type CommandInput } from '../../machines/carrier-command.ts'
import { carrierRecordingMachine, type RecordingNews } from '../../machines/carrier-recording.ts'
import { settle } from './call-under-test.ts'
import { CountingClock } from './counting-clock.ts'
import { EdgeCoverage } from './edge-coverage.ts'

const coverage = new EdgeCoverage(carrierRecordingMachine)

const pause = { type: 'call.pauseRecording' } as const
const resume = { type: 'call.resumeRecording' } as const
const stop = { type: 'call.stopRecording' } as const
const no = { code: 'CARRIER_REFUSED', message: 'no' }

interface Asked {
  readonly command: string
  readonly resolve: (sid?: string) => void
  readonly reject: (fault: unknown) => void
}

class RecordingUnderTest {
  readonly actor: Actor<typeof carrierRecordingMachine>
  readonly clock = new CountingClock()
  /** What is told while it goes on, and what it comes to. */
  readonly news: RecordingNews[] = []
  readonly endings: (RecordingNews | undefined)[] = []
  /** E.g. `pauseRecording RE1`. */
  readonly sent: string[] = []
  /** The command to the carrier throws as soon as it is started. */
  isBroken: boolean
  #asked: Asked[] = []

  constructor({ isBroken = false } = {}) {
    this.isBroken = isBroken
    const send = fromPromise<string | undefined, CommandInput>(({ input, signal }) => {
      this.sent.push([input.command, input.recordingSid].filter((word) => word !== undefined).join(' '))
      return new Promise((resolve, reject) => {
        const asked = { command: input.command, resolve, reject }
        this.#asked.push(asked)
        signal.addEventListener('abort', () => (this.#asked = this.#asked.filter((one) => one !== asked)))
      })
    })
    const sendTimeout = () => {
      if (this.isBroken) throw new Error('carrier is broken')
      return 3_000
    }
    const carrier = carrierCommandMachine.provide({ actors: { send }, delays: { sendTimeout } })
    const machine = carrierRecordingMachine.provide({
      actors: { carrier },
      actions: { tell: (_, news) => void this.news.push(news) },
    })
    this.actor = createActor(machine, {
      input: { callId: 'call_test', callSid: 'CA1' },
      clock: this.clock,
      inspect: coverage.observe,
    })
    this.actor.subscribe({ complete: () => void this.endings.push(this.actor.getSnapshot().output) })
    this.actor.start()
  }

  /** One that the carrier makes, as RE1. */
  static rolling(): Promise<RecordingUnderTest> {
    return new RecordingUnderTest().done('RE1')
  }

  static async paused(): Promise<RecordingUnderTest> {
    return (await RecordingUnderTest.rolling()).tell(pause).done()
  }

  tell(...commands: RecordingCommand[]): this {
    for (const command of commands) this.actor.send(command)
    return this
  }

  async done(sid?: string): Promise<this> {
    this.#next().resolve(sid)
    await settle()
    return this
  }

  refused(): Promise<this> {
    return this.fails(no)
  }

  async fails(fault: object): Promise<this> {
    this.#next().reject(fault)
    await settle()
    return this
  }

  get asked(): string[] {
    return this.#asked.map(({ command }) => command)
  }

  get state(): string {
    const { value, status } = this.actor.getSnapshot()
    return status === 'done' ? 'over' : JSON.stringify(value).replaceAll(/["{}]/g, '').replaceAll(':', '.')
  }

  get statuses(): string[] {
    return this.news.map(({ status }) => status)
  }

  #next(): Asked {
    const asked = this.#asked.shift()
    if (!asked) throw new Error(`nothing was asked for at ${this.state}`)
    return asked
  }
}

describe('a recording of the carrier’s', () => {
  it('begins to roll once the carrier has said which it is', async () => {
    const recording = new RecordingUnderTest()
    expect([recording.state, recording.asked]).toEqual(['starting.wanted', ['startRecording']])
    await recording.done('RE1')
    expect(recording.state).toBe('rolling')
    expect(recording.news).toEqual([{ status: 'in-progress', recordingSid: 'RE1' }])
  })

  it('is paused, resumed and stopped by its SID', async () => {
    const recording = await RecordingUnderTest.paused()
    expect(recording.state).toBe('paused')
    await recording.tell(resume).done()
    expect(recording.state).toBe('rolling')
    await recording.tell(stop).done()
    expect(recording.state).toBe('over')
    expect(recording.sent).toEqual(['startRecording', 'pauseRecording RE1', 'resumeRecording RE1', 'stopRecording RE1'])
    expect(recording.statuses).toEqual(['in-progress', 'paused', 'in-progress'])
    expect(recording.endings).toEqual([{ status: 'stopped', recordingSid: 'RE1' }])
    expect(recording.news.every(({ recordingSid }) => recordingSid === 'RE1')).toBe(true)
  })

  it('is over if the carrier refuses it, with its words', async () => {
    const recording = await new RecordingUnderTest().refused()
    expect(recording.state).toBe('over')
    expect(recording.news).toEqual([])
    expect(recording.endings).toEqual([{ status: 'refused', recordingSid: undefined, cause: 'no' }])
  })

  it('is started once, even if no answer comes: a second one would be made beside the first', async () => {
    const recording = new RecordingUnderTest()
    recording.clock.advance(60_000)
    await settle()
    expect(recording.state).toBe('over')
    expect(recording.sent).toEqual(['startRecording'])
    // The first may be made all the same.
    expect(recording.endings).toMatchObject([{ status: 'unknown', recordingSid: undefined }])
    expect(recording.clock.pending).toBe(0)
  })

  it.each([
    ['CARRIER_UNAVAILABLE', 'unknown'],
    ['CARRIER_GIBBERISH', 'unknown'],
    ['CARRIER_REFUSED', 'refused'],
    ['CARRIER_PAUSED', 'refused'],
  ])('is told after %s as %s', async (code, status) => {
    const recording = await new RecordingUnderTest().fails({ code, message: 'no' })
    expect(recording.endings).toEqual([{ status, recordingSid: undefined, cause: 'no' }])
  })

  it('is stopped as soon as it has begun, if that was wished meanwhile', async () => {
    const recording = new RecordingUnderTest().tell(stop, stop)
    expect([recording.state, recording.asked]).toEqual(['starting.unwanted', ['startRecording']])
    await recording.done('RE1')
    expect([recording.state, recording.asked]).toEqual(['stopping', ['stopRecording']])
    await recording.done()
    expect(recording.statuses).toEqual(['in-progress'])
    expect(recording.endings).toEqual([{ status: 'stopped', recordingSid: 'RE1' }])
  })

  it('need not be stopped if it was refused', async () => {
    const recording = await new RecordingUnderTest().tell(stop).refused()
    expect([recording.state, recording.asked]).toEqual(['over', []])
  })

  it.each([
    ['a pause', () => RecordingUnderTest.rolling(), pause, 'pausing', 'rolling'],
    ['going on', () => RecordingUnderTest.paused(), resume, 'resuming', 'paused'],
    ['its end', () => RecordingUnderTest.rolling(), stop, 'stopping', 'rolling'],
    ['its end while it is paused', () => RecordingUnderTest.paused(), stop, 'stoppingPaused', 'paused'],
  ] as const)(
    'is as it was when the carrier refuses %s, or the command breaks',
    async (_, open, wish, during, before) => {
      const recording = (await open()).tell(wish)
      expect(recording.state).toBe(during)
      await recording.refused()
      expect(recording.state).toBe(before)
      expect(recording.news.at(-1)).toEqual({ status: 'refused', recordingSid: 'RE1', cause: 'no' })
      recording.isBroken = true
      recording.tell(wish)
      expect(recording.state).toBe(before)
      expect(recording.news.at(-1)).toEqual({ status: 'unknown', recordingSid: 'RE1', cause: 'carrier is broken' })
      recording.isBroken = false
      expect(recording.tell(wish).state).toBe(during)
    },
  )

  it('is stopped in the middle of another change, whatever comes of that', async () => {
    const pausing = (await RecordingUnderTest.rolling()).tell(pause, stop)
    expect([pausing.state, pausing.asked]).toEqual(['stopping', ['stopRecording']])
    const resuming = (await RecordingUnderTest.paused()).tell(resume, stop)
    expect([resuming.state, resuming.asked]).toEqual(['stoppingPaused', ['stopRecording']])
    await resuming.done()
    expect(resuming.state).toBe('over')
  })

  it('is over if the command to start it breaks', () => {
    const recording = new RecordingUnderTest({ isBroken: true })
    expect(recording.state).toBe('over')
    expect(recording.endings).toEqual([{ status: 'unknown', recordingSid: undefined, cause: 'carrier is broken' }])
  })

  it('bears wishes that make no sense just now', async () => {
    const rolling = (await RecordingUnderTest.rolling()).tell(resume, { type: 'call.record' })
    expect([rolling.state, rolling.asked]).toEqual(['rolling', []])
    const paused = (await RecordingUnderTest.paused()).tell(pause, pause)
    expect([paused.state, paused.asked]).toEqual(['paused', []])
    const stopping = rolling.tell(stop, stop, pause, resume)
    expect([stopping.state, stopping.asked]).toEqual(['stopping', ['stopRecording']])
    const starting = new RecordingUnderTest().tell(pause, resume)
    expect(starting.state).toBe('starting.wanted')
  })

  it('has had every state entered and every edge taken by these tests', () => {
    expect(coverage.missing()).toEqual([])
  })
})
