import type { Stage, StageOptions } from '../scenarios/stage.ts'

/** One thing that is made to go wrong, and what must be true then. */
export interface Fault {
  /** What goes wrong, in a few words: the row's name. */
  readonly name: string
  /** Which edge is taken, and what is not lost. */
  readonly expected: string
}

/** On a whole server in simulated time, with two other callers who hear their echo all the while. */
export interface StagedFault extends Fault {
  readonly stage?: StageOptions
  /**
   * The longest interval between two messages that the other callers may see, in milliseconds; default 24, which is a
   * frame and what a ticker may be late. More only where the fault is one of the whole process, and never an underrun.
   */
  readonly othersWorstGapMs?: number
  /** Makes it go wrong and holds what came of it against what is expected. Returns what was seen, in the same words each time. */
  readonly befall: (scene: Scene) => Promise<string>
}

/** One that nobody else on the node could be kept out of. */
export interface LoneFault extends Fault {
  /** Why there are no other callers, or how they fared: the last cell of its row. */
  readonly others: string
  readonly befall: () => Promise<string>
}

export interface Scene {
  readonly stage: Stage
  /**
   * Where the carrier finds the server by its public URL. Put a proxy's URL in `reach[PUBLIC_URL]` before the call is made
   * that is to suffer: the other callers came by the straight way.
   */
  readonly reach: Record<string, string>
}

/** Those that belong together: one table. */
export interface FaultArea {
  readonly title: string
  readonly faults: readonly (StagedFault | LoneFault)[]
}

/** What a run saw of one, as it goes into the table. */
export interface Sighting {
  readonly area: string
  readonly name: string
  readonly expected: string
  readonly seen: string
  /** The other calls' worst gap. */
  readonly others: string
}
