/**
 * What the audio of one frame costs, both ways: a media message in to 16 kHz PCM, and PCM out to a media message.
 *
 * All ways run in turn, round after round, in one process, and only ratios are printed: a shared machine makes every
 * microsecond doubtful, but it makes all of them doubtful alike.
 */
/* oxlint-disable import/default, import/no-named-as-default-member -- the linter reads the packages' bundler entries */
import alawmulaw from 'alawmulaw'
import waveResampler from 'wave-resampler'
import {
  dtmfTones,
  encodeMulaw,
  FRAME_MS,
  MULAW_BYTES_PER_MS,
  PCM_SAMPLES_PER_MS,
  type PcmRate,
  TelephoneDecoder,
  TelephoneEncoder,
} from '../audio/index.ts'
import { bytesPerTurn, type Step, timeSteps } from './step-timing.ts'
import { type Check, checkAtMost } from './checks.ts'

const FRAME_BYTES = FRAME_MS * MULAW_BYTES_PER_MS
const FRAME_SAMPLES = FRAME_MS * PCM_SAMPLES_PER_MS

const MESSAGE = mediaMessage(framePayload())
const PAYLOAD_KEY = '"payload":"'
const [MESSAGE_HEAD, MESSAGE_TAIL] = ['{"event":"media","streamSid":"MZ0123456789abcdef","media":{"payload":"', '"}}']

/** The cost of each way as a multiple of JSON alone, and how it stands to the targets. */
export interface AudioCosts {
  readonly rows: readonly { readonly name: string; readonly ratio: number }[]
  readonly checks: readonly Check[]
}

export async function measureAudio(): Promise<AudioCosts> {
  const [json, fast, naive] = [jsonAlone(), fastWay(), naiveWay()]
  const ways = [json, fast, plainWay(), wayIn(), wayOut(16000), wayOut(24000), naive]
  const cost = await timeSteps(ways)
  const of = (way: Step): number => cost.get(way) ?? Number.NaN
  return {
    rows: ways.map((way) => ({ name: way.name, ratio: of(way) / of(json) })),
    checks: [
      checkAtMost('conversion in + out / JSON.parse + JSON.stringify', of(fast) / of(json), 6),
      checkAtMost('conversion in + out / the packages frame by frame', of(fast) / of(naive), 0.1),
      checkAtMost('bytes allocated per frame, in', bytesPerTurn(wayIn()), 1024),
      checkAtMost('bytes allocated per frame, out', bytesPerTurn(wayOut(16000)), 1024),
    ],
  }
}

function jsonAlone(): Step {
  return { name: 'JSON.parse + JSON.stringify', turns: 2000, run: () => JSON.stringify(parsed()).length }
}

function fastWay(): Step {
  const [receive, speak] = [wayIn(), wayOut(16000)]
  return { name: 'in + out', turns: 2000, run: () => receive.run() + speak.run() }
}

/** A scan for the payload, as the media plane does it. */
function wayIn(): Step {
  const decoder = new TelephoneDecoder()
  const bytes = Buffer.alloc(FRAME_BYTES)
  const pcm = new Int16Array(FRAME_SAMPLES)
  const run = (): number => {
    const start = MESSAGE.indexOf(PAYLOAD_KEY) + PAYLOAD_KEY.length
    bytes.write(MESSAGE.slice(start, MESSAGE.indexOf('"', start)), 'base64')
    return decoder.decode(bytes, pcm)
  }
  return { name: '  in: scan, base64, mu-law, 8 to 16 kHz', turns: 2000, run }
}

function wayOut(rate: PcmRate): Step {
  const encoder = new TelephoneEncoder(rate)
  const pcm = dtmfTones('5').slice(0, (FRAME_MS * rate) / 1000)
  const bytes = Buffer.alloc(FRAME_BYTES)
  const run = (): number => {
    encoder.encode(pcm, bytes)
    return (MESSAGE_HEAD + bytes.toString('base64') + MESSAGE_TAIL).length
  }
  return { name: `  out: ${rate / 1000} to 8 kHz, mu-law, base64, text`, turns: 2000, run }
}

/** The same filters between JSON on both sides and a fresh buffer for everything. */
function plainWay(): Step {
  const [decoder, encoder] = [new TelephoneDecoder(), new TelephoneEncoder(16000)]
  const run = (): number => {
    const pcm = new Int16Array(FRAME_SAMPLES)
    decoder.decode(Buffer.from(parsed().media.payload, 'base64'), pcm)
    const bytes = Buffer.alloc(FRAME_BYTES)
    encoder.encode(pcm, bytes)
    return mediaMessage(bytes.toString('base64')).length
  }
  return { name: 'in + out, with JSON and fresh buffers', turns: 2000, run }
}

function naiveWay(): Step {
  return { name: 'in + out, alawmulaw and wave-resampler per frame', turns: 100, run: naiveFrame }
}

/** What the packages' front pages suggest: every frame by itself. It also sounds as if it were under water. */
function naiveFrame(): number {
  const narrow = alawmulaw.mulaw.decode(Buffer.from(parsed().media.payload, 'base64'))
  const pcm = Int16Array.from(waveResampler.resample(narrow, 8000, 16000))
  const back = Int16Array.from(waveResampler.resample(pcm, 16000, 8000))
  return mediaMessage(Buffer.from(alawmulaw.mulaw.encode(back)).toString('base64')).length
}

function parsed(): { media: { payload: string } } {
  return JSON.parse(MESSAGE) as { media: { payload: string } } // oxlint-disable-line typescript/no-unsafe-type-assertion
}

/** A message as Twilio sends it (https://www.twilio.com/docs/voice/media-streams/websocket-messages#media-message). */
function mediaMessage(payload: string): string {
  const media = { track: 'inbound', chunk: '1233', timestamp: '24660', payload }
  return JSON.stringify({
    event: 'media',
    sequenceNumber: '1234',
    media,
    streamSid: `MZ${'0123456789abcdef'.repeat(2)}`,
  })
}

function framePayload(): string {
  const bytes = Buffer.alloc(FRAME_BYTES)
  encodeMulaw(dtmfTones('5', { rate: 8000 }).subarray(0, FRAME_BYTES), bytes)
  return bytes.toString('base64')
}
