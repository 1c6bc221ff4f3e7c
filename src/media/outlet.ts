import { FRAME_MS, MULAW_BYTES_PER_MS } from '../audio/format.ts'
import { MULAW_SILENCE } from '../audio/g711.ts'
import type { ByteRing } from './byte-ring.ts'
import type { Cadence } from './cadence.ts'
import { Congestion } from './congestion.ts'
import { OutgoingMessage } from './outgoing-message.ts'
import { isShort, MARK_EVERY_BYTES, MAX_MESSAGE_BYTES, prefillBytes, roomBytes } from './pacing.ts'
import type { PlaybackLedger } from './playback-ledger.ts'
import type { Playlist } from './playlist.ts'
import type { StreamPort } from './stream-port.ts'
import type { Wiretap } from './wiretap.ts'

const FRAME_BYTES = FRAME_MS * MULAW_BYTES_PER_MS

export interface OutletOptions {
  readonly ring: ByteRing
  readonly ledger: PlaybackLedger
  readonly playlist: Playlist
  readonly cadence: Cadence
  readonly onStall: (now: number) => void
  /** Something is being said; true when nothing was before. */
  readonly breaksSilence: () => boolean
  /** The first message after a silence is out, and marked. */
  readonly onSpeech: () => void
}

/** Takes what waits in the ring to the stream, when it is time: in few messages, and with the marks that prove it heard. */
export class Outlet {
  /** Whoever keeps what is heard; nobody as a rule. */
  wiretap: Wiretap | undefined
  readonly #ring: ByteRing
  readonly #ledger: PlaybackLedger
  readonly #playlist: Playlist
  readonly #cadence: Cadence
  readonly #breaksSilence: () => boolean
  readonly #onSpeech: () => void
  readonly #congestion: Congestion
  readonly #message = new OutgoingMessage(MAX_MESSAGE_BYTES)
  #stream: StreamPort | undefined
  #isShut = false

  constructor(options: OutletOptions) {
    this.#ring = options.ring
    this.#ledger = options.ledger
    this.#playlist = options.playlist
    this.#cadence = options.cadence
    this.#breaksSilence = options.breaksSilence
    this.#onSpeech = options.onSpeech
    this.#congestion = new Congestion(options.onStall)
  }

  get stream(): StreamPort | undefined {
    return this.#stream
  }

  /** Level of the last 20 ms that were sent, in dBFS. */
  get levelDbfs(): number {
    return this.#message.levelDbfs(FRAME_BYTES)
  }

  open(stream: StreamPort): void {
    this.#stream = stream
    this.#isShut = false
  }

  /** Says nothing more, but keeps the stream: for what the carrier has of it. */
  shut(): void {
    this.#isShut = true
  }

  /** The stream is somebody else's from now on, or gone. */
  letGo(): void {
    this.#stream = undefined
    this.#congestion.reset()
  }

  /** Nothing more is heard of what the carrier has from here; without the stream, that is somebody else's. */
  clear(now: number): void {
    this.#ledger.forget(now)
    if (this.#stream === undefined) return
    this.#stream.sendClear()
    this.wiretap?.cut(now)
  }

  mark(now: number): void {
    this.#stream?.sendMark(this.#ledger.placeMark(now))
  }

  send(now: number, atLeast: 'a whole frame' | 'whatever there is'): void {
    const stream = this.#openStream
    if (stream === undefined || this.#ring.length === 0) return this.#congestion.reset()
    if (this.#congestion.holdsUp(stream.bufferedBytes(), now)) return
    while (this.#openStream === stream && this.#ring.length > 0 && this.#isShort(now)) {
      const end = this.#playlist.endAfter(this.#ledger.sent)
      const left = end === undefined ? this.#ring.length : end - this.#ledger.sent
      if (left < FRAME_BYTES && end === undefined && atLeast === 'a whole frame') return
      const prefill = this.#prefill(now)
      const room = roomBytes(this.#ledger.aheadMs(now)) - prefill
      const wanted = Math.min(left, MAX_MESSAGE_BYTES - prefill, room)
      this.#ring.read(this.#message.reserve(prefill + wanted), prefill, wanted)
      this.#sendMessage(stream, prefill + wanted, now)
    }
  }

  get #openStream(): StreamPort | undefined {
    return this.#isShut ? undefined : this.#stream
  }

  #isShort(now: number): boolean {
    return isShort(this.#ledger.aheadMs(now), this.#playlist.reading?.isLive === true)
  }

  /** Puts silence before real-time audio that meets a dry carrier; returns its bytes. */
  #prefill(now: number): number {
    const { sent } = this.#ledger
    const isLive = this.#playlist.reading?.start !== undefined
    const shortfalls = this.#cadence.underruns + (this.#playlist.isMidway(sent) ? 1 : 0)
    const bytes = prefillBytes(shortfalls)
    if (!isLive || this.#ledger.aheadMs(now) > 0 || this.#ring.length >= bytes + FRAME_BYTES) return 0
    this.#message.reserve(bytes).fill(MULAW_SILENCE, 0, bytes)
    this.#playlist.insertSilence(sent, bytes)
    return bytes
  }

  #sendMessage(stream: StreamPort, bytes: number, now: number): void {
    const aheadMs = this.#ledger.aheadMs(now)
    const state = { isMidway: this.#playlist.isMidway(this.#ledger.sent), isDry: aheadMs < 0 }
    const message = this.#message.first(bytes)
    stream.sendMedia(message)
    this.wiretap?.say(message, now + Math.max(0, aheadMs))
    this.#ledger.noteSent(bytes, now)
    const { sent } = this.#ledger
    this.#cadence.noteSent(bytes, sent, now, state)
    const isFirst = this.#breaksSilence()
    if (isFirst || this.#playlist.hasEndAt(sent) || sent - this.#ledger.marked >= MARK_EVERY_BYTES) this.mark(now)
    if (isFirst) this.#onSpeech()
  }
}
