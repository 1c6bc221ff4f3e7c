import type { CallView } from '../call-view.ts'
import type { Fields, StateName } from '../recorder.ts'

/** Where those turn to who want to know what happens in a call. */
export interface ProgressDesk {
  /** By our id or by CallSid; undefined when there is no such call of this node's. */
  find(key: string): Promise<FollowedCall | undefined>
}

/** A call that is live, or over. */
export interface FollowedCall {
  /**
   * Tells `listener` at once where the call stands, and then what happens, until its end or until the returned function
   * is called. Of a call that is over it tells the end.
   */
  follow(listener: ProgressListener): () => void
}

export type ProgressListener = (progress: Progress) => void

/** What happens in a call, as the API tells it: each `type` is an `event` of the stream, the rest its data. */
export type Progress = StateProgress | EdgeProgress | EndProgress

/** The call's chart stands in another state. */
export interface StateProgress {
  readonly type: 'state'
  /** The name of the top-level state. */
  readonly state: string
  /** `connecting.ringing`; of regions that run side by side each, with a blank between. */
  readonly path: string
  readonly reason: string | null
  /** ISO 8601. */
  readonly at: string
}

/** A chart was told something, and took an edge. */
export interface EdgeProgress {
  readonly type: 'edge'
  /** The child whose chart it is, by its id; null for the call's own. */
  readonly actor: string | null
  readonly event: string
  /** Who told: `carrier`, `node` (this server), `call`, or a child by its id. */
  readonly from: string | null
  /** What the event says, as far as it may be shown. */
  readonly fields: Fields
  /** As in the chart's picture. */
  readonly edges: readonly string[]
  readonly before: StateName
  readonly after: StateName
  /** ISO 8601. */
  readonly at: string
}

/** The call is over: nothing follows. */
export interface EndProgress {
  readonly type: 'end'
  readonly call: CallView
}
