import { headerLength, maskAt, masked, textFrame } from './masked-text.ts'

/** Base64 of 160 bytes. */
const PAYLOAD_LENGTH = 216
const FRAME_MS = 20
/** Twilio's first timestamp is not 0. */
const FIRST_TIMESTAMP_MS = 140

/**
 * The frames of speech all streams have in common, masked beforehand: once for each place that the key's four bytes can
 * take to the payload's first.
 */
export class MaskedSpeech {
  readonly count: number
  readonly #phases: readonly Buffer[]

  /** @param frames base64 of 160 bytes each. */
  constructor(frames: readonly string[]) {
    const odd = frames.find((frame) => frame.length !== PAYLOAD_LENGTH)
    if (odd !== undefined) throw new RangeError(`expected ${PAYLOAD_LENGTH} base64 digits a frame, got ${odd.length}`)
    this.count = frames.length
    const text = Buffer.from(frames.join(''), 'latin1')
    // A frame's length is a multiple of four, so that all frames stand alike to the key.
    this.#phases = [0, 1, 2, 3].map((phase) => masked(text, phase))
  }

  /** Writes frame `index` to where it stands at `position` of a payload. */
  copy(index: number, out: Buffer, at: number, position: number): void {
    this.#phases[position & 3]?.copy(out, at, index * PAYLOAD_LENGTH, (index + 1) * PAYLOAD_LENGTH)
  }
}

/** Where a number stands: `at` in the frame, `position` in its payload. */
interface Place {
  readonly at: number
  readonly position: number
  readonly digits: number
}

/**
 * The media messages of one stream, as Twilio writes them, in one buffer that is changed in place: the payload, and as
 * many digits as differ. It is laid out anew when a number grows by a digit.
 */
export class MediaWriter {
  readonly #streamSid: string
  readonly #speech: MaskedSpeech
  #frame: Buffer = Buffer.alloc(0)
  #places: readonly Place[] = []
  #payload: Place = { at: 0, position: 0, digits: PAYLOAD_LENGTH }
  #chunk = 0

  constructor(streamSid: string, speech: MaskedSpeech) {
    this.#streamSid = streamSid
    this.#speech = speech
  }

  /**
   * The next message, with frame `index` of the speech. The buffer is the writer's own and is changed by the next call;
   * see {@link leave}.
   */
  next(sequenceNumber: number, index: number): Buffer {
    this.#chunk += 1
    const numbers = [sequenceNumber, this.#chunk, FIRST_TIMESTAMP_MS + this.#chunk * FRAME_MS]
    if (this.#places.length === 0 || !this.#fits(numbers)) this.#layOut(numbers)
    for (const [which, place] of this.#places.entries()) this.#write(numbers[which] ?? 0, place)
    this.#speech.copy(index, this.#frame, this.#payload.at, this.#payload.position)
    return this.#frame
  }

  /** Somebody still needs the buffer as it is: the next message gets another one. */
  leave(): void {
    this.#frame = Buffer.from(this.#frame)
  }

  #fits(numbers: readonly number[]): boolean {
    return numbers.every((number, which) => digitsOf(number) === this.#places[which]?.digits)
  }

  #write(number: number, { at, position, digits }: Place): void {
    let rest = number
    for (let digit = digits - 1; digit >= 0; digit -= 1) {
      this.#frame[at + digit] = (0x30 + (rest % 10)) ^ maskAt(position + digit)
      rest = Math.floor(rest / 10)
    }
  }

  #layOut(numbers: readonly number[]): void {
    const [sequenceNumber = '', chunk = '', timestamp = ''] = numbers.map(String)
    const parts = [
      `{"event":"media","sequenceNumber":"`,
      sequenceNumber,
      `","media":{"track":"inbound","chunk":"`,
      chunk,
      `","timestamp":"`,
      timestamp,
      `","payload":"`,
      'A'.repeat(PAYLOAD_LENGTH),
      `"},"streamSid":"${this.#streamSid}"}`,
    ]
    const text = parts.join('')
    const header = headerLength(text.length)
    const placeOf = (part: number): Place => {
      const position = parts.slice(0, part).join('').length
      return { at: header + position, position, digits: parts[part]?.length ?? 0 }
    }
    this.#frame = textFrame(text)
    this.#places = [placeOf(1), placeOf(3), placeOf(5)]
    this.#payload = placeOf(7)
  }
}

function digitsOf(number: number): number {
  let digits = 1
  for (let power = 10; number >= power; power *= 10) digits += 1
  return digits
}
