import { createActor } from 'xstate'
import type { createCarrierActor } from '../actors/carrier.ts'
import type { Clock } from '../clock.ts'
import type { Logger } from '../log.ts'

export interface StrayLegsOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly command: ReturnType<typeof createCarrierActor>
}

/** Legs at the carrier that no chart looks after: each is hung up, by one command at a time. */
export class StrayLegs {
  readonly #options: StrayLegsOptions
  /** CallSids. */
  readonly #underWay = new Set<string>()

  constructor(options: StrayLegsOptions) {
    this.#options = options
  }

  hangUp(callId: string, callSid: string): void {
    if (this.#underWay.has(callSid)) return
    this.#underWay.add(callSid)
    const { clock, logger } = this.#options
    const command = createActor(this.#options.command, { clock, input: { callId, command: 'hangUp', callSid } })
    const settle = (fault: unknown) => {
      this.#underWay.delete(callSid)
      if (fault !== undefined) logger.error({ callId, callSid, fault }, 'a leg could not be hung up')
    }
    command.subscribe({
      complete: () => {
        const { output } = command.getSnapshot()
        settle(output?.outcome === 'failed' ? output.fault : undefined)
      },
      error: settle,
    })
    command.start()
  }
}
