/**
 * What each step of a frame's way costs: written plainly, as it is here, and the least that was ever measured for it
 * (the floor, mostly WebAssembly or a bare loop), all as multiples of JSON.parse + JSON.stringify of one message.
 */
/* oxlint-disable import/default, import/no-named-as-default-member -- the linter reads the packages' bundler entries */

import alawmulaw from 'alawmulaw'
import {
  decodeMulaw,
  Downsampler16to8,
  dtmfTones,
  encodeMulaw,
  TelephoneDecoder,
  TelephoneEncoder,
  Upsampler8to16,
} from '../audio/index.ts'
import { SpeechDetector } from '../media/speech-detector.ts'
import { parseStreamSid } from '../twilio/ids.ts'
import { scanMedia } from '../twilio/media-scan.ts'
import { mediaMessage } from '../twilio/outbound-messages.ts'
import { type Step, timeSteps } from './step-timing.ts'

export interface StageCost {
  readonly name: string
  /** As multiples of JSON alone; undefined where there is no such way. */
  readonly plain: number | undefined
  readonly ours: number
  readonly floor: number | undefined
}

interface Stage {
  readonly name: string
  readonly plain?: () => number
  readonly ours: () => number
  /** Microseconds of the run in which JSON took {@link FLOOR_JSON_US}. */
  readonly floorUs?: number
}

const FLOOR_JSON_US = 0.95 + 0.74
const TURNS = 1_000
const FRAME = 160
const STREAM_SID = parseStreamSid(`MZ${'0123456789abcdef'.repeat(2)}`)

export async function measureStages(): Promise<readonly StageCost[]> {
  const stages = [...inbound(), ...outbound()]
  const text = inboundText()
  const json = step('JSON', () => JSON.stringify(JSON.parse(text)).length)
  const timed = stages.map(({ name, ours, plain }) => ({
    ours: step(name, ours),
    plain: plain === undefined ? undefined : step(name, plain),
  }))
  const all = timed.flatMap((pair) => [pair.ours, ...(pair.plain === undefined ? [] : [pair.plain])])
  const cost = await timeSteps([json, ...all])
  const ratio = (one: Step | undefined) =>
    one === undefined ? undefined : (cost.get(one) ?? 0) / (cost.get(json) ?? 1)
  return stages.map(({ name, floorUs }, index) => ({
    name,
    plain: ratio(timed[index]?.plain),
    ours: ratio(timed[index]?.ours) ?? Number.NaN,
    floor: floorUs === undefined ? undefined : floorUs / FLOOR_JSON_US,
  }))
}

function step(name: string, run: () => number): Step {
  return { name, run, turns: TURNS }
}

function inbound(): Stage[] {
  const text = inboundText()
  const wire = Buffer.from(text)
  const base64 = audio().toString('base64')
  const [bytes, narrow, wide] = [Buffer.alloc(FRAME), new Int16Array(FRAME), new Int16Array(2 * FRAME)]
  const mulaw = audio()
  decodeMulaw(mulaw, narrow)
  const [up, decoder, detector] = [new Upsampler8to16(), new TelephoneDecoder(), new SpeechDetector(() => {})]
  return [
    { name: 'bytes to text', ours: () => wire.toString().length },
    { name: 'media message read', plain: () => payloadOf(text), ours: () => lengthOf(text), floorUs: 0.16 },
    {
      name: 'base64 in',
      plain: () => Buffer.from(base64, 'base64').length,
      ours: () => bytes.write(base64, 0, 'base64'),
      floorUs: 0.09,
    },
    {
      name: 'mu-law decoded',
      plain: () => alawmulaw.mulaw.decode(mulaw).length,
      ours: () => decodeMulaw(mulaw, narrow),
      floorUs: 0.29,
    },
    { name: '8 to 16 kHz', ours: () => up.process(narrow, wide), floorUs: 1.2 },
    {
      name: 'speech detected',
      ours: () => {
        detector.push(mulaw)
        return 1
      },
    },
    { name: 'copied for a reader', ours: () => wide.slice().length },
    {
      name: 'whole way in',
      ours: () => {
        const length = bytes.write(scanMedia(wire.toString())?.payload ?? '', 0, 'base64')
        return decoder.decode(bytes.subarray(0, length), wide)
      },
      floorUs: 3,
    },
  ]
}

function outbound(): Stage[] {
  const pcm = dtmfTones('5').slice(0, 2 * FRAME)
  const [narrow, bytes] = [new Int16Array(FRAME), Buffer.alloc(FRAME)]
  const base64 = audio().toString('base64')
  const [down, encoder] = [new Downsampler16to8(), new TelephoneEncoder(16000)]
  const plainMessage = { event: 'media', streamSid: STREAM_SID, media: { payload: base64 } }
  return [
    { name: '16 to 8 kHz', ours: () => down.process(pcm, narrow), floorUs: 1.7 },
    {
      name: 'mu-law encoded',
      plain: () => alawmulaw.mulaw.encode(narrow).length,
      ours: () => encodeMulaw(narrow, bytes),
      floorUs: 0.31,
    },
    {
      name: 'base64 out',
      plain: () => Buffer.from(bytes).toString('base64').length,
      ours: () => bytes.toString('base64').length,
      floorUs: 0.08,
    },
    {
      name: 'media message written',
      plain: () => JSON.stringify(plainMessage).length,
      ours: () => mediaMessage(STREAM_SID, base64).length,
      floorUs: 0.007,
    },
    {
      name: 'whole way out',
      ours: () => {
        encoder.encode(pcm, bytes)
        return mediaMessage(STREAM_SID, bytes.toString('base64')).length
      },
      floorUs: 2,
    },
  ]
}

function payloadOf(text: string): number {
  return (JSON.parse(text) as { media: { payload: string } }).media.payload.length
}

function lengthOf(text: string): number {
  return scanMedia(text)?.payload.length ?? 0
}

/** mu-law of 20 ms. */
function audio(): Buffer {
  const bytes = Buffer.alloc(FRAME)
  encodeMulaw(dtmfTones('5', { rate: 8000 }).subarray(0, FRAME), bytes)
  return bytes
}

function inboundText(): string {
  const media = { track: 'inbound', chunk: '1233', timestamp: '24660', payload: audio().toString('base64') }
  return JSON.stringify({ event: 'media', sequenceNumber: '1234', media, streamSid: STREAM_SID })
}
