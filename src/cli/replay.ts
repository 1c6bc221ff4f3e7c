import { randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { systemClock } from '../clock.ts'
import { type Course, courseOf } from '../recording/course.ts'
import { differences } from '../recording/differences.ts'
import { readRecording, type Recording } from '../recording/recording.ts'
import { HurriedClock } from '../simulator/hurried-clock.ts'
import { courseOfCall, replayCall } from '../simulator/replay.ts'
import { publicAddress, reachOf } from '../simulator/simulate.ts'
import { createSimulatedCarrier } from '../simulator/simulated-carrier.ts'
import { VirtualClock } from '../simulator/virtual-clock.ts'
import { replayInProcess } from './replay-server.ts'

export interface ReplayCommandOptions {
  /** A server that runs already; one of our own in this process otherwise. */
  readonly voiceUrl?: string
  readonly accountSid?: string
  readonly authToken?: string
  readonly publicUrl?: string
  /** A module with the recording's agent, for the server in this process. */
  readonly agents?: string
  readonly fast?: boolean
  readonly json?: boolean
}

/** How much faster than life another server is tried with `--fast`. */
const PACE = 10
/** Real time that a hurried server has for an end of its own. */
const GRACE_MS = 5_000

/** Plays the carrier's side of a recording again. True when the call took the same course. */
export async function replay(file: string, options: ReplayCommandOptions): Promise<boolean> {
  const recording = readRecording(await readFile(file, 'utf8'))
  for (const caveat of caveatsOf(recording)) process.stderr.write(`${file}: ${caveat}\n`)
  const expected = courseOf(recording)
  const got = await play(recording, options)
  const apart = differences(expected, got, { ignoreAmounts: options.voiceUrl !== undefined && options.fast === true })
  const report = { file, call: recording.call.id, isSame: apart.length === 0, differences: apart, expected, got }
  process.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : describe(report))
  return report.isSame
}

function play(recording: Recording, options: ReplayCommandOptions): Promise<Course> {
  const { voiceUrl, fast, agents } = options
  if (voiceUrl !== undefined) return playRemotely(recording, { ...options, voiceUrl })
  return replayInProcess(recording, { clock: fast === true ? new VirtualClock() : systemClock, agentsFile: agents })
}

async function playRemotely(
  recording: Recording,
  options: ReplayCommandOptions & { readonly voiceUrl: string },
): Promise<Course> {
  const { voiceUrl, publicUrl, fast } = options
  const { TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN } = process.env
  const accountSid = options.accountSid ?? TWILIO_ACCOUNT_SID
  const authToken = options.authToken ?? TWILIO_AUTH_TOKEN
  const carrier = await createSimulatedCarrier({
    ...(accountSid ? { accountSid } : {}),
    ...(authToken ? { authToken } : {}),
    ...(fast === true ? { clock: new HurriedClock(PACE) } : {}),
    reach: reachOf({ voiceUrl, publicUrl }),
    // A server may remember the calls of an earlier run.
    seed: randomInt(2 ** 32),
  })
  try {
    const graceMs = fast === true ? GRACE_MS * PACE : GRACE_MS
    return courseOfCall(await replayCall({ carrier, recording, voiceUrl: publicAddress(voiceUrl, publicUrl), graceMs }))
  } finally {
    await carrier.close()
  }
}

function caveatsOf({ call, lines }: Recording): string[] {
  const dropped = lines.reduce((sum, line) => sum + (line.what === 'dropped' ? line.lines : 0), 0)
  return [
    ...(call.audio ? [] : ['recorded without audio: the line is quiet, and every key is a 0']),
    ...(dropped === 0 ? [] : [`${dropped} lines are missing, the disk was too slow`]),
    ...(lines.some((line) => line.what === 'end') ? [] : ['the recording breaks off before the end of the call']),
  ]
}

function describe({
  differences: apart,
  expected,
  got,
}: {
  differences: string[]
  expected: Course
  got: Course
}): string {
  if (apart.length > 0) return apart.map((line) => `${line}\n`).join('')
  const end = got.chart === undefined ? '' : `, ${got.chart.state}: ${got.chart.reason}`
  const steps = got.chart === undefined ? '' : `${got.chart.steps.length} steps, `
  const audio = Math.round(expected.outbound.mediaMs)
  return `the same course: ${steps}TwiML ${got.answers.join(', ')}, ${audio} ms of audio sent${end}\n`
}
