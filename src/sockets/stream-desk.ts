import type { StreamPort } from '../media/stream-port.ts'
import type { DtmfMessage, MarkMessage, MediaMessage, StartMessage } from '../twilio/messages.ts'

/** Where a stream turns to with its `start`. */
export interface StreamDesk {
  /**
   * Finds the call that the start's token, CallSid and AccountSid name together, and attaches the stream to it.
   * Undefined when they name none: the token is then unknown, spent, or another call's.
   */
  admit(start: StartMessage, port: StreamPort): Promise<AttachedStream | undefined>
}

/** The call's ear for one stream. Every method is synchronous and none throws. */
export interface AttachedStream {
  /** False when the payload is not base64. */
  media(message: MediaMessage): boolean
  dtmf(message: DtmfMessage): void
  mark(message: MarkMessage): void
  /** The carrier said `stop`. */
  stopped(): void
  /** The socket is gone, without a `stop` and not by our own doing. */
  lost(cause: string): void
  malformed(): void
  /** Network round trip, in milliseconds. */
  roundTrip(ms: number): void
}
