import { randomBytes } from 'node:crypto'
import { FRAME_MS, MULAW_BYTES_PER_MS } from '../../audio/index.ts'
import { ClientSocket } from './client-socket.ts'
import { findMarker } from './marker.ts'
import { MediaWriter } from './media-writer.ts'
import { Playout } from './playout.ts'
import { audioBytes, type MessageReader, type ServerMessage } from './server-message.ts'
import type { LoadSpeech } from './speech.ts'
import type { Tally } from './tally.ts'

/** A marked frame (or a ping) so often: 25 frames are half a second. */
const MARKER_EVERY = 25
/** A digit so often: every ten seconds, each stream at a time of its own. */
const DIGIT_EVERY = 500
/** Between two marked frames, so that a clear never cuts one that is on its way. */
const DIGIT_AFTER_MARKER = 12
/** What never came back counts as this late. */
const LOST_MS = 2_000
/** What is awaited for less when a window ends may yet be in time. */
const LATE_MS = 100

export interface StreamPlan {
  readonly port: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly accountSid: string
  readonly callSid: string
  readonly parameters: Readonly<Record<string, string>>
}

/** What all streams of a fleet have in common. */
export interface StreamSetting {
  readonly buffer: Buffer
  readonly speech: LoadSpeech
  readonly messages: MessageReader
  readonly tally: Tally
  /** Whether the server says back what it hears: else it is pinged, and the pong is the echo. */
  readonly isEchoed: boolean
  /** How late this process has been lately, which is no fault of the server's. */
  readonly ownLatenessMs: () => number
}

/** One call's media stream, from the carrier's side. It has no timer: `beat` sends the next 20 ms. */
export class LoadStream {
  /** Resolves at the first audio; rejects when the stream is lost before. */
  readonly answered: Promise<void>
  readonly #plan: StreamPlan
  readonly #setting: StreamSetting
  readonly #index: number
  readonly #streamSid = `MZ${randomBytes(16).toString('hex')}`
  readonly #socket: ClientSocket
  readonly #writer: MediaWriter
  readonly #playout = new Playout()
  readonly #onLost: (stream: LoadStream) => void
  #sequence = 0
  #beats = 0
  #startedAt = 0
  #markerSentAt: number | undefined
  #digitSentAt: number | undefined
  #isAnswered = false
  #settle!: { resolve: () => void; reject: (error: Error) => void }

  /** @param index tells streams apart: each speaks from another place of the recordings, and is marked at another time. */
  constructor(plan: StreamPlan, setting: StreamSetting, index: number, onLost: (stream: LoadStream) => void) {
    this.#plan = plan
    this.#setting = setting
    this.#index = index
    this.#onLost = onLost
    this.answered = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever does not wait for it hears of the loss all the same.
    this.answered.catch(() => {})
    this.#writer = new MediaWriter(this.#streamSid, setting.speech.masked)
    this.#socket = new ClientSocket({
      ...plan,
      buffer: setting.buffer,
      onText: (bytes, start, end) => this.#hear(setting.messages.read(bytes, start, end)),
      onPong: () => this.#hearPong(),
      onLost: (why) => this.#lose(why),
    })
  }

  /** Resolves when `start` has been sent; rejects when the server does not upgrade. */
  async begin(): Promise<void> {
    await this.#socket.open()
    const { accountSid, callSid, parameters } = this.#plan
    const mediaFormat = { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 }
    const start = { accountSid, streamSid: this.#streamSid, callSid, tracks: ['inbound'], mediaFormat }
    this.#socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
    this.#startedAt = performance.now()
    this.#tell({ event: 'start', start: { ...start, customParameters: parameters } })
  }

  /** Sends the next 20 ms, and what else is due. */
  beat(now: number): void {
    const { tally, speech, isEchoed } = this.#setting
    for (const name of this.#playout.takeDueMarks(now)) this.#tell({ event: 'mark', mark: { name } })
    const turn = (this.#beats + this.#index * 7) % MARKER_EVERY
    const isMarked = turn === 0 && this.#mayMark(now)
    if (isMarked) this.#markerSentAt = performance.now()
    if (isMarked && !isEchoed) this.#socket.ping()
    if (turn === DIGIT_AFTER_MARKER && this.#isTimeForDigit()) this.#press()
    const frame = isMarked && isEchoed ? speech.marker : (this.#beats + this.#index * 37) % speech.marker
    this.#beats += 1
    if (this.#socket.isCongested) {
      tally.discarded += 1
      return
    }
    this.#sequence += 1
    if (!this.#socket.write(this.#writer.next(this.#sequence, frame))) this.#writer.leave()
    tally.framesSent += 1
  }

  /** A window begins: what was sent before it is no part of it. */
  beginWindow(): void {
    this.#markerSentAt = undefined
    this.#digitSentAt = undefined
  }

  /** A window ends: what has been awaited for long, and the gap that is still open, count as they stand. */
  endWindow(now: number): void {
    const { tally } = this.#setting
    const [marker, digit] = [now - (this.#markerSentAt ?? now), now - (this.#digitSentAt ?? now)]
    if (marker >= LATE_MS) tally.echoMs.push(marker)
    if (digit >= LATE_MS) tally.bargeInMs.push(digit)
    this.#noteGap(this.#playout.dryForMs(now))
  }

  /** As a carrier does when its caller hangs up. */
  hangUp(): void {
    const { accountSid, callSid } = this.#plan
    this.#tell({ event: 'stop', stop: { accountSid, callSid } })
    this.#socket.leave()
  }

  #tell(message: Readonly<Record<string, unknown>>): void {
    this.#sequence += 1
    const { event, ...rest } = message
    const sequenceNumber = String(this.#sequence)
    this.#socket.send(JSON.stringify({ event, sequenceNumber, ...rest, streamSid: this.#streamSid }))
  }

  /** One marker at a time is on its way: two could be taken for one another. */
  #mayMark(now: number): boolean {
    if (this.#markerSentAt === undefined) return true
    if (now - this.#markerSentAt < LOST_MS) return false
    this.#setting.tally.echoMs.push(LOST_MS)
    return true
  }

  #isTimeForDigit(): boolean {
    const slots = DIGIT_EVERY / MARKER_EVERY
    return Math.floor(this.#beats / MARKER_EVERY) % slots === this.#index % slots
  }

  #press(): void {
    if (this.#digitSentAt !== undefined) this.#setting.tally.bargeInMs.push(LOST_MS)
    this.#digitSentAt = performance.now()
    this.#tell({ event: 'dtmf', dtmf: { track: 'inbound_track', digit: '1' } })
  }

  #hear(message: ServerMessage): void {
    const now = performance.now()
    switch (message.event) {
      case 'media':
        return this.#hearAudio(message.bytes, message.start, message.end, now)
      case 'mark':
        return this.#playout.mark(message.name, now)
      case 'clear':
        return this.#hearClear(now)
      case 'other':
    }
  }

  #hearAudio(bytes: Buffer, start: number, end: number, now: number): void {
    const { tally, isEchoed } = this.#setting
    const durationMs = audioBytes(bytes, start, end) / MULAW_BYTES_PER_MS
    tally.messagesReceived += 1
    tally.framesHeard += durationMs / FRAME_MS
    if (!this.#isAnswered) this.#noteAnswered(now)
    if (isEchoed && this.#markerSentAt !== undefined) this.#lookForMarker(bytes, start, end, now)
    const gapMs = this.#playout.write(durationMs, now)
    if (gapMs > 0) this.#noteGap(gapMs)
  }

  #noteAnswered(now: number): void {
    this.#isAnswered = true
    this.#setting.tally.firstAudioMs.push(now - this.#startedAt)
    this.#settle.resolve()
  }

  #lookForMarker(bytes: Buffer, start: number, end: number, now: number): void {
    const offsetMs = findMarker(Buffer.from(bytes.toString('latin1', start, end), 'base64'))
    if (offsetMs === undefined || this.#markerSentAt === undefined) return
    const { tally } = this.#setting
    tally.echoMs.push(now - this.#markerSentAt)
    tally.heardMs.push(this.#playout.heardFrom(now) + offsetMs - this.#markerSentAt)
    this.#markerSentAt = undefined
  }

  #hearPong(): void {
    if (this.#markerSentAt !== undefined) this.#setting.tally.echoMs.push(performance.now() - this.#markerSentAt)
    this.#markerSentAt = undefined
  }

  #hearClear(now: number): void {
    this.#playout.clear(now)
    if (this.#digitSentAt === undefined) return
    this.#setting.tally.bargeInMs.push(now - this.#digitSentAt)
    this.#digitSentAt = undefined
  }

  #noteGap(gapMs: number): void {
    this.#setting.tally.noteGap(Math.max(0, gapMs - this.#setting.ownLatenessMs()))
  }

  #lose(why: string): void {
    this.#setting.tally.losses.push(why)
    this.#settle.reject(new Error(why))
    this.#onLost(this)
  }
}
