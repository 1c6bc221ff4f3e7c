import { expect, onTestFinished } from 'vitest'
import { signUpgrade } from '../../../src/twilio/signature.ts'
import { MALLORYS_STREAM, openForeignSocket, startMessage } from '../../scenarios/foreign-socket.ts'
import { PUBLIC_URL, type Stage } from '../../scenarios/stage.ts'
import { frame, RawPeer, TEXT } from '../../sockets/raw-peer.ts'
import { eventually } from '../../sockets/upgrade-rig.ts'
import type { StagedFault } from '../fault.ts'

/** A socket that was signed for, and never says whose it is. */

const LIMIT_MS = 5_000
/** Of real time: sockets take some, and a busy machine more. */
const PATIENCE_MS = 5_000
const MEDIA = {
  event: 'media',
  sequenceNumber: '2',
  media: { track: 'inbound', chunk: '1', timestamp: '20', payload: '/w==' },
  streamSid: MALLORYS_STREAM,
}
const OFFERS = [
  'permessage-deflate',
  'permessage-deflate; client_max_window_bits; server_no_context_takeover',
  'permessage-deflate; server_max_window_bits=10, permessage-deflate',
]

const complaints = ({ log }: Stage) => log.filter(({ msg }) => msg === 'malformed media message').map(({ why }) => why)
const ERROR = 50

const silent: StagedFault = {
  name: 'no `start` within 5 s',
  expected: '1008; no call comes of it',
  befall: async ({ stage }) => {
    const before = stage.views().length
    const foreign = await openForeignSocket(stage)
    foreign.send({ event: 'connected', protocol: 'Call', version: '1.0.0' })
    await stage.clock.advance(LIMIT_MS - 1)
    expect(foreign.socket.readyState).toBe(foreign.socket.OPEN)
    await stage.clock.advance(1)
    expect(await foreign.closed()).toEqual({ code: 1008, reason: 'expected a start message within 5 s, got none' })
    expect(stage.views()).toHaveLength(before)
    return '1008 after 5 s; no call'
  },
}

const early: StagedFault = {
  name: '`media` before `start`',
  expected: 'counted; no call, no agent; the limit of 5 s stands',
  befall: async ({ stage }) => {
    const before = stage.views().length
    const logged = stage.log.length
    const foreign = await openForeignSocket(stage)
    foreign.send(MEDIA)
    await eventually(() => expect(complaints(stage)).toEqual(['expected start, got media']), PATIENCE_MS)
    expect(stage.views()).toHaveLength(before)
    await stage.clock.advance(LIMIT_MS)
    expect((await foreign.closed()).code).toBe(1008)
    expect(stage.log.slice(logged).filter(({ level }) => level >= ERROR)).toEqual([])
    return 'counted; no call; 1008 after 5 s'
  },
}

type Damaged = readonly [field: string, text: string]
type Values = Readonly<Record<string, readonly unknown[]>>

/** The message with each of the values in the place of a field, by the field's name. */
function withOthers(message: object, fields: Values): Damaged[] {
  return Object.entries(fields).flatMap(([field, values]) =>
    values.map((value): Damaged => [field, JSON.stringify(replaced(message, field, value))]),
  )
}

/** The same, and the message without the field, which JSON leaves out. */
function damaged(message: object, fields: Values): Damaged[] {
  const lacking = Object.entries(fields).map(([field, values]) => [field, [undefined, ...values]] as const)
  return withOthers(message, Object.fromEntries(lacking))
}

function replaced(message: object, field: string, value: unknown): object {
  const [name = '', ...rest] = field.split('.')
  const inner = rest.length === 0 ? value : replaced(Reflect.get(message, name) as object, rest.join('.'), value)
  return { ...message, [name]: inner }
}

const NO_TEXT = [null, 7, true, ['x'], { x: 1 }]
const NO_SID = [...NO_TEXT, '', 'MZ1']
const NO_COUNT = [...NO_TEXT, '', '-1', '1e3', '1'.repeat(16)]
const NO_OBJECT = [null, 7, true, 'x', ['x']]
const NO_NUMBER = [null, '8000', true, 0, -1, 0.5, [1]]

const BAD_MEDIA = damaged(MEDIA, {
  event: NO_TEXT,
  streamSid: NO_SID,
  sequenceNumber: NO_COUNT,
  media: NO_OBJECT,
  'media.track': [...NO_TEXT, '', 'both'],
  'media.chunk': NO_COUNT,
  'media.timestamp': NO_COUNT,
  'media.payload': [...NO_TEXT, '****', 'AA=A'],
})

function badStarts(stage: Stage): Damaged[] {
  const start = startMessage(stage, { callSid: `CA${'c'.repeat(32)}`, token: 'x' })
  const bad = damaged(start, {
    event: NO_TEXT,
    streamSid: NO_SID,
    sequenceNumber: NO_COUNT,
    start: NO_OBJECT,
    'start.accountSid': NO_SID,
    'start.callSid': NO_SID,
    'start.tracks': [null, 7, true, 'inbound', { x: 1 }, [7]],
    'start.mediaFormat': NO_OBJECT,
    'start.mediaFormat.encoding': NO_TEXT,
    'start.mediaFormat.sampleRate': NO_NUMBER,
    'start.mediaFormat.channels': NO_NUMBER,
  })
  // Parameters may be left out: then it is a start.
  const parameters = { 'start.customParameters': NO_OBJECT, 'start.customParameters.token': NO_TEXT }
  return [...bad, ...withOthers(start, parameters)]
}

/** Borne of one socket in ten seconds. */
const MOST = 19

const fieldByField: StagedFault = {
  name: 'every field of `media` and `start` left out, or of another type',
  expected: 'each is complained of by the name of the field; none is taken for a `start`',
  befall: async ({ stage }) => {
    const before = stage.views().length
    const all = [...BAD_MEDIA, ...badStarts(stage)]
    for (let from = 0; from < all.length; from += MOST) {
      const some = all.slice(from, from + MOST)
      const foreign = await openForeignSocket(stage)
      for (const [, text] of some) foreign.send(text)
      await eventually(() => expect(complaints(stage)).toHaveLength(from + some.length), PATIENCE_MS)
      expect(foreign.socket.readyState).toBe(foreign.socket.OPEN)
      foreign.socket.terminate()
    }
    for (const [index, why] of complaints(stage).entries()) {
      expect(why).toMatch(new RegExp(`^expected ${all[index]?.[0].replaceAll('.', '\\.')}(?:\\.0)? to be .+, got .+$`))
    }
    expect(stage.views()).toHaveLength(before)
    return `${all.length} messages, each with its complaint; no call`
  },
}

const deflating: StagedFault = {
  name: 'compression is offered',
  expected: 'not negotiated; whoever compresses all the same is closed with 1002',
  befall: async ({ stage }) => {
    const signature = signUpgrade({ url: `${PUBLIC_URL.replace('https', 'wss')}/ws`, token: stage.carrier.authToken })
    for (const offer of OFFERS) {
      const headers = { 'X-Twilio-Signature': signature, 'Sec-WebSocket-Extensions': offer }
      const peer = new RawPeer(Number(new URL(stage.url).port), { headers })
      onTestFinished(() => void peer.socket.destroy())
      await eventually(() => expect(peer.status).toBe(101), PATIENCE_MS)
      expect(peer.answer).not.toMatch(/extensions/i)
      peer.send(frame(TEXT, JSON.stringify(MEDIA), { rsv: 4 }))
      await eventually(() => expect(peer.closeCode).toBe(1002), PATIENCE_MS)
      peer.socket.destroy()
    }
    return 'no extension in the answer; 1002'
  },
}

export const STRANGERS: readonly StagedFault[] = [silent, early, fieldByField, deflating]
