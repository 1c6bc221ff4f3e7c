import { createParser } from 'eventsource-parser'
import type { CallView } from '../call-view.ts'
import type { Progress } from '../http/progress-desk.ts'

/** Far more than a server tells at once: whoever sends so much without an end to it is no callchart server. */
const MOST_UNPARSED = 1024 * 1024

/** What a server tells of a call, from the bytes of its events. Throws when they are none. */
export async function* readProgress(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Progress> {
  const decoder = new TextDecoder()
  let told: Progress[] = []
  const parser = createParser({
    maxBufferSize: MOST_UNPARSED,
    onEvent: ({ event, data }) => {
      const progress = toProgress(event, data)
      if (progress !== undefined) told.push(progress)
    },
  })
  for await (const chunk of bytes) {
    parser.feed(decoder.decode(chunk, { stream: true }))
    const ready = told
    told = []
    yield* ready
  }
}

/** Undefined for an event of a later server's, which has a name that is not known here. */
function toProgress(event: string | undefined, data: string): Progress | undefined {
  if (event === 'end') return { type: 'end', call: JSON.parse(data) as CallView }
  if (event !== 'state' && event !== 'edge') return undefined
  return { ...(JSON.parse(data) as object), type: event } as Progress
}
