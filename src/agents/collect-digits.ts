import { UsageError } from '../errors.ts'
import type { AudioSource } from '../media/playback.ts'
import type { Call } from './agent.ts'

export interface CollectOptions {
  /** So many digits are enough, 1 to 64; 64 unless said. */
  readonly length?: number
  /** The key that ends it and is none of the digits (`#`); `''` for none. */
  readonly terminator?: string
  /** How long the first key may take (10,000), from when the prompt has been heard. */
  readonly timeoutMs?: number
  /** How long any other key may take (5,000). */
  readonly interDigitMs?: number
  /** What is said first: 16-bit mono PCM at `rate` Hz (16000). */
  readonly prompt?: AudioSource
  readonly rate?: number
  /** Whether the first key cuts the prompt (true); keys that come during one that is not cut count all the same. */
  readonly bargeIn?: boolean
  /** Forgets what was keyed before (false): otherwise it counts, and whoever knows the menu hears no prompt. */
  readonly flush?: boolean
}

export interface CollectedDigits {
  /** Without the terminator. */
  readonly digits: string
  /** `timeout`: a key was waited for too long; what was keyed before it is there. */
  readonly endedBy: 'terminator' | 'length' | 'timeout' | 'hang-up'
}

const MOST_DIGITS = 64
const LONGEST_WAIT_MS = 600_000

type CallWithKeys = Pick<Call, 'digits' | 'play' | 'sleep'>

/**
 * Asks the far end to key something. It is the call's one reader of `digits()` until it is done: so it loses nothing that
 * was keyed before, and leaves to the next reader what is keyed after. `call.on('digit.received')` still tells of all.
 *
 * Rejects with UsageError `DIGITS_INVALID` for options that make no sense, and with what the prompt's source threw.
 */
export async function collectDigits(call: CallWithKeys, options: CollectOptions = {}): Promise<CollectedDigits> {
  const { length = MOST_DIGITS, terminator = '#', timeoutMs = 10_000, interDigitMs = 5_000 } = options
  requireSensible({ length, terminator, timeoutMs, interDigitMs })
  const keys = new Keys(call)
  try {
    if (options.flush === true) await keys.forgetAll()
    if (options.prompt !== undefined) await say(options.prompt, call, keys, options)
    let digits = ''
    for (let waitMs = timeoutMs; ; waitMs = interDigitMs) {
      const key = await keys.next(waitMs)
      if (key === 'none' || key === 'over') return { digits, endedBy: key === 'none' ? 'timeout' : 'hang-up' }
      if (key.pressed === terminator) return { digits, endedBy: 'terminator' }
      digits += key.pressed
      if (digits.length === length) return { digits, endedBy: 'length' }
    }
  } finally {
    await keys.release()
  }
}

/** Resolves when the prompt has been heard, or cut by a key. */
async function say(prompt: AudioSource, call: CallWithKeys, keys: Keys, options: CollectOptions): Promise<void> {
  const { rate, bargeIn = true } = options
  if (bargeIn && (await keys.hasOne(call.sleep(0)))) return
  const playback = call.play(prompt, rate === undefined ? {} : { rate })
  if (!bargeIn) await playback.finished
  else if (await keys.hasOne(playback.finished)) playback.cancel()
}

/** The call's keys, one by one; one that was waited for in vain is waited for again. */
class Keys {
  readonly #call: CallWithKeys
  readonly #iterator: AsyncIterator<string>
  #coming: Promise<IteratorResult<string>> | undefined

  constructor(call: CallWithKeys) {
    this.#call = call
    this.#iterator = call.digits()[Symbol.asyncIterator]()
  }

  async next(waitMs: number): Promise<{ readonly pressed: string } | 'none' | 'over'> {
    const result = await Promise.race([this.#peek(), this.#call.sleep(waitMs)])
    if (result === 'slept') return 'none'
    if (result === 'over' || result.done === true) return 'over'
    this.#coming = undefined
    return { pressed: result.value }
  }

  /** Whether a key comes, or the end, before `other` settles. Rejects with what `other` rejects with. */
  hasOne(other: Promise<unknown>): Promise<boolean> {
    return Promise.race([this.#peek().then(() => true), other.then(() => false)])
  }

  async forgetAll(): Promise<void> {
    for (;;) if (typeof (await this.next(0)) === 'string') return
  }

  /** A key that is still waited for is the next reader's. */
  async release(): Promise<void> {
    await this.#iterator.return?.()
  }

  #peek(): Promise<IteratorResult<string>> {
    this.#coming ??= this.#iterator.next()
    return this.#coming
  }
}

function requireSensible(
  options: Required<Pick<CollectOptions, 'length' | 'terminator' | 'timeoutMs' | 'interDigitMs'>>,
) {
  const { length, terminator, timeoutMs, interDigitMs } = options
  if (!Number.isInteger(length) || length < 1 || length > MOST_DIGITS) {
    refuse(`length to be a whole number from 1 to ${MOST_DIGITS}`, length)
  }
  if (!/^[0-9A-D*#]?$/u.test(terminator)) refuse("terminator to be one of 0-9, A-D, * and #, or ''", terminator)
  for (const [name, ms] of Object.entries({ timeoutMs, interDigitMs })) {
    if (!(ms > 0 && ms <= LONGEST_WAIT_MS)) refuse(`${name} to be more than 0 and at most ${LONGEST_WAIT_MS}`, ms)
  }
}

function refuse(expected: string, got: unknown): never {
  throw new UsageError('DIGITS_INVALID', `expected ${expected}, got ${JSON.stringify(got)}`)
}
