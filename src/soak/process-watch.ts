/** What befalls the process itself while calls are carried: it should be nothing. */

interface Watched {
  readonly event: 'unhandledRejection' | 'uncaughtException' | 'warning'
  readonly what: string
}

const EVENTS = ['unhandledRejection', 'uncaughtException', 'warning'] as const
/** More of them tell nothing new. */
const MOST = 50

export class ProcessWatch {
  readonly seen: Watched[] = []
  readonly #listeners = EVENTS.map((event) => {
    const listener = (thrown: unknown): void => this.#note(event, thrown)
    return { event, listener }
  })

  start(): void {
    for (const { event, listener } of this.#listeners) process.on(event, listener)
  }

  stop(): void {
    for (const { event, listener } of this.#listeners) process.off(event, listener)
  }

  #note(event: Watched['event'], thrown: unknown): void {
    if (this.seen.length >= MOST) return
    this.seen.push({ event, what: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) })
  }
}

/** What keeps the process alive, by kind, and how many of each. */
export function countHandles(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** What there is more of than before, in words; undefined when there is nothing. */
export function moreHandles(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): string | undefined {
  const more = [...now].filter(([kind, count]) => count > (before.get(kind) ?? 0))
  return more.length === 0
    ? undefined
    : more.map(([kind, count]) => `${count - (before.get(kind) ?? 0)} ${kind}`).join(', ')
}
