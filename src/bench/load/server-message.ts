/** What a server sends, read as cheaply as the layout of its own first media message allows. */

export type ServerMessage =
  /** The payload's base64 lies in `bytes` from `start` up to `end`. */
  | { readonly event: 'media'; readonly bytes: Buffer; readonly start: number; readonly end: number }
  | { readonly event: 'mark'; readonly name: string }
  | { readonly event: 'clear' }
  | { readonly event: 'other' }

const QUOTE = 0x22
const EQUALS = 0x3d
const LETTER_E = 0x65

/** All messages of one server are written by the same code: what stands before and after the payload has one length. */
interface Layout {
  readonly before: number
  readonly after: number
  /** Where the second letter of the event stands: `e` in `media`, and in no other event. */
  readonly letter: number
}

/** One for each server. Throws what JSON.parse throws, for a message that is no JSON. */
export class MessageReader {
  #layout: Layout | undefined

  read(bytes: Buffer, start: number, end: number): ServerMessage {
    const layout = this.#layout
    if (layout !== undefined && isMedia(layout, bytes, start, end)) {
      return { event: 'media', bytes, start: start + layout.before, end: end - layout.after }
    }
    return this.#parse(bytes, start, end)
  }

  #parse(bytes: Buffer, start: number, end: number): ServerMessage {
    const text = bytes.toString('latin1', start, end)
    const json = JSON.parse(text) as { event?: unknown; media?: { payload?: unknown }; mark?: { name?: unknown } }
    if (json.event === 'mark') return { event: 'mark', name: String(json.mark?.name) }
    if (json.event === 'clear') return { event: 'clear' }
    const payload = json.media?.payload
    if (json.event !== 'media' || typeof payload !== 'string') return { event: 'other' }
    const before = text.indexOf(payload, text.indexOf('"payload"') + '"payload"'.length)
    const after = text.length - before - payload.length
    const letter = text.indexOf('media', text.indexOf('"event"') + '"event"'.length) + 1
    if (payload.length > 0) this.#layout = { before, after, letter }
    return { event: 'media', bytes, start: start + before, end: end - after }
  }
}

function isMedia({ before, after, letter }: Layout, bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start > before + after &&
    bytes[start + letter] === LETTER_E &&
    bytes[start + before - 1] === QUOTE &&
    bytes[end - after] === QUOTE
  )
}

/** How many bytes of audio so much base64 stands for. */
export function audioBytes(bytes: Buffer, start: number, end: number): number {
  const padding = bytes[end - 2] === EQUALS ? 2 : bytes[end - 1] === EQUALS ? 1 : 0
  return ((end - start) * 3) / 4 - padding
}
