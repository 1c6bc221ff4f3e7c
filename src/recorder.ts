import type { CallFacts } from './directory.ts'

/** A port for whoever keeps what happens in a call, to look at later or to play again. No call waits for it. */
export interface CallRecorder {
  /** False: media messages need not be noted, which spares everybody their cost. True unless said. */
  readonly wantsMedia?: boolean
  /** A call was admitted. Must not block. */
  open(call: CallFacts): CallTape
  /**
   * What was kept of a call, as the lines of a recording without what went over its sockets; undefined when there is
   * nothing. For a recorder that keeps what it is told.
   */
  read?(callId: string): Promise<string | undefined>
  /** Resolves when everything noted is kept, or is known to be lost. No call is live any more. */
  close(): Promise<void>
}

/** One call's. What it throws is told once, and then it is asked no more. */
export interface CallTape {
  /** @param at milliseconds since the call was admitted. */
  note(at: number, happening: Happening): void
  /** The call is over: nothing more will be noted. */
  close(): void
}

/** A place where what happens in one call is told; it never throws. */
export interface Happenings {
  note(happening: Happening): void
}

/** A statechart's state: a name, or the names of parallel or nested ones. */
export type StateName = string | { readonly [region: string]: StateName | undefined }

/** The verb with which a webhook was answered. */
export type TwimlVerb = 'Connect' | 'Reject' | 'Hangup'

/**
 * What can happen in a call. There is no field for a token, a signature, an account or the application's parameters:
 * what cannot be said cannot leak. Media streams are counted from 1 within the call; payloads are base64 mu-law.
 */
export type Happening =
  | {
      readonly what: 'webhook'
      readonly route: 'voice' | 'next' | 'status' | 'detected' | 'dialled' | 'recorded'
      /** The carrier's word for where the call stands. */
      readonly callStatus: string
      readonly twiml?: TwimlVerb | undefined
    }
  | {
      readonly what: 'rest'
      readonly command: string
      readonly outcome: 'asked' | 'done' | 'failed'
      /** Our error's code, e.g. `CARRIER_REFUSED`. */
      readonly code?: string | undefined
      /** HTTP status of the refusal. */
      readonly status?: number | undefined
    }
  | { readonly what: 'received'; readonly stream: number; readonly message: ReceivedMessage }
  | { readonly what: 'sent'; readonly stream: number; readonly message: SentMessage }
  /** The socket went away without a `stop`, and not by our doing. */
  | { readonly what: 'lost'; readonly stream: number; readonly cause: string }
  | { readonly what: 'malformed'; readonly stream: number }
  | ({ readonly what: 'transition' } & Transition)
  /** An actor that the call's chart invokes. */
  | {
      readonly what: 'child'
      readonly id: string
      /** What it runs, e.g. `carrier`. */
      readonly src: string
      readonly status: 'started' | 'stopped'
    }
  /** Whoever writes this down came in the middle of the call: it stood here. */
  | { readonly what: 'joined'; readonly state: StateName }
  | {
      readonly what: 'end'
      readonly state: string
      readonly reason: string
      readonly cause?: string | undefined
      readonly stats: Readonly<Record<string, unknown>>
    }

/** A chart was told something, and took an edge or did not. */
export interface Transition {
  /** The child whose chart it is, by its id; absent for the call's own. */
  readonly actor?: string | undefined
  readonly event: string
  /** Who told: `carrier`, `node` (this server), `call`, or a child by its id. */
  readonly from?: string | undefined
  /** What the event says, as far as it may be shown. */
  readonly fields?: Fields | undefined
  /** Ids of the edges taken, as in the chart's picture; none: the event changed nothing. */
  readonly edges?: readonly string[] | undefined
  readonly before: StateName
  readonly after: StateName
}

export type Fields = Readonly<Record<string, string | number | boolean>>

/** What goes over the call's sockets: fifty messages a second each way, while everything else is a few. */
export const OF_SOCKETS: readonly Happening['what'][] = ['received', 'sent', 'lost', 'malformed']

export function isOfSockets({ what }: Happening): boolean {
  return OF_SOCKETS.includes(what)
}

export type ReceivedMessage =
  | { readonly event: 'start'; readonly streamSid: string }
  | {
      readonly event: 'media'
      readonly sequence: number
      readonly timestampMs: number
      readonly bytes: number
      readonly payload?: string | undefined
    }
  | { readonly event: 'dtmf'; readonly sequence: number; readonly digit?: string | undefined }
  | { readonly event: 'mark'; readonly sequence: number; readonly name: string }
  | { readonly event: 'stop' }

export type SentMessage =
  | { readonly event: 'media'; readonly bytes: number; readonly payload?: string | undefined }
  | { readonly event: 'mark'; readonly name: string }
  | { readonly event: 'clear' }
  /** We closed the socket. */
  | { readonly event: 'close' }
