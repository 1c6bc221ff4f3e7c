import { expect, it } from 'vitest'
import type { CallUnderTest } from '../call-under-test.ts'
import {
  ACTIVE,
  dialEnded,
  hangUp,
  hold,
  legEnded,
  type Open,
  openActive,
  refusal,
  streamLost,
  urgentTransfer,
} from './opening.ts'

const record = { type: 'call.record' } as const
const pause = { type: 'call.pauseRecording' } as const
const goOn = { type: 'call.resumeRecording' } as const
const stop = { type: 'call.stopRecording' } as const

const openRecording = (open: Open): Promise<CallUnderTest> =>
  openActive(open).tell(record).answer('startRecording', 'RE1')

export function testRecording(open: Open): void {
  it('is started, paused, resumed and stopped by the carrier, and tells of each', async () => {
    const call = await openRecording(open)
    expect(call.is('active.recording.on')).toBe(true)
    await call.tell(pause).answer('pauseRecording')
    await call.tell(goOn).answer('resumeRecording')
    await call.tell(stop).answer('stopRecording')
    expect(call.where).toBe(ACTIVE)
    expect(call.sent).toEqual([
      'startRecording CA1',
      'pauseRecording CA1 RE1',
      'resumeRecording CA1 RE1',
      'stopRecording CA1 RE1',
    ])
    expect(call.recordings.map(({ status }) => status)).toEqual(['in-progress', 'paused', 'in-progress', 'stopped'])
  })

  it('is started once, however often that is asked, and can be started again once it has stopped', async () => {
    const call = (await openRecording(open)).tell(record, record)
    expect(call.sent).toEqual(['startRecording CA1'])
    await call.tell(stop).answer('stopRecording')
    expect(call.tell(record).sent.at(-1)).toBe('startRecording CA1')
  })

  it('that was refused is off, and the call goes on', async () => {
    const call = await openActive(open).tell(record).fail('startRecording', refusal)
    expect(call.where).toBe(ACTIVE)
    expect(call.recordings).toEqual([{ status: 'refused', recordingSid: undefined, cause: refusal.message }])
  })

  it('that breaks is off, and the call goes on', async () => {
    const call = await openActive(open, { broken: ['recording'] })
      .tell(record)
      .answer('startRecording', 'RE1')
    expect(call.where).toBe(ACTIVE)
    expect(call.recordings).toEqual([{ status: 'unknown', cause: 'recording is broken' }])
  })

  it('can be started again by whoever hears that it is over', async () => {
    const call = await openRecording(open)
    call.onRecording = ({ status }) => void (status === 'stopped' && call.tell(record))
    await call.tell(stop).answer('stopRecording')
    expect(call.is('active.recording.on')).toBe(true)
    expect(call.sent.at(-1)).toBe('startRecording CA1')
  })

  it('that is off cannot be paused, resumed or stopped', () => {
    const call = openActive(open).tell(pause, goOn, stop)
    expect(call.where).toBe(ACTIVE)
    expect(call.sent).toEqual([])
  })

  it('goes on through a hold, the loss of a stream, and a transfer that comes back', async () => {
    const call = (await openRecording(open)).tell(hold, streamLost(0), urgentTransfer, dialEnded('busy'))
    expect(call.is('active.recording.on')).toBe(true)
  })

  it.each([hangUp, legEnded])('ends with the call, without a word to the carrier: %j', async (event) => {
    const call = (await openRecording(open)).tell(event)
    await call.end()
    expect(call.sent.filter((sent) => sent.startsWith('stop'))).toEqual([])
  })

  it('that is still being started ends with the call, too', async () => {
    const call = openActive(open).tell(record, hangUp)
    expect(call.asked).toEqual(['hangUp'])
    await call.end()
    expect(call.recordings).toEqual([])
  })
}
