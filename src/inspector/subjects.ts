import type { CallTape } from '../recorder.ts'
import type { Header } from '../recording/schema.ts'
import type { CallRow, NodeView, Pulse } from './wire.ts'

/** What the inspector looks at, and no more: nothing here can change a call. */
export interface InspectedCalls {
  readonly agents: readonly string[]
  /** The agent unless one is named. */
  readonly agent: string
  readonly node: InspectedNode
  /** Live calls and those that ended lately, newest first. */
  rows(): readonly CallRow[]
  /** A live call. */
  find(id: string): InspectedCall | undefined
  /** Tells `listener` of each call before anything happens in it, until the returned function is called. */
  onCall(listener: (call: InspectedCall) => void): () => void
  /** The header of a call's recording, live or over. */
  header(id: string): Header | undefined
  /** What a recorder kept of a call: the outline of its recording. */
  recorded(id: string): Promise<string | undefined>
}

export interface InspectedCall {
  readonly id: string
  /** Milliseconds since it was admitted. */
  readonly at: number
  pulse(): Pulse
  /** Tells `tape` what happens, without media, until the call ends or the returned function is called. */
  listen(tape: CallTape): () => void
}

export interface InspectedNode {
  view(): NodeView
  pulse(): Pulse
  /** Tells `tape` what happens, until the returned function is called. */
  listen(tape: CallTape): () => void
}
