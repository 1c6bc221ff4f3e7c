import { describe, expect, it } from 'vitest'
import type { PhoneCallPath } from './phone-call-paths.ts'
import { serverPaths } from './server-paths.ts'
import { ServerRun } from './server-run.ts'

/** Real sockets take their time. */
const MAX_PATHS = 30

const paths = (['inbound', 'outbound'] as const).flatMap((direction) => serverPaths(direction))

function nameOf({ steps, state }: PhoneCallPath): string {
  const events = steps.slice(1).map(({ event }) => ('outcome' in event ? `${event.type} ${event.outcome}` : event.type))
  return `${state.context.direction}: ${events.join(', ')}`
}

describe('a whole server with a simulated carrier', () => {
  it.each(paths.map((path) => [nameOf(path), path] as const))('goes the way of the model: %s', async (_, path) => {
    expect(path.state.status).toBe('done')
    await ServerRun.go(path)
  })

  it('is led along few enough ways for their endings to differ all the same', () => {
    const reasons = new Set(paths.map(({ state }) => state.context.reason))
    expect(paths.length).toBeLessThanOrEqual(MAX_PATHS)
    expect(reasons.size).toBeGreaterThanOrEqual(12)
  })
})
