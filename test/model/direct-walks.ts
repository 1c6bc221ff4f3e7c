import { expect } from 'vitest'
import { CALL_SID, type CallOptions, CallUnderTest, TIMING } from '../machines/call-under-test.ts'
import { finish, hangUp, noAnswer, streamStarted, transfer, urgentTransfer } from '../machines/call/opening.ts'
import type { Walk } from './walk.ts'

/** Faults of our own that neither the carrier nor the caller can see, and that the models therefore do not know. */

type Child = NonNullable<CallOptions['broken']>[number]
type Step = (call: CallUnderTest) => unknown

interface Fault {
  readonly name: string
  readonly direction?: CallOptions['direction']
  /** What is broken when the last of the steps is taken. */
  readonly breaks: Child
  readonly steps: readonly Step[]
  /** All of it. */
  readonly where: readonly string[]
  /** Where the chart of the recording stands then. */
  readonly recording?: string
  /** What is told of it. */
  readonly news?: readonly string[]
  readonly sent: readonly string[]
  readonly output: { readonly state: 'ended' | 'error'; readonly reason: string; readonly cause: unknown }
}

const isBroken: unknown = expect.stringContaining('is broken')

const connects: Step = (call) => call.tell({ type: 'call.connect' })
const streams: Step = (call) => call.tell(streamStarted)
const finishes: Step = (call) => call.tell(finish)
const hangsUp: Step = (call) => call.tell(hangUp)
const transfers: Step = (call) => call.tell(urgentTransfer)
const records: Step = (call) => call.tell({ type: 'call.record' })
const rolls: Step = (call) => call.answer('startRecording', 'RE1')
const pauses: Step = (call) => call.tell({ type: 'call.pauseRecording' })
const isPaused: Step = (call) => call.answer('pauseRecording')
const resumes: Step = (call) => call.tell({ type: 'call.resumeRecording' })
const stops: Step = (call) => call.tell({ type: 'call.stopRecording' })

const dials: readonly Step[] = [connects, (call) => call.answer('turn')]
const isInDoubt: readonly Step[] = [...dials, (call) => call.fail('placeCall', noAnswer)]
const talks: readonly Step[] = [connects, streams]

const START = `startRecording ${CALL_SID}`
const PAUSE = `pauseRecording ${CALL_SID} RE1`
const hungUp = [`hangUp ${CALL_SID}`]
const internal = { state: 'error', reason: 'internal error', cause: isBroken } as const
const drained = { state: 'ended', reason: 'draining', cause: isBroken } as const
const byApi = { state: 'ended', reason: 'hung up by API', cause: undefined } as const

/** A recording whose command breaks is as it was before, and the call goes on. */
const recordingFault = (name: string, steps: readonly Step[], where: string | undefined, sent: string[]): Fault => ({
  name: `the command to ${name} a recording breaks`,
  breaks: 'carrier',
  steps: [...talks, ...steps],
  where: [where === undefined ? 'active.recording.off' : 'active.recording.on'],
  ...(where && { recording: where }),
  news: [...sent.map((command) => (command === START ? 'in-progress' : 'paused')), 'unknown'],
  sent,
  output: { ...byApi, cause: isBroken },
})

const FAULTS: readonly Fault[] = [
  {
    name: 'the command to place the call breaks',
    direction: 'outbound',
    breaks: 'carrier',
    steps: dials,
    where: ['stopping.settling.waiting'],
    sent: [],
    output: internal,
  },
  {
    name: 'the command to look for a call breaks',
    direction: 'outbound',
    breaks: 'carrier',
    steps: [...isInDoubt, (call) => call.wait(TIMING.doubtMs)],
    where: ['stopping.settling.waiting'],
    sent: ['placeCall'],
    output: { state: 'error', reason: 'carrier refused', cause: noAnswer.message },
  },
  {
    name: 'the command to look for a call that nobody wants breaks',
    direction: 'outbound',
    breaks: 'carrier',
    steps: [...isInDoubt, hangsUp, (call) => call.wait(TIMING.settleMs)],
    where: ['stopping.releasing'],
    sent: ['placeCall'],
    output: { ...byApi, cause: noAnswer.message },
  },
  ...(['inbound', 'outbound'] as const).map((child) => ({
    name: `${child} breaks when the stream comes`,
    breaks: child,
    steps: talks,
    where: ['stopping.hangingUp'],
    sent: hungUp,
    output: internal,
  })),
  {
    name: 'the queue breaks when the last words are to be played',
    breaks: 'outbound',
    steps: [...talks, finishes],
    where: ['stopping.hangingUp'],
    sent: hungUp,
    output: drained,
  },
  {
    name: 'the queue breaks when the last words before a transfer are to be played',
    breaks: 'outbound',
    steps: [...talks, (call) => call.tell(transfer)],
    where: ['active.transfer.away'],
    sent: [`transfer ${CALL_SID}`],
    output: byApi,
  },
  {
    name: 'the command to hang up breaks',
    breaks: 'carrier',
    steps: [...talks, finishes, hangsUp],
    where: ['stopping.releasing'],
    sent: [],
    output: drained,
  },
  {
    name: 'the command to transfer breaks',
    breaks: 'carrier',
    steps: [...talks, transfers],
    where: ['active.stream.lost.dropped', 'active.transfer.none'],
    sent: [],
    output: { ...byApi, cause: isBroken },
  },
  {
    name: 'the transfer itself breaks',
    breaks: 'transfer',
    steps: [...talks, transfers, (call) => call.answer('transfer')],
    where: ['active.stream.lost.dropped', 'active.transfer.none'],
    sent: [`transfer ${CALL_SID}`],
    output: byApi,
  },
  {
    name: 'the recording itself breaks',
    breaks: 'recording',
    steps: [...talks, records, rolls],
    where: ['active.recording.off'],
    news: ['unknown'],
    sent: [START],
    output: byApi,
  },
  recordingFault('start', [records], undefined, []),
  recordingFault('pause', [records, rolls, pauses], 'rolling', [START]),
  recordingFault('resume', [records, rolls, pauses, isPaused, resumes], 'paused', [START, PAUSE]),
  recordingFault('stop', [records, rolls, stops], 'rolling', [START]),
  recordingFault('stop, while it is paused,', [records, rolls, pauses, isPaused, stops], 'paused', [START, PAUSE]),
]

export const directWalks = (): Walk[] =>
  FAULTS.map(({ name, direction = 'inbound', breaks, steps, where, recording, news = [], sent, output }) => ({
    name: `fault: ${name}`,
    steps: steps.length,
    run: async (options) => {
      const broken: Child[] = []
      const call = new CallUnderTest({ ...options, direction, broken })
      for (const [index, step] of steps.entries()) {
        if (index === steps.length - 1) broken.push(breaks)
        await step(call)
      }
      expect(
        where.filter((path) => !call.is(path)),
        `at ${call.where}`,
      ).toEqual([])
      expect({
        recording: call.whereIs('recording'),
        news: call.recordings.map(({ status }) => status),
        sent: call.sent,
      }).toEqual({ recording, news, sent })
      expect(await call.end()).toEqual(output)
    },
  }))
