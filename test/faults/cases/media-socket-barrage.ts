import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { expect, onTestFinished } from 'vitest'
import { pino } from 'pino'
import { WebSocket } from 'ws'
import { signUpgrade } from '../../../src/twilio/signature.ts'
import { mutatedBytes } from '../../fuzz/mutated-bytes.ts'
import { mutatedJson } from '../../fuzz/mutated-json.ts'
import { mutatedText } from '../../fuzz/mutated-text.ts'
import { startMessage, tokenIn } from '../../scenarios/foreign-socket.ts'
import { OUR_NUMBER, PUBLIC_URL, type Stage } from '../../scenarios/stage.ts'
import { frame, PING, TEXT } from '../../sockets/raw-peer.ts'
import { MEDIA, MESSAGES } from '../../twilio/wire-messages.ts'
import type { StagedFault } from '../fault.ts'

/** Ten thousand frames, damaged in a hundred ways and the same each time, on hundreds of sockets one after the other. */

const ALL_FRAMES = 10_000
/** As many as one socket may send within ten seconds though all of them be malformed. */
const FRAMES_A_SOCKET = 19
/** One socket on the stream of a call, and one that never has a call. */
const PAIRS = Math.ceil(ALL_FRAMES / FRAMES_A_SOCKET / 2)
/** Before memory is looked at: what runs for the first time takes some for good. */
const WARM_UP = 30
/** Sockets that wait for their `start` are counted for a second longer than they live. */
const PAIRS_A_SECOND = 60
const MOST_BYTES = 64 * 1024
const MOST_GROWTH_BYTES = 20_000_000
const CALLER = '+15551110001'

const { start = {}, stop = {}, ...others } = MESSAGES
/** Of different ages, so that some of them are heard, and some leave a gap. */
const audio = [5, 6, 30].map((at) => ({
  ...MEDIA,
  sequenceNumber: String(at),
  media: { ...MEDIA.media, timestamp: String(at * 20) },
}))

/** Past the limit of a message the socket would be closed, and the frames behind it not be read. */
const mutated = (messages: readonly object[]) =>
  fc
    .oneof(mutatedJson(messages), mutatedText(messages.map((message) => JSON.stringify(message))))
    .filter((text) => Buffer.byteLength(text) <= MOST_BYTES)

/** A `stop` that is one after all would be the end of the call. */
const onStream = (sid: string) =>
  mutated([start, ...audio, ...Object.values(others)].map((each) => ({ ...each, streamSid: sid })))
/** And a `start` of a call that nobody knows would be the end of the socket. */
const beforeStart = mutated([stop, ...Object.values(others)])
const startAfterAll = mutated([start])
const wholeFrames = Object.values(MESSAGES).map((message) => frame(TEXT, JSON.stringify(message)))
const brokenFrame = mutatedBytes(wholeFrames, [frame(PING, 'x'), Buffer.alloc(8), Buffer.from([0xff])])

const sample = <T>(arbitrary: fc.Arbitrary<T>, seed: number, numRuns: number) => fc.sample(arbitrary, { seed, numRuns })

interface Knocker {
  readonly socket: WebSocket
  readonly tcp: Socket
}

async function knock(stage: Stage): Promise<Knocker> {
  const signature = signUpgrade({ url: `${PUBLIC_URL.replace('https', 'wss')}/ws`, token: stage.carrier.authToken })
  const socket = new WebSocket(`${stage.url.replace('http', 'ws')}/ws`, {
    perMessageDeflate: false,
    headers: { 'x-twilio-signature': signature },
  })
  socket.on('error', () => undefined)
  let tcp: Socket | undefined
  socket.on('upgrade', (response) => (tcp = response.socket))
  await once(socket, 'open')
  if (tcp === undefined) throw new Error('expected a TCP socket under the WebSocket, got none')
  return { socket, tcp }
}

/** Resolves when the server has read all that was sent, or has closed. */
function heardOut({ socket }: Knocker): Promise<unknown> {
  socket.ping('heard?')
  return Promise.race([once(socket, 'pong'), once(socket, 'close')])
}

/** Nonsense, then a `start` that is none, then what is not even a WebSocket frame. */
async function knockInVain(stage: Stage, seed: number): Promise<void> {
  const knocker = await knock(stage)
  for (const text of sample(beforeStart, seed, FRAMES_A_SOCKET - 2)) knocker.socket.send(text)
  await heardOut(knocker)
  for (const text of sample(startAfterAll, seed, 1)) knocker.socket.send(text)
  for (const bytes of sample(brokenFrame, seed, 1)) knocker.tcp.end(bytes)
  await once(knocker.socket, 'close')
}

/** Takes the call's stream over with a token of its own, and talks nonsense on it. */
async function talkNonsense(stage: Stage, callSid: string, seed: number): Promise<Knocker & { readonly sid: string }> {
  const token = tokenIn(await stage.askAgain(callSid, CALLER))
  const sid = `MZ${seed.toString(16).padStart(32, '0')}`
  const knocker = await knock(stage)
  knocker.socket.send(JSON.stringify({ ...startMessage(stage, { callSid, token }), streamSid: sid }))
  for (const text of sample(onStream(sid), seed, FRAMES_A_SOCKET)) knocker.socket.send(text)
  await heardOut(knocker)
  expect(stage.view(callSid)).toMatchObject({ state: 'active', streamSid: sid })
  return { ...knocker, sid }
}

function memoryInUse(): () => number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  return () => {
    collect()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
}

/** Counts what nobody has caught, until the test is over. */
function watchUncaught(): { count: number } {
  const uncaught = { count: 0 }
  const note = () => void (uncaught.count += 1)
  process.on('uncaughtExceptionMonitor', note)
  onTestFinished(() => void process.off('uncaughtExceptionMonitor', note))
  return uncaught
}

/** Counted from when the server is up; kept, they would be memory of ours. */
const lines = { malformed: 0, errors: 0 }
const write = (line: string) => {
  if (line.includes('malformed media message')) lines.malformed += 1
  if (line.includes('"level":50') || line.includes('"level":60')) lines.errors += 1
}

const mutatedFrames: StagedFault = {
  name: '10,000 frames, mutated from a seed, half of them on the stream of a call',
  expected: 'nothing uncaught, no error of ours; memory grows by less than 20 MB; the call goes on',
  stage: { logger: pino({ level: 'debug' }, { write }) },
  befall: async ({ stage }) => {
    Object.assign(lines, { malformed: 0, errors: 0 })
    const uncaught = watchUncaught()
    const inUse = memoryInUse()
    const caller = stage.carrier.caller(CALLER)
    const call = await caller.dials(OUR_NUMBER, { voiceUrl: `${PUBLIC_URL}/twiml`, streamNeverComes: true })
    let stream = await talkNonsense(stage, call.sid, 0)
    let before = 0
    for (let count = 1; count <= PAIRS; count += 1) {
      if (count === WARM_UP) before = inUse()
      if (count % PAIRS_A_SECOND === 0) await stage.clock.advance(1_000)
      ;[stream] = await Promise.all([talkNonsense(stage, call.sid, count), knockInVain(stage, count)])
    }
    expect(inUse() - before).toBeLessThan(MOST_GROWTH_BYTES)
    expect([uncaught.count, lines.errors]).toEqual([0, 0])
    // They were read: most of them are no messages.
    expect(lines.malformed).toBeGreaterThan(ALL_FRAMES / 2)
    expect(Number(stage.view(call.sid).stats['framesIn'])).toBeGreaterThan(PAIRS)
    const { accountSid } = stage.carrier
    const sequenceNumber = '9'.repeat(15)
    const farewell = { ...stop, sequenceNumber, streamSid: stream.sid, stop: { accountSid, callSid: call.sid } }
    stream.socket.send(JSON.stringify(farewell))
    await once(stream.socket, 'close')
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    return 'nothing uncaught, no error of ours, less than 20 MB; the call went on'
  },
}

export const BARRAGE: readonly StagedFault[] = [mutatedFrames]
