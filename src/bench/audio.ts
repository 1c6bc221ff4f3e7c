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

const ROUNDS = 25
const FRAME_BYTES = FRAME_MS * MULAW_BYTES_PER_MS
const FRAME_SAMPLES = FRAME_MS * PCM_SAMPLES_PER_MS

const MESSAGE = mediaMessage(framePayload())
const PAYLOAD_KEY = '"payload":"'
const [MESSAGE_HEAD, MESSAGE_TAIL] = ['{"event":"media","streamSid":"MZ0123456789abcdef","media":{"payload":"', '"}}']

/** What is measured: one call of `frame` is one frame. */
interface Way {
  readonly name: string
  readonly frames: number
  readonly frame: () => number
}

interface Target {
  readonly what: string
  readonly got: number
  readonly atMost: number
}

/** Prints the cost of each way as a multiple of JSON alone, and how it stands to the targets. */
export async function runAudioBench(): Promise<void> {
  const ways = {
    json: jsonAlone(),
    fast: fastWay(),
    plain: plainWay(),
    in: wayIn(),
    out: wayOut(16000),
    out24: wayOut(24000),
    naive: naiveWay(),
  }
  const cost = await interleaved(Object.values(ways))
  const of = (way: Way): number => cost.get(way) ?? Number.NaN
  const lines = Object.values(ways).map((way) => row(way.name, of(way) / of(ways.json)))
  const targets: Target[] = [
    { what: 'in + out / JSON', got: of(ways.fast) / of(ways.json), atMost: 6 },
    { what: 'in + out / naive', got: of(ways.fast) / of(ways.naive), atMost: 0.1 },
    { what: 'bytes allocated per frame', got: bytesAllocated(ways.fast), atMost: 1024 },
  ]
  print(['audio: one 20 ms frame, as a multiple of JSON.parse + JSON.stringify', ...lines, ...targets.map(verdict)])
}

function jsonAlone(): Way {
  return { name: 'JSON.parse + JSON.stringify', frames: 2000, frame: () => JSON.stringify(parsed()).length }
}

function fastWay(): Way {
  const [receive, speak] = [wayIn(), wayOut(16000)]
  return { name: 'in + out', frames: 2000, frame: () => receive.frame() + speak.frame() }
}

/** A scan for the payload, as the media plane does it. */
function wayIn(): Way {
  const decoder = new TelephoneDecoder()
  const bytes = Buffer.alloc(FRAME_BYTES)
  const pcm = new Int16Array(FRAME_SAMPLES)
  const frame = (): number => {
    const start = MESSAGE.indexOf(PAYLOAD_KEY) + PAYLOAD_KEY.length
    bytes.write(MESSAGE.slice(start, MESSAGE.indexOf('"', start)), 'base64')
    return decoder.decode(bytes, pcm)
  }
  return { name: '  in: scan, base64, mu-law, 8 to 16 kHz', frames: 2000, frame }
}

function wayOut(rate: PcmRate): Way {
  const encoder = new TelephoneEncoder(rate)
  const pcm = dtmfTones('5').slice(0, (FRAME_MS * rate) / 1000)
  const bytes = Buffer.alloc(FRAME_BYTES)
  const frame = (): number => {
    encoder.encode(pcm, bytes)
    return (MESSAGE_HEAD + bytes.toString('base64') + MESSAGE_TAIL).length
  }
  return { name: `  out: ${rate / 1000} to 8 kHz, mu-law, base64, text`, frames: 2000, frame }
}

/** The same filters between JSON on both sides and a fresh buffer for everything. */
function plainWay(): Way {
  const [decoder, encoder] = [new TelephoneDecoder(), new TelephoneEncoder(16000)]
  const frame = (): number => {
    const pcm = new Int16Array(FRAME_SAMPLES)
    decoder.decode(Buffer.from(parsed().media.payload, 'base64'), pcm)
    const bytes = Buffer.alloc(FRAME_BYTES)
    encoder.encode(pcm, bytes)
    return mediaMessage(bytes.toString('base64')).length
  }
  return { name: 'in + out, with JSON and fresh buffers', frames: 2000, frame }
}

function naiveWay(): Way {
  return { name: 'in + out, alawmulaw and wave-resampler per frame', frames: 100, frame: naiveFrame }
}

/** What the packages' front pages suggest: every frame by itself. It also sounds as if it were under water. */
function naiveFrame(): number {
  const narrow = alawmulaw.mulaw.decode(Buffer.from(parsed().media.payload, 'base64'))
  const pcm = Int16Array.from(waveResampler.resample(narrow, 8000, 16000))
  const back = Int16Array.from(waveResampler.resample(pcm, 16000, 8000))
  return mediaMessage(Buffer.from(alawmulaw.mulaw.encode(back)).toString('base64')).length
}

/** Microseconds per frame, the median of all rounds. */
async function interleaved(ways: readonly Way[]): Promise<Map<Way, number>> {
  const times = new Map<Way, number[]>(ways.map((way) => [way, []]))
  for (let round = -3; round < ROUNDS; round++) {
    for (const [way, taken] of times) {
      const time = microsecondsPerFrame(way)
      if (round >= 0) taken.push(time)
    }
    await new Promise(setImmediate)
  }
  return new Map([...times].map(([way, taken]) => [way, median(taken)]))
}

function microsecondsPerFrame({ frame, frames }: Way): number {
  let seen = 0
  const start = process.hrtime.bigint()
  for (let i = 0; i < frames; i++) seen += frame()
  const elapsed = Number(process.hrtime.bigint() - start)
  // The sum is used, so that no compiler may leave the work undone.
  return seen > 0 ? elapsed / frames / 1000 : Number.NaN
}

/** Growth of heap and buffers per frame; a round in which the collector ran shows as shrinking and does not count. */
function bytesAllocated({ frame }: Way): number {
  const frames = 2000
  const grown = Array.from({ length: ROUNDS }, () => {
    const before = process.memoryUsage()
    for (let i = 0; i < frames; i++) frame()
    const after = process.memoryUsage()
    return (after.heapUsed - before.heapUsed + after.arrayBuffers - before.arrayBuffers) / frames
  })
  return median(grown.filter((bytes) => bytes >= 0))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function row(name: string, ratio: number): string {
  return `  ${name.padEnd(50)} ${ratio.toFixed(2).padStart(7)}`
}

function verdict({ what, got, atMost }: Target): string {
  const digits = atMost < 1 ? 3 : 1
  return `  ${what.padEnd(30)} ${got.toFixed(digits).padStart(8)}   target <= ${atMost}   ${got <= atMost ? 'met' : 'MISSED'}`
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
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
