import type { SimulatedCall } from '../simulator/call.ts'
import type { RestOperation } from '../simulator/rest-faults.ts'
import { sleep } from '../simulator/waiting.ts'
import type { Agenda } from './agenda.ts'
import { Chance } from './chance.ts'
import { numbersOf } from './numbers.ts'
import type { Performance } from './performance.ts'
import type { CallPlan } from './plan.ts'
import { SOCKET_URL, type Stage, VOICE_URL } from './stage.ts'
import { meetTarget } from './target.ts'
import { FAILED_ANSWERS, type MeddlingDeed, type Trouble } from './trouble.ts'

export interface Scene {
  readonly call: SimulatedCall
  readonly performance: Performance
  readonly stage: Stage
  readonly agenda: Agenda
}

/** How long a call may take to be over when its leg is. */
const END_MS = 30_000
/** Between the losses of one stream and the next. */
const BETWEEN_RESETS_MS = 1_500
/** To somebody who answers soon, talks, and hangs up. */
const HANDED_OVER = { outcome: 'answers', answersAfterMs: 1_000, hangsUp: 'target', talkMs: 2_000 } as const
/** What a server may answer a program that asks for what makes no sense at the moment. */
const FINE = new Set([200, 202, 400, 404, 409, 503])

const OPERATIONS: Readonly<Record<Extract<Trouble, { answer: unknown }>['kind'], readonly RestOperation[]>> = {
  'create fails': ['create'],
  'update fails': ['update'],
  'list fails': ['list'],
  'recording fails': ['startRecording', 'changeRecording'],
}
/** Requests that name whom a call is for, and no call. */
const BY_NUMBER: ReadonlySet<RestOperation> = new Set(['create', 'list'])

/**
 * Has the carrier fail at requests about a call: its SID, or whom it is for as long as it has none. Returns what takes
 * back the answers that nobody has asked for.
 */
export function prepareAnswers({ troubles }: CallPlan, about: string, { carrier }: Stage): () => void {
  const isNumber = about.startsWith('+')
  const withdrawals = troubles.flatMap((trouble) => {
    if (!('answer' in trouble)) return []
    const operations = OPERATIONS[trouble.kind].filter((operation) => BY_NUMBER.has(operation) === isNumber)
    const answers = operations.flatMap((operation) => {
      return Array.from({ length: trouble.times }, () => ({ operation, about, ...FAILED_ANSWERS[trouble.answer] }))
    })
    return answers.map((answer) => carrier.rest.answerNext(answer))
  })
  return () => {
    for (const withdraw of withdrawals) withdraw()
  }
}

export function makeTrouble(trouble: Trouble, scene: Scene): void {
  const { call, agenda } = scene
  switch (trouble.kind) {
    case 'stream reset':
      for (let time = 0; time < trouble.times; time += 1) {
        agenda.at(trouble.atMs + time * BETWEEN_RESETS_MS, () => call.loseStream())
      }
      return
    case 'half-open':
      return agenda.at(trouble.atMs, () => call.halfOpen())
    case 'mute':
      agenda.at(trouble.atMs, () => call.mute())
      return agenda.at(trouble.atMs + trouble.forMs, () => call.unmute())
    case 'slow reader':
      agenda.at(trouble.atMs, () => call.stopReading())
      return agenda.at(trouble.atMs + trouble.forMs, () => call.startReading())
    case 'nonsense':
      return agenda.at(trouble.atMs, () => {
        for (const text of nonsense(call, trouble.count)) call.sendRaw(text)
      })
    case 'huge message':
      return agenda.at(trouble.atMs, () =>
        call.sendRaw(JSON.stringify({ event: 'media', padding: 'x'.repeat(70_000) })),
      )
    case 'broken frames':
      return agenda.at(trouble.atMs, () => call.sendBytes(Uint8Array.of(0xff, 0xff, 1, 2, 3, 4)))
    case 'lost frames':
      return agenda.at(trouble.atMs, () => call.skip(trouble.forMs))
    case 'stale frames':
      return agenda.at(trouble.atMs, () => {
        for (let count = 0; count < trouble.count; count += 1) call.sendRaw(staleFrame(call))
      })
    case 'second start':
      return agenda.at(trouble.atMs, () => call.sendRaw(secondStart(call, scene.stage)))
    case 'keys at once':
      return agenda.at(trouble.atMs, () => {
        for (let count = 0; count < trouble.count; count += 1) call.stream?.press(String(count % 10))
      })
    case 'replayed token':
      return agenda.at(trouble.atMs, () => pretend(scene, call.stream?.customParameters['token'] ?? ''))
    case 'forged token':
      return agenda.at(trouble.atMs, () => pretend(scene, 'a token that nobody gave'))
    case 'takeover':
      return agenda.at(trouble.atMs, () => takeOver(scene))
    case 'repeated webhook':
      return agenda.at(trouble.atMs, () => repeatWebhook(scene, trouble.times))
    case 'meddling':
      for (const { atMs, deed } of trouble.deeds) agenda.at(atMs, () => meddle(deed, scene))
      return
    case 'reader of events':
      return agenda.at(trouble.atMs, () => readEvents(scene, trouble.forMs))
    // These are the leg's, the carrier's, or the far end's, from the beginning.
    case 'jitter':
    case 'late callbacks':
    case 'double callbacks':
    case 'reversed callbacks':
    case 'no callbacks':
    case 'no stream':
    case 'create fails':
    case 'update fails':
    case 'list fails':
    case 'recording fails':
    case 'early hang-up':
    case 'double ending':
  }
}

/** One after the other of what is no message of the protocol. */
function nonsense({ stream, sid }: SimulatedCall, count: number): string[] {
  const streamSid = stream?.sid ?? ''
  const chance = new Chance(count, sid)
  const kinds: readonly [() => string, ...(() => string)[]] = [
    () => 'no json',
    () => '[]',
    () => '{"event":7}',
    () => JSON.stringify({ event: 'media', streamSid }),
    () => JSON.stringify({ event: 'media', streamSid, sequenceNumber: '9', media: { payload: '****' } }),
    () => JSON.stringify({ event: 'dtmf', streamSid, sequenceNumber: 'x', dtmf: null }),
    () => JSON.stringify({ event: 'mark', streamSid: `MZ${'0'.repeat(32)}`, sequenceNumber: '9', mark: { name: 'x' } }),
    () => '\u0000'.repeat(100),
    () => '{"event":"media",'.repeat(200),
  ]
  return Array.from({ length: count }, () => chance.pick(kinds)())
}

function staleFrame({ stream }: SimulatedCall): string {
  const media = { track: 'inbound', chunk: '1', timestamp: '160', payload: Buffer.alloc(160, 0x55).toString('base64') }
  return JSON.stringify({ event: 'media', sequenceNumber: '2', media, streamSid: stream?.sid ?? '' })
}

function secondStart({ sid: callSid, stream }: SimulatedCall, { carrier }: Stage): string {
  const streamSid = stream?.sid ?? ''
  const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
  const customParameters = stream?.customParameters ?? {}
  const start = {
    accountSid: carrier.accountSid,
    streamSid,
    callSid,
    tracks: ['inbound'],
    mediaFormat,
    customParameters,
  }
  return JSON.stringify({ event: 'start', sequenceNumber: '1', start, streamSid })
}

/** A signed socket of somebody else's, which must not get any further. */
async function pretend({ call, performance, stage }: Scene, token: string): Promise<void> {
  const stream = stage.carrier.opensStream({ url: SOCKET_URL, callSid: call.sid, customParameters: { token } })
  const { by, closeCode } = await stream.ended
  if (!(by === 'server' && closeCode === 1008) && !call.isOver) {
    performance.complain(`expected a false token to be refused with 1008, got ${closeCode ?? by}`)
  }
}

async function takeOver({ call, stage }: Scene): Promise<void> {
  const { body } = await stage.carrier.repeatsWebhook(call, VOICE_URL)
  const token = /name="token" value="([^"]+)"/.exec(body)?.[1]
  if (token === undefined || call.isOver) return
  const stream = stage.carrier.opensStream({ url: SOCKET_URL, callSid: call.sid, customParameters: { token } })
  // As the carrier does with every stream of a call that is over.
  call.over.addEventListener('abort', () => stream.stop(), { once: true })
  await stream.ended
}

async function repeatWebhook({ call, performance, stage }: Scene, times: number): Promise<void> {
  const answers = await Promise.all(Array.from({ length: times }, () => stage.carrier.repeatsWebhook(call, VOICE_URL)))
  const odd = answers.find(({ body }) => !/<Connect|<Hangup/.test(body))
  if (odd !== undefined)
    performance.complain(`expected a repeated webhook to be answered as the first, got ${odd.body}`)
}

async function meddle(deed: MeddlingDeed['deed'], { call, performance, stage }: Scene): Promise<void> {
  const { api, carrier } = stage
  const path = `/calls/${call.sid}`
  const target = numbersOf(performance.plan.line).meddled
  const asked = {
    digits: () => api.ask('POST', `${path}/digits`, { digits: '1#' }),
    hold: () => api.ask('POST', `${path}/hold`),
    resume: () => api.ask('DELETE', `${path}/hold`),
    record: () => api.ask('POST', `${path}/recording`),
    'pause recording': () => api.ask('PATCH', `${path}/recording`, { status: 'paused' }),
    'stop recording': () => api.ask('DELETE', `${path}/recording`),
    transfer: () => {
      carrier.callee(target, 'busy')
      return api.ask('POST', `${path}/transfer`, { to: target, ringTimeoutSeconds: 5 })
    },
    'hand over': () => {
      meetTarget(performance, { number: target, ...HANDED_OVER }, stage)
      return api.ask('POST', `${path}/transfer`, { to: target, ringTimeoutSeconds: 5 })
    },
    look: () => api.ask('GET', path),
  } as const
  const { status, text } = await asked[deed]()
  if (!FINE.has(status)) performance.complain(`expected ${deed} to be done or refused, got ${status} ${text}`)
}

/** Leaves in the middle, or stays to the end, which has to be told then. */
async function readEvents({ call, performance, stage: { api, clock } }: Scene, forMs: number): Promise<void> {
  const leave = new AbortController()
  const reading = api.follow(call.sid, leave.signal)
  await sleep(clock, forMs, call.over)
  if (!call.isOver) leave.abort()
  const patience = clock.setTimeout(() => leave.abort(), END_MS)
  const types = await reading
  clock.clearTimeout(patience)
  const ends = types.filter((type) => type === 'end').length
  if (!leave.signal.aborted && (ends !== 1 || types.at(-1) !== 'end')) {
    performance.complain(`expected the events of a call to come to one end, got ${types.join(', ')}`)
  }
}
