import type { CallFacts } from '../directory.ts'
import type { Logger } from '../log.ts'
import type { CallRecorder, CallTape } from '../recorder.ts'
import type { StatelyAddress } from './stately-address.ts'
import { type CreateInspector, StatelyCall } from './stately-call.ts'

/** A way to an inspector that keeps itself open. */
export interface InspectorSocket {
  /** Open, and not so far behind that more would only pile up. */
  readonly hasRoom: boolean
  /** Sends it, or drops it when there is no room. Never throws. */
  send(text: string): void
  /** Resolves soon, whatever the other side does. */
  close(): Promise<void>
}

export interface InspectorSocketEvents {
  /** It is open, perhaps again. */
  onUp(): void
  /** Once for each time that it cannot be reached any more. */
  onDown(cause: string): void
}

export interface StatelyBridgeOptions {
  readonly address: StatelyAddress
  readonly openSocket: (url: string, events: InspectorSocketEvents) => InspectorSocket
  readonly logger: Logger
}

/**
 * Shows every call in an inspector that understands `@statelyai/inspect`, which is loaded here and nowhere else.
 *
 * Invariants
 * - Y1 No call waits for the inspector or hears of it: nothing is queued here, and nothing is thrown.
 * - Y2 An inspector that comes late, or again, is told where each live call stands; what happened meanwhile is lost.
 * - Y3 Only what {@link StatelyCall} picks goes out: states, events by name, and fields on its list.
 */
export async function openStatelyBridge(options: StatelyBridgeOptions): Promise<CallRecorder> {
  const { createInspector } = await import('@statelyai/inspect')
  return new StatelyBridge(options, createInspector)
}

class StatelyBridge implements CallRecorder {
  readonly wantsMedia = false
  readonly #options: StatelyBridgeOptions
  readonly #createInspector: CreateInspector
  readonly #socket: InspectorSocket
  readonly #calls = new Set<StatelyCall>()
  /** Where it is, without what may be secret in it. */
  readonly #host: string
  #isUp = false
  #hasComplained = false

  constructor(options: StatelyBridgeOptions, create: CreateInspector) {
    const { address, logger, openSocket } = options
    this.#options = options
    this.#createInspector = create
    this.#host = new URL(address.socketUrl).host
    const { pageUrl } = address
    if (pageUrl !== undefined) logger.warn({ page: pageUrl }, 'calls are shown to whoever has this address')
    this.#socket = openSocket(address.socketUrl, {
      onUp: () => this.#noteUp(),
      onDown: (cause) => this.#noteDown(cause),
    })
  }

  open({ id }: CallFacts): CallTape {
    const call = new StatelyCall({
      id,
      createInspector: this.#createInspector,
      hasRoom: () => this.#hasRoom(),
      send: (message) => this.#socket.send(this.#options.address.encode(message)),
    })
    this.#calls.add(call)
    return {
      note: (_, happening) => this.#guard(call, () => call.note(happening)),
      close: () => void this.#calls.delete(call),
    }
  }

  close(): Promise<void> {
    this.#calls.clear()
    return this.#socket.close()
  }

  #noteUp(): void {
    this.#isUp = true
    this.#hasComplained = false
    this.#options.logger.info({ host: this.#host }, 'the inspector is connected')
    for (const call of this.#calls) this.#guard(call, () => call.introduceAgain())
  }

  #noteDown(cause: string): void {
    this.#isUp = false
    this.#options.logger.warn({ host: this.#host, cause }, 'the inspector cannot be reached: it is tried again')
  }

  #hasRoom(): boolean {
    if (this.#socket.hasRoom) return true
    if (this.#isUp && !this.#hasComplained) {
      this.#hasComplained = true
      this.#options.logger.warn({ host: this.#host }, 'the inspector is too slow: what it has no room for is dropped')
    }
    return false
  }

  #guard(call: StatelyCall, act: () => void): void {
    if (!this.#calls.has(call)) return
    try {
      act()
    } catch (error) {
      this.#calls.delete(call)
      this.#options.logger.error({ err: error }, 'a call could not be shown to the inspector')
    }
  }
}
