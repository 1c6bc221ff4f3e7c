import { z } from 'zod'
import { boundedText } from '../bounded-text.ts'
import type { Header, Line } from '../recording/schema.ts'
import type { StateName } from '../recorder.ts'

/**
 * What goes over the inspector's WebSocket, as JSON: from the server {@link InspectorMessage}s, from the page
 * {@link ViewerRequest}s. A call is told in the very lines in which it would be recorded, without media, so that a live
 * call, one that is over and a file are one and the same thing to the page: a {@link Header} and lines to step through.
 */
export type InspectorMessage =
  /** First of all. */
  | {
      readonly type: 'welcome'
      /** Names of agents that a call may be placed with. */
      readonly agents: readonly string[]
      /** The agent unless one is named. */
      readonly agent: string
    }
  /** Rows that are new or have changed, and the ids of those that are forgotten; at first all there are. */
  | { readonly type: 'calls'; readonly calls: readonly CallRow[]; readonly gone: readonly string[] }
  /** The node's own chart; sent when it changes. */
  | { readonly type: 'node'; readonly node: NodeView }
  /** What is known of the watched call so far. Answers `watch`; lines that follow come as `lines`. */
  | {
      readonly type: 'film'
      readonly watched: string
      /** Absent for the node, which has no recording. */
      readonly call?: Header | undefined
      readonly lines: readonly Line[]
      readonly isOver: boolean
    }
  | { readonly type: 'lines'; readonly watched: string; readonly lines: readonly Line[] }
  /** What the watched call is doing this moment; twice a second, and at once after new lines. Only while it lives. */
  | { readonly type: 'pulse'; readonly watched: string; readonly pulse: Pulse }
  /** The watched call is not known here, or its recording cannot be read. */
  | { readonly type: 'unknown'; readonly watched: string; readonly detail: string }

/** What the page asks: to watch one call, {@link NODE} or nothing. */
export interface ViewerRequest {
  readonly type: 'watch'
  readonly watched: string | null
}

/** The id of a call is much shorter. */
const LONGEST_WATCHED = 64

const viewerRequest = z.object({
  type: z.literal('watch'),
  watched: boundedText(LONGEST_WATCHED).nullable(),
}) satisfies z.ZodType<ViewerRequest>

/** The node as something to watch. */
export const NODE = 'node'

/** A call in the list. */
export interface CallRow {
  readonly id: string
  readonly callSid: string | null
  readonly direction: 'inbound' | 'outbound'
  readonly from: string
  readonly to: string
  readonly agent: string
  /** The name of the top-level state. */
  readonly state: string
  readonly reason: string | null
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly endedAt: number | null
}

export interface NodeView {
  readonly state: StateName
  readonly live: number
  readonly maxCalls: number
}

export interface Pulse {
  /** The state of the call's chart. */
  readonly state: StateName
  readonly timers: readonly PendingTimer[]
  readonly children: readonly ChildView[]
  /** Absent for the node. */
  readonly meters?: Meters | undefined
}

/** An `after` that is running down. */
export interface PendingTimer {
  /** The edge that it will take, as in `data-id` of the chart's picture. */
  readonly edge: string
  readonly leftMs: number
  readonly ofMs: number
}

export interface ChildView {
  /** As invoked, e.g. `placeCall`. */
  readonly id: string
  /** What it runs, e.g. `carrier`. */
  readonly src: string
  readonly status: 'active' | 'done' | 'error' | 'stopped'
  /** Of a child that is a chart itself. */
  readonly state?: StateName | undefined
}

export interface Meters {
  /** dBFS of the latest 20 ms from the far end, and of the latest audio sent; null: silence. */
  readonly levelInDbfs: number | null
  readonly levelOutDbfs: number | null
  /** Audio that the carrier holds. */
  readonly leadMs: number
  /** Audio that waits here. */
  readonly queueMs: number
  /** Of that many at most. */
  readonly queueLimitMs: number
  readonly worstSendGapMs: number
  /** Null before the first pong. */
  readonly roundTripMs: number | null
  readonly underruns: number
  readonly framesIn: number
  readonly framesOut: number
}

/** Undefined for anything that is no request of a viewer's. */
export function parseViewerRequest(text: string): ViewerRequest | undefined {
  const parsed = viewerRequest.safeParse(toJson(text))
  return parsed.success ? parsed.data : undefined
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
