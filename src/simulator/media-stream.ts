/**
 * One media stream of a call, from the carrier's side: it beats every 20 ms, plays what comes, echoes marks, and judges
 * the server's messages. It owns the socket and the beat; what follows after the stream is the TwiML runner's business.
 *
 * Invariants:
 * I1 `connected` comes first, then `start`, and nothing after `stop`;
 * I2 the beat is kept against absolute deadlines, so lateness does not add up;
 * I3 each kind of warning is noted once per stream, as Twilio does; `mistakes` has them all;
 * I4 `ended` resolves exactly once, and then no timer of the stream is left.
 */

import type { Timer } from '../clock.ts'
import { OutboundTally } from '../recording/outbound-tally.ts'
import type { Exchange } from './exchange.ts'
import { type Beat, FrameBeat } from './frame-beat.ts'
import { MediaSocket, type SocketFailure } from './media-socket.ts'
import { PacingMeter } from './pacing-meter.ts'
import { PlayoutBuffer, SAMPLES_PER_MS } from './playout-buffer.ts'
import { ReplayBeat } from './replay-beat.ts'
import type { StreamScript } from './replay-script.ts'
import type { Frame, SpeechQueue } from './speech-queue.ts'
import { StreamLog } from './stream-log.ts'
import { isWireMessage, readServerMessage, StreamWriter, type WireMessage } from './stream-wire.ts'
import { describeWarning, type Warning, type WarningCode } from './warnings.ts'

export interface MediaStreamOptions {
  readonly exchange: Exchange
  /** Default: the carrier's. */
  readonly accountSid?: string
  readonly callSid: string
  /** Absolute, as signed. */
  readonly url: string
  readonly name: string | undefined
  readonly customParameters: Readonly<Record<string, string>>
  readonly speech: SpeechQueue
  /** What the stream brings, in the place of what the person says. */
  readonly script?: StreamScript | undefined
  /** The script says that the far end hangs up. */
  readonly onScriptedHangup?: () => void
  /** `start` has been sent. */
  readonly onStarted: () => void
  /** Told of every warning that Twilio's debugger would show. */
  readonly onWarning: (warning: Warning) => void
}

/** Who ended the stream; a failure also has its warning. */
export interface StreamEnd {
  readonly by: 'carrier' | 'server' | 'network' | 'refusal'
  readonly warning?: Warning
  /** Of the server's close frame, e.g. 1008. */
  readonly closeCode?: number
}

export interface SentFrame {
  readonly at: number
  readonly audio: Uint8Array
  readonly isSpeech: boolean
}

/** `start` follows `connected` after this long. */
const START_DELAY_MS = 5
/** A call that is muted or mostly quiet keeps no more than this many frames for measuring: ten minutes. */
const MOST_SENT_FRAMES = 30_000

export class MediaStream {
  readonly sid: string
  readonly url: string
  readonly name: string
  readonly customParameters: Readonly<Record<string, string>>
  readonly log = new StreamLog()
  /** Everything the server did wrong, every time. */
  readonly mistakes: Warning[] = []
  readonly pacing = new PacingMeter()
  readonly sentFrames: SentFrame[] = []
  /** All that the server sent, in kind and amount. */
  readonly outbound = new OutboundTally()
  framesSent = 0
  mediaReceived = 0
  bytesReceived = 0
  readonly ended: Promise<StreamEnd>
  /** When `start` was sent, and the first audio came. */
  startedAt: number | undefined
  firstAudioAt: number | undefined
  end: StreamEnd | undefined
  endedAt: number | undefined
  readonly #options: MediaStreamOptions
  readonly #exchange: Exchange
  readonly #writer: StreamWriter
  readonly #beat: Beat
  readonly #timers = new Map<'start' | 'mark', Timer>()
  #socket: MediaSocket | undefined
  #playout: PlayoutBuffer | undefined
  #resolveEnded: (end: StreamEnd) => void = () => undefined
  #isCutOff = false

  constructor(options: MediaStreamOptions) {
    const { exchange, callSid, customParameters } = options
    this.#options = options
    this.#exchange = exchange
    const send = (timestamp: number, frame: Frame): void => this.#sendFrame(timestamp, frame)
    this.#beat =
      options.script === undefined
        ? new FrameBeat({ exchange, speech: options.speech, send })
        : new ReplayBeat(options.script, exchange.clock, {
            send,
            press: (digit) => this.press(digit),
            lose: () => this.lose(),
            fallSilent: () => this.halfOpen(),
            hangUp: () => options.onScriptedHangup?.(),
          })
    this.sid = exchange.random.sid('MZ')
    this.url = options.url
    this.name = options.name ?? this.sid
    this.customParameters = customParameters
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve))
    this.#writer = new StreamWriter({
      accountSid: options.accountSid ?? exchange.accountSid,
      callSid,
      streamSid: this.sid,
      customParameters,
    })
  }

  /** `start` has been sent and the stream goes on. */
  get isFlowing(): boolean {
    return this.#playout !== undefined && this.end === undefined
  }

  get playout(): PlayoutBuffer | undefined {
    return this.#playout
  }

  /** The time at which listening stopped, or now; what was still waiting then was never heard. */
  get heardUntil(): number {
    return this.endedAt ?? this.#exchange.clock.now()
  }

  open(): void {
    const complaint = MediaSocket.complaint(this.url)
    if (complaint) return this.#failed(complaint)
    this.#socket = new MediaSocket(this.url, this.#exchange, {
      opened: () => this.#opened(),
      message: (text) => this.#received(text),
      failed: (failure) => this.#failed(failure),
    })
  }

  /** Ends the stream from the carrier's side: `stop`, then a close. */
  stop(): void {
    if (this.end) return
    if (this.isFlowing) this.#say(this.#writer.stop())
    this.#finish({ by: 'carrier' })
    this.#socket?.leave()
  }

  press(digit: string): void {
    if (this.isFlowing) this.#say(this.#writer.dtmf(digit))
  }

  /** Stops sending frames, while time and the person's speech go on; the socket stays up. */
  mute(): void {
    this.#beat.mute()
  }

  unmute(): void {
    this.#beat.unmute()
  }

  /** Jumps ahead in the timestamps, as if `ms` of frames had been lost. */
  skip(ms: number): void {
    this.#beat.skip(ms)
  }

  /** Sends a frame as it is: a string as text, bytes as binary. */
  sendRaw(data: string | Uint8Array): void {
    this.#log('carrier', 'raw', typeof data === 'string' ? data : `${data.length} bytes`)
    this.#socket?.send(data)
  }

  /** Sends bytes past the WebSocket protocol. */
  sendBytes(bytes: Uint8Array): void {
    this.#socket?.sendBytes(bytes)
  }

  /** The connection is reset without `stop`; Twilio notices and goes on with the call. */
  lose(): void {
    if (this.end) return
    this.#socket?.reset()
    this.#failed({ code: 31903, detail: 'the connection was reset' })
  }

  /** The network swallows both directions, and neither side is told: only a hangup ends the stream. */
  halfOpen(): void {
    this.#isCutOff = true
    this.#beat.stop()
    this.#socket?.pause()
  }

  /** Stops reading, so that the server's data piles up on its side. */
  stopReading(): void {
    this.#socket?.pause()
  }

  startReading(): void {
    this.#socket?.resume()
  }

  /** For the exchange's settling: resolves when the server has handled all that was sent. */
  barrier(): Promise<void> | undefined {
    return this.#isCutOff ? undefined : this.#socket?.barrier()
  }

  #opened(): void {
    this.#exchange.activity.join(this)
    this.#say(this.#writer.connected())
    this.#arm('start', START_DELAY_MS, () => this.#start())
  }

  #start(): void {
    const now = this.#exchange.clock.now()
    this.startedAt = now
    this.#playout = new PlayoutBuffer({ originMs: now })
    this.#say(this.#writer.start())
    this.#beat.start()
    this.#options.onStarted()
  }

  #sendFrame(timestamp: number, frame: Frame): void {
    if (this.#socket?.isCongested === true) return this.#warn(31930, 'over 64 KiB wait to be read')
    this.#say(this.#writer.media(timestamp, Buffer.from(frame.audio).toString('base64')))
    this.framesSent += 1
    const at = this.#exchange.clock.now()
    if (this.sentFrames.length < MOST_SENT_FRAMES) this.sentFrames.push({ at, ...frame })
  }

  #received(text: string | undefined): void {
    const playout = this.#playout
    if (this.end || this.#isCutOff) return
    if (text === undefined) {
      this.#log('server', 'binary', 'binary')
      return this.#warn(31950, 'expected a text frame, got a binary one')
    }
    const json = parseJson(text)
    const message = readServerMessage(json, this.sid)
    this.#logReceived(json, text)
    if (message.event === 'invalid') return this.#warn(31951, message.complaint)
    if (playout === undefined) return this.#warn(31951, `expected nothing before start, got ${message.event}`)
    const now = this.#exchange.clock.now()
    switch (message.event) {
      case 'media':
        return this.#play(playout, message.audio, now)
      case 'mark':
        this.outbound.mark()
        playout.mark(message.name, now)
        return this.#echoMarks()
      case 'clear':
        this.pacing.clear()
        this.outbound.clear()
        for (const name of playout.clear(now)) this.#say(this.#writer.mark(name))
        return this.#echoMarks()
    }
  }

  #play(playout: PlayoutBuffer, audio: Uint8Array, now: number): void {
    this.firstAudioAt ??= now
    this.mediaReceived += 1
    this.bytesReceived += audio.length
    this.outbound.media(audio.length)
    const accepted = playout.write(audio, now)
    this.pacing.media(now, accepted / SAMPLES_PER_MS, playout.bufferedMs(now))
    if (accepted < audio.length) this.#warn(31931, `${audio.length - accepted} bytes were discarded`)
  }

  #echoMarks(): void {
    const { clock } = this.#exchange
    const playout = this.#playout
    if (!playout || this.end) return
    for (const name of playout.takeDueMarks(clock.now())) this.#say(this.#writer.mark(name))
    const next = playout.nextMarkMs
    if (next === undefined) this.#cancel('mark')
    else this.#arm('mark', Math.max(0, next - clock.now()), () => this.#echoMarks())
  }

  #failed({ code, detail, closeCode }: SocketFailure): void {
    if (this.end) return
    const by = code === 31921 ? 'server' : this.startedAt === undefined ? 'refusal' : 'network'
    const warning = this.#note(code, detail)
    this.#finish({ by, warning, ...(closeCode === undefined ? {} : { closeCode }) })
  }

  #finish(end: StreamEnd): void {
    const { activity, clock } = this.#exchange
    this.end = end
    this.endedAt = clock.now()
    this.#beat.stop()
    for (const name of this.#timers.keys()) this.#cancel(name)
    activity.leave(this)
    this.#resolveEnded(end)
  }

  #warn(code: WarningCode, detail: string): void {
    this.#note(code, detail)
  }

  #note(code: WarningCode, detail: string): Warning {
    const { callSid, onWarning } = this.#options
    const at = this.#exchange.clock.now()
    const warning: Warning = { code, message: describeWarning(code, detail), callSid, streamSid: this.sid, at }
    const isFirst = this.mistakes.every((mistake) => mistake.code !== code)
    this.mistakes.push(warning)
    if (isFirst) onWarning(warning)
    return warning
  }

  #say(message: WireMessage): void {
    if (this.#isCutOff) return
    this.#log('carrier', String(message['event']), message)
    this.#socket?.send(JSON.stringify(message))
  }

  #logReceived(json: unknown, text: string): void {
    const message = isWireMessage(json) ? json : text
    const event = typeof message === 'object' ? message['event'] : undefined
    this.#log('server', typeof event === 'string' ? event : 'raw', message)
  }

  #log(from: 'carrier' | 'server', event: string, message: WireMessage | string): void {
    this.log.add({ at: this.#exchange.clock.now(), from, event, message })
  }

  #arm(name: 'start' | 'mark', delayMs: number, callback: () => void): void {
    this.#cancel(name)
    const { clock } = this.#exchange
    this.#timers.set(name, clock.setTimeout(callback, delayMs))
  }

  #cancel(name: 'start' | 'mark'): void {
    const { clock } = this.#exchange
    if (this.#timers.has(name)) clock.clearTimeout(this.#timers.get(name))
    this.#timers.delete(name)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
