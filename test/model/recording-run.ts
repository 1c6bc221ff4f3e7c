import { deepEqual } from 'node:assert/strict'
import type { AnyMachineSnapshot } from 'xstate'
import { CallUnderTest } from '../machines/call-under-test.ts'
import type { Request } from '../machines/fake-children.ts'
import { openActive, refusal } from '../machines/call/opening.ts'
import { type RecordingEvent, recordingModel } from './recording-model.ts'
import type { SmallModel } from './small-model.ts'

/** The real chart, and that of its recording. */

interface View {
  /** Where its chart stands; none if there is none. */
  readonly where: string | undefined
  /** What the carrier is being asked for. */
  readonly asked: readonly Request['command'][]
}

const VIEWS: Readonly<Record<string, View>> = {
  off: { where: undefined, asked: [] },
  beginning: { where: 'starting.wanted', asked: ['startRecording'] },
  unwanted: { where: 'starting.unwanted', asked: ['startRecording'] },
  rolling: { where: 'rolling', asked: [] },
  pausing: { where: 'pausing', asked: ['pauseRecording'] },
  paused: { where: 'paused', asked: [] },
  resuming: { where: 'resuming', asked: ['resumeRecording'] },
  ending: { where: 'stopping', asked: ['stopRecording'] },
  endingPaused: { where: 'stoppingPaused', asked: ['stopRecording'] },
}

/** Longer than any command with its repeats. */
const SILENCE_MS = 60_000

const newsOf = (snapshot: AnyMachineSnapshot): unknown => (snapshot.context as { news?: unknown }).news

export const recording: SmallModel<RecordingEvent> = {
  name: 'recording',
  machine: recordingModel,
  events: [
    { type: 'api.records' },
    { type: 'api.pauses' },
    { type: 'api.resumes' },
    { type: 'api.stops' },
    { type: 'carrier.does' },
    { type: 'carrier.refuses' },
    { type: 'carrier.isSilent' },
  ],
  isStray: ({ type }) => type.startsWith('api.'),
  begin: (options) => {
    const call = openActive((more) => new CallUnderTest(more), options)
    const command = () => call.asked.find((one) => one !== 'agent') as Request['command']
    const looks = Object.entries(VIEWS).map(([state, { where, asked }]) => [
      state,
      (snapshot: AnyMachineSnapshot) =>
        deepEqual(
          {
            isOn: call.is('active.recording.on'),
            where: call.whereIs('recording'),
            asked: call.asked.filter((one) => one !== 'agent'),
            news: call.recordings.at(-1)?.status,
          },
          { isOn: state !== 'off', where, asked, news: newsOf(snapshot) },
        ),
    ])
    return {
      call,
      does: {
        'api.records': () => call.tell({ type: 'call.record' }),
        'api.pauses': () => call.tell({ type: 'call.pauseRecording' }),
        'api.resumes': () => call.tell({ type: 'call.resumeRecording' }),
        'api.stops': () => call.tell({ type: 'call.stopRecording' }),
        'carrier.does': () => call.answer(command(), 'RE1'),
        'carrier.refuses': () => call.fail(command(), refusal),
        'carrier.isSilent': async () => {
          for (let passed = 0; passed < SILENCE_MS; passed += 3_000) await call.wait(3_000)
        },
      },
      looks: Object.fromEntries(looks),
    }
  },
}
