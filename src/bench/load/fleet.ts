import { setTimeout as sleep } from 'node:timers/promises'
import { Beat } from './beat.ts'
import { Dialer, type LoadTarget } from './dialer.ts'
import { type LoadFigures, toFigures } from './figures.ts'
import { Onlooker, type Seen } from './onlooker.ts'
import { MessageReader } from './server-message.ts'
import type { LoadSpeech } from './speech.ts'
import { LoadStream, type StreamSetting } from './stream.ts'
import { Tally } from './tally.ts'

/** Calls being set up at once while a fleet grows: enough to go fast, too few to be a flood. */
const GROWING_AT_ONCE = 8
/** For the last marked frames of a window to come back. */
const LISTEN_ON_MS = 500
const READ_BUFFER_BYTES = 64 * 1024

/** All calls that this process carries to one server. */
export class Fleet {
  readonly #target: LoadTarget
  readonly #dialer: Dialer
  readonly #tally = new Tally()
  readonly #beat = new Beat()
  readonly #setting: StreamSetting
  readonly #streams: LoadStream[] = []
  #onlooker: Onlooker | undefined
  #dialled = 0

  constructor(target: LoadTarget, speech: LoadSpeech) {
    this.#target = target
    this.#dialer = new Dialer(target)
    this.#setting = {
      speech,
      buffer: Buffer.alloc(READ_BUFFER_BYTES),
      messages: new MessageReader(),
      tally: this.#tally,
      isEchoed: target.isEchoed,
      ownLatenessMs: () => this.#beat.lateLatelyMs(),
    }
  }

  /** Sets calls up, or hangs them up, until there are `count`. Rejects when one cannot be set up. */
  async resize(count: number): Promise<void> {
    while (this.#streams.length > count) this.#hangUp(this.#streams.at(-1))
    while (this.#streams.length < count) {
      const missing = Math.min(GROWING_AT_ONCE, count - this.#streams.length)
      await Promise.all(Array.from({ length: missing }, () => this.#dial()))
    }
  }

  /** What the callers notice within `durationMs`, and how this process fared. */
  async measure(durationMs: number): Promise<LoadFigures> {
    for (const stream of this.#streams) stream.beginWindow()
    this.#tally.begin()
    const begin = this.#beat.begin()
    await sleep(durationMs)
    const own = this.#beat.end(begin)
    const framesSent = this.#tally.framesSent
    const framesHeard = this.#tally.framesHeard
    await sleep(LISTEN_ON_MS)
    const now = performance.now()
    for (const stream of this.#streams) stream.endWindow(now)
    const figures = toFigures({ tally: this.#tally, calls: this.#streams.length, framesSent, framesHeard, own })
    this.#tally.firstAudioMs = []
    return figures
  }

  /** Sets `count` calls up, `atOnce` at a time, each hung up at its first audio. Returns calls a second. */
  async setUps(count: number, atOnce: number): Promise<{ perSecond: number; count: number }> {
    const begin = performance.now()
    let left = count
    const work = async () => {
      while (left > 0) {
        left -= 1
        const stream = await this.#dial()
        await stream.answered
        this.#hangUp(stream)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    return { perSecond: count / ((performance.now() - begin) / 1_000), count }
  }

  /** Somebody looks at one of the calls. Rejects when that cannot be seen. */
  async look(): Promise<void> {
    const { port, inspector } = this.#target
    if (inspector === undefined) throw new Error('expected a server with an inspector, got one without')
    this.#onlooker = new Onlooker({ port, ...inspector })
    await this.#onlooker.watch()
  }

  /** Nobody looks any more. Returns what was seen. */
  lookAway(): Seen {
    const onlooker = this.#onlooker
    if (onlooker === undefined) throw new Error('expected somebody to look, nobody did')
    this.#onlooker = undefined
    onlooker.leave()
    return onlooker.seen
  }

  close(): void {
    this.#onlooker?.leave()
    for (const stream of this.#streams.slice()) this.#hangUp(stream)
    this.#beat.stop()
    this.#dialer.close()
  }

  async #dial(): Promise<LoadStream> {
    const plan = await this.#dialer.dial()
    const stream = new LoadStream(plan, this.#setting, this.#dialled, (lost) => this.#forget(lost))
    this.#dialled += 1
    await stream.begin()
    this.#streams.push(stream)
    this.#beat.add(stream)
    return stream
  }

  #hangUp(stream: LoadStream | undefined): void {
    stream?.hangUp()
    if (stream !== undefined) this.#forget(stream)
  }

  #forget(stream: LoadStream): void {
    this.#beat.remove(stream)
    const index = this.#streams.indexOf(stream)
    if (index >= 0) this.#streams.splice(index, 1)
  }
}
