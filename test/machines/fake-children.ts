import { fromCallback, fromPromise } from 'xstate'
import type { CallEvent, InboundFact, OutboundFact } from '../../machines/call-events.ts'
import { callMachine } from '../../machines/call.ts'
import type { ChildInput } from '../../machines/call-setup.ts'
import { carrierCommandMachine, type CommandInput, type CommandName } from '../../machines/carrier-command.ts'
import { carrierRecordingMachine, type RecordingNews } from '../../machines/carrier-recording.ts'
import { transferMachine, type TransferOutput } from '../../machines/transfer.ts'

/** What a call's chart invokes, in the hand of a test. */

/** The charts of a call. */
export interface Charts {
  readonly call: typeof callMachine
  readonly transfer: typeof transferMachine
  readonly recording: typeof carrierRecordingMachine
}

export const CHARTS: Charts = { call: callMachine, transfer: transferMachine, recording: carrierRecordingMachine }

/** Those that a test may break, or be asked by. */
export type ChildName = PromiseName | 'inbound' | 'outbound' | 'carrier' | 'transfer' | 'recording'
type PromiseName = 'turn' | 'agent' | 'release'

/** Something a child was asked for, which it has not answered yet. */
export interface Request {
  readonly command: CommandName | PromiseName
  resolve(value?: string): void
  reject(error: unknown): void
}

type Report = (fact: InboundFact | OutboundFact) => void

const MAX_BREAKS = 50

let count = 0
const everybody = new Map<string, FakeChildren>()

/** Of one call. */
export class FakeChildren {
  readonly id = `call_test_${(count += 1)}`
  /** Every command that reached the carrier, in order, e.g. `hangUp CA1`. */
  readonly sent: string[] = []
  /** Everything that promise children were asked for, in order. */
  readonly begun: Request['command'][] = []
  detached = 0
  /** What the owner of the call was told of its transfers, and of the carrier's recording. */
  readonly transfers: TransferOutput[] = []
  readonly recordings: RecordingNews[] = []
  /** Called with each news of a recording. */
  onRecording: (news: RecordingNews) => void = () => {}
  /** What was done to the line, in order. */
  readonly line: ('held' | 'resumed' | 'cut')[] = []
  /** How often the owner was told that those who were to be connected are presumed to talk. */
  presumed = 0
  /** Names of children that were started and not yet stopped. */
  readonly running: string[] = []
  protected readonly pending: Request[] = []
  readonly #reports = { inbound: new Set<Report>(), outbound: new Set<Report>() }
  readonly #broken: readonly ChildName[]
  #breaks = 0

  constructor(broken: readonly ChildName[] = []) {
    this.#broken = broken
    everybody.set(this.id, this)
  }

  /** What a callback child says on its own; nothing if it is not running, and everything twice if it runs twice. */
  report(child: 'inbound' | 'outbound', fact: InboundFact | OutboundFact): this {
    for (const report of Array.from(this.#reports[child])) report(fact)
    return this
  }

  /** Works after all in the end: a chart that started a broken child for ever would hold the test for ever. */
  unlessBroken<Value>(child: ChildName, value?: Value): Value {
    if (this.#broken.includes(child) && (this.#breaks += 1) <= MAX_BREAKS) throw new Error(`${child} is broken`)
    return value as Value
  }

  hear(news: RecordingNews): void {
    this.recordings.push(news)
    this.onRecording(news)
  }

  listen(child: 'inbound' | 'outbound', report: Report): () => void {
    this.unlessBroken(child)
    this.running.push(child)
    this.#reports[child].add(report)
    return () => {
      this.running.splice(this.running.indexOf(child), 1)
      this.#reports[child].delete(report)
    }
  }

  ask(command: Request['command'], signal: AbortSignal): Promise<string | undefined> {
    this.begun.push(command)
    return new Promise((resolve, reject) => {
      const done = () => {
        const index = this.pending.indexOf(request)
        if (index !== -1) this.pending.splice(index, 1)
      }
      const request: Request = {
        command,
        resolve: (value) => (done(), resolve(value)),
        reject: (error) => (done(), reject(error)),
      }
      this.pending.push(request)
      signal.addEventListener('abort', done)
    })
  }

  /** Nobody asks for them any more. */
  protected forget(): void {
    everybody.delete(this.id)
  }
}

function childrenOf(id: string): FakeChildren {
  const children = everybody.get(id)
  if (children === undefined) throw new Error(`expected the children of ${id}, found none`)
  return children
}

/** As the command itself has it. */
const sendTimeoutMs = (command: CommandName) => (command === 'placeCall' ? 9_000 : 3_000)

const carrier = carrierCommandMachine.provide({
  actors: {
    send: fromPromise<string | undefined, CommandInput>(({ input, signal }) => {
      const { callId, command, callSid, recordingSid } = input
      childrenOf(callId).sent.push([command, callSid, recordingSid].filter((word) => word !== undefined).join(' '))
      return childrenOf(callId).ask(command, signal)
    }),
  },
  delays: {
    sendTimeout: ({ context: { callId, command } }) =>
      childrenOf(callId).unlessBroken('carrier', sendTimeoutMs(command)),
  },
})

const promise = (child: PromiseName) =>
  fromPromise<void, ChildInput>(({ input, signal }) => {
    const children = childrenOf(input.callId)
    children.unlessBroken(child)
    return children.ask(child, signal).then(() => undefined)
  })

function provide({ call, transfer, recording }: Charts) {
  return call.provide({
    actors: {
      carrier,
      turn: promise('turn'),
      transfer: transfer.provide({
        actors: { carrier },
        delays: {
          ringTimeout: ({ context: { callId, ringMs } }) => childrenOf(callId).unlessBroken('transfer', ringMs),
        },
      }),
      recording: recording.provide({
        actors: { carrier },
        actions: {
          tell: ({ context: { callId } }, news) => {
            childrenOf(callId).unlessBroken('recording')
            childrenOf(callId).hear(news)
          },
        },
      }),
      inbound: fromCallback<CallEvent, ChildInput, InboundFact>(({ input, sendBack }) =>
        childrenOf(input.callId).listen('inbound', sendBack),
      ),
      outbound: fromCallback<CallEvent, ChildInput, OutboundFact>(({ input, sendBack }) =>
        childrenOf(input.callId).listen('outbound', sendBack),
      ),
      agent: promise('agent'),
      release: promise('release'),
    },
    actions: {
      detachStream: ({ context }) => (childrenOf(context.id).detached += 1),
      holdLine: ({ context }) => childrenOf(context.id).line.push('held'),
      resumeLine: ({ context }) => childrenOf(context.id).line.push('resumed'),
      cutSpeech: ({ context }) => childrenOf(context.id).line.push('cut'),
      tellPresumed: ({ context }) => (childrenOf(context.id).presumed += 1),
      tellRecording: ({ context }, news) => childrenOf(context.id).hear(news),
      tellTransfer: ({ context }, output) => childrenOf(context.id).transfers.push(output),
    },
  })
}

const provided = new WeakMap<Charts, typeof callMachine>()

/** Once for all calls with these charts: a child learns from its input whose it is. */
export function withFakeChildren(charts: Charts): typeof callMachine {
  const known = provided.get(charts) ?? provide(charts)
  provided.set(charts, known)
  return known
}
