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
  readonly #options: OutletOptions
  readonly #congestion: Congestion
  readonly #message = new OutgoingMessage(MAX_MESSAGE_BYTES)
  #stream: StreamPort | undefined
  #isShut = false

  constructor(options: OutletOptions) {
    this.#options = options
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
    this.#options.ledger.forget(now)
    if (this.#stream === undefined) return
    this.#stream.sendClear()
    this.wiretap?.cut(now)
  }

  mark(now: number): void {
    this.#stream?.sendMark(this.#options.ledger.placeMark(now))
  }

  send(now: number, atLeast: 'a whole frame' | 'whatever there is'): void {
    const { ring, playlist, ledger } = this.#options
    const stream = this.#openStream
    if (stream === undefined || ring.length === 0) return this.#congestion.reset()
    if (this.#congestion.holdsUp(stream.bufferedBytes(), now)) return
    while (this.#openStream === stream && ring.length > 0 && this.#isShort(now)) {
      const end = playlist.endAfter(ledger.sent)
      const left = end === undefined ? ring.length : end - ledger.sent
      if (left < FRAME_BYTES && end === undefined && atLeast === 'a whole frame') return
      const prefill = this.#prefill(now)
      const room = roomBytes(ledger.aheadMs(now)) - prefill
      const wanted = Math.min(left, MAX_MESSAGE_BYTES - prefill, room)
      ring.read(this.#message.reserve(prefill + wanted), prefill, wanted)
      this.#sendMessage(stream, prefill + wanted, now)
    }
  }

  get #openStream(): StreamPort | undefined {
    return this.#isShut ? undefined : this.#stream
  }

  #isShort(now: number): boolean {
    const { ledger, playlist } = this.#options
    return isShort(ledger.aheadMs(now), playlist.reading?.isLive === true)
  }

  /** Puts silence before real-time audio that meets a dry carrier; returns its bytes. */
  #prefill(now: number): number {
    const { ring, playlist, ledger, cadence } = this.#options
    const { sent } = ledger
    const isLive = playlist.reading?.start !== undefined
    const shortfalls = cadence.underruns + (playlist.isMidway(sent) ? 1 : 0)
    const bytes = prefillBytes(shortfalls)
    if (!isLive || ledger.aheadMs(now) > 0 || ring.length >= bytes + FRAME_BYTES) return 0
    this.#message.reserve(bytes).fill(MULAW_SILENCE, 0, bytes)
    playlist.insertSilence(sent, bytes)
    return bytes
  }

  #sendMessage(stream: StreamPort, bytes: number, now: number): void {
    const { playlist, ledger, cadence, breaksSilence, onSpeech } = this.#options
    const aheadMs = ledger.aheadMs(now)
    const state = { isMidway: playlist.isMidway(ledger.sent), isDry: aheadMs < 0 }
    const message = this.#message.first(bytes)
    stream.sendMedia(message)
    this.wiretap?.say(message, now + Math.max(0, aheadMs))
    ledger.noteSent(bytes, now)
    const { sent } = ledger
    cadence.noteSent(bytes, sent, now, state)
    const isFirst = breaksSilence()
    if (isFirst || playlist.hasEndAt(sent) || sent - ledger.marked >= MARK_EVERY_BYTES) this.mark(now)
    if (isFirst) onSpeech()
  }
}
