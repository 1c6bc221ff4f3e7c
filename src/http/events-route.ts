import type { Readable } from 'node:stream'
import type { Router } from '@koa/router'
import type { Context } from 'koa'
import type { Clock } from '../clock.ts'
import { requireApiToken } from './api-token.ts'
import { idOf, requireCall } from './calls-routes.ts'
import { EventStream } from './event-stream.ts'
import { HttpProblem } from './problem.ts'
import type { FollowedCall, ProgressDesk } from './progress-desk.ts'
import type { RequestLimits } from './request-limits.ts'

/** Each holds a socket, and looks at every edge of its call. */
const MOST_STREAMS = 100
const RETRY_SECONDS = 5

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would keep the events until a buffer of them is full.
  'X-Accel-Buffering': 'no',
  // What has been open for as long as a call is not worth keeping, and a server that stops need not wait for it.
  Connection: 'close',
}

/** The readers of this node's calls. */
export class EventStreams {
  readonly #clock: Clock
  readonly #open = new Set<EventStream>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#open.size
  }

  /** What the reader of `context` gets. Throws HttpProblem 503 `EVENT_STREAMS_FULL`. */
  open(context: Context, call: FollowedCall): Readable {
    if (this.#open.size >= MOST_STREAMS) {
      context.set('Retry-After', String(RETRY_SECONDS))
      const detail = `expected at most ${MOST_STREAMS} readers of events at once, got one more`
      throw new HttpProblem(503, 'EVENT_STREAMS_FULL', detail)
    }
    const stream = new EventStream({
      clock: this.#clock,
      call,
      lastId: lastIdOf(context),
      unsentBytes: () => context.res.writableLength,
    })
    this.#open.add(stream)
    stream.body.once('close', () => this.#open.delete(stream))
    return stream.body
  }

  /** The server stops: readers may take what they were told so far. */
  close(): void {
    for (const stream of this.#open) stream.end()
  }
}

export interface EventsRouteOptions {
  readonly desk: ProgressDesk
  readonly streams: EventStreams
  readonly apiToken: string | undefined
  readonly limits?: RequestLimits
}

/** What happens in a call, as it happens, as server-sent events. */
export function addEventsRoute(router: Router, { desk, streams, apiToken, limits }: EventsRouteOptions): void {
  router.get('/calls/:id/events', requireApiToken(apiToken, limits), async (context) => {
    const call = requireCall(context, await desk.find(idOf(context)))
    const body = streams.open(context, call)
    context.set(HEADERS)
    context.body = body
  })
}

/** Nothing is kept for a reader that comes again, who is told where the call stands now; its count goes on. */
function lastIdOf(context: Context): number {
  const given = context.get('last-event-id')
  return /^\d{1,9}$/.test(given) ? Number(given) : 0
}
