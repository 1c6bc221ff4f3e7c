import { deepEqual, equal } from 'node:assert/strict'
import type { AnyMachineSnapshot } from 'xstate'
import type { CallEvent, DialOutcome } from '../../machines/call-events.ts'
import { CALL_SID, CallUnderTest, TIMING } from '../machines/call-under-test.ts'
import { openActive, refusal, RING_MS } from '../machines/call/opening.ts'
import type { SmallModel } from './small-model.ts'
import { type TransferContext, type TransferEvent, transferModel, type TransferWait } from './transfer-model.ts'

/** The real chart, and that of its transfer. */

interface View {
  readonly transfer: 'none' | 'leaving' | 'away'
  /** Which of our streams is awaited, if ours is gone. */
  readonly without: 'elsewhere' | 'lost.dropped'
  /** Where the chart of the transfer stands. */
  readonly where?: string
  readonly isHeld?: boolean
}

const VIEWS: Readonly<Record<string, View>> = {
  'here.heard': { transfer: 'none', without: 'lost.dropped' },
  'here.onHold': { transfer: 'none', without: 'lost.dropped', isHeld: true },
  'cutOff.heard': { transfer: 'none', without: 'lost.dropped' },
  'cutOff.onHold': { transfer: 'none', without: 'lost.dropped', isHeld: true },
  parting: { transfer: 'leaving', without: 'lost.dropped' },
  'away.asked': { transfer: 'away', without: 'elsewhere', where: 'unanswered.redirecting' },
  'away.dialled': { transfer: 'away', without: 'elsewhere', where: 'unanswered.dialling' },
  'away.ringing': { transfer: 'away', without: 'elsewhere', where: 'unanswered.ringing' },
  'away.joined': { transfer: 'away', without: 'elsewhere', where: 'bridged' },
  back: { transfer: 'none', without: 'lost.dropped' },
}

const ENDS: Readonly<Record<string, string>> = {
  farewell: 'stopping.draining',
  hungUp: 'stopping.hangingUp',
  gone: 'stopping.releasing',
}

/** Four attempts of 3 s each, with 0.25, 0.5 and 1 s between them. */
const REDIRECT_MS = 13_750

const WAITS_MS: Readonly<Record<TransferWait, number>> = {
  drain: TIMING.drainMs,
  ring: RING_MS,
  silence: TIMING.silenceMs,
  grace: TIMING.graceMs,
  limit: TIMING.limitMs,
}

const OUTCOMES: readonly DialOutcome[] = ['completed', 'busy', 'no-answer', 'failed', 'canceled']

const EVENTS: readonly TransferEvent[] = [
  { type: 'api.transfers', isUrgent: false, hasSuccessor: false },
  { type: 'api.transfers', isUrgent: true, hasSuccessor: false },
  { type: 'api.transfers', isUrgent: true, hasSuccessor: true },
  { type: 'api.holds' },
  { type: 'api.resumes' },
  { type: 'api.hangsUp' },
  { type: 'api.finishes' },
  { type: 'speech.isPlayed' },
  { type: 'speech.pilesUp' },
  { type: 'agent.returns' },
  { type: 'agent.throws' },
  { type: 'carrier.dials' },
  { type: 'carrier.refuses' },
  { type: 'carrier.isSilent' },
  { type: 'other.rings' },
  { type: 'other.answers' },
  ...OUTCOMES.map((outcome) => ({ type: 'other.isThrough', outcome }) as const),
  { type: 'leg.ends' },
  { type: 'stream.opens' },
  { type: 'stream.dies' },
  { type: 'stream.stalls' },
  { type: 'stream.stops' },
  { type: 'stream.goesQuiet' },
  { type: 'oldStream.dies' },
  { type: 'time.drain' },
  { type: 'time.ring' },
  { type: 'time.silence' },
  { type: 'time.grace' },
  { type: 'time.limit' },
]

/** What may be told at any time of a call that is handed over. */
const STRAYS: ReadonlySet<TransferEvent['type']> = new Set([
  'api.transfers',
  'api.holds',
  'api.resumes',
  'other.rings',
  'other.answers',
  'other.isThrough',
  'oldStream.dies',
  'speech.pilesUp',
])

/** What leads from a transfer to its end. */
const PROGRESS: ReadonlySet<TransferEvent['type']> = new Set([
  'api.transfers',
  'speech.isPlayed',
  'carrier.dials',
  'carrier.refuses',
  'other.answers',
  'other.isThrough',
  'stream.stops',
])

/**
 * What becomes of our stream does not depend on who of our agents runs, nor on which stream it is. The carrier's words for
 * what came of it are all alike but for `completed`.
 */
function isWorthwhile({ context, value }: AnyMachineSnapshot, event: TransferEvent): boolean {
  const { isAgentThere, hasSuccessor, wasHeld, streams, stream } = context as TransferContext
  const isUsual = isAgentThere && !hasSuccessor && !wasHeld && streams === 1
  if (event.type === 'other.isThrough' && event.outcome !== 'completed' && event.outcome !== 'busy') {
    return isUsual && stream === 'up'
  }
  return isUsual || value === 'back' || PROGRESS.has(event.type)
}

class TransferRun {
  readonly call: CallUnderTest
  readonly looks
  #streams = 1
  /** Since when it has been awaited that somebody answers, on the call's clock. */
  #ringsSince = 0
  #gone: { readonly without: string; readonly detached: number } | undefined

  constructor(call: CallUnderTest) {
    this.call = call
    this.looks = {
      ...Object.fromEntries(
        Object.entries(VIEWS).map(([key, view]) => [key, (state: AnyMachineSnapshot) => this.#looksLike(view, state)]),
      ),
      ...Object.fromEntries(
        Object.entries(ENDS).map(([key, where]) => [key, (state: AnyMachineSnapshot) => this.#ends(where, state)]),
      ),
    }
  }

  readonly does: { readonly [T in TransferEvent['type']]: (event: Extract<TransferEvent, { type: T }>) => unknown } = {
    'api.transfers': ({ isUrgent, hasSuccessor }) =>
      this.#tell({ type: 'call.transfer', isUrgent, hasSuccessor, ringMs: RING_MS }),
    'api.holds': () => this.#tell({ type: 'call.hold' }),
    'api.resumes': () => this.#tell({ type: 'call.resume' }),
    'api.hangsUp': () => this.#tell({ type: 'call.hangUp', reason: 'hung up by API' }),
    'api.finishes': () => this.#tell({ type: 'call.finish', reason: 'draining' }),
    'speech.isPlayed': () => this.call.report('outbound', { type: 'playback.drained' }),
    'speech.pilesUp': () => this.call.report('outbound', { type: 'queue.overflowed' }),
    'agent.returns': () => this.call.answer('agent'),
    'agent.throws': () => this.call.fail('agent', new Error('boom')),
    'carrier.dials': async () => {
      await this.call.answer('transfer')
      this.#ringsSince = this.call.clock.now()
    },
    'carrier.refuses': () => this.call.fail('transfer', refusal),
    'carrier.isSilent': async () => {
      for (let passed = 0; passed < REDIRECT_MS; passed += 250) await this.call.wait(250)
    },
    // Not at once, so that it shows from when on it is counted how long it rings.
    'other.rings': async () => {
      await this.call.wait(1_000)
      this.#tell({ type: 'dial.ringing' })
      this.#ringsSince = this.call.clock.now()
    },
    'other.answers': () => this.#tell({ type: 'dial.answered' }),
    'other.isThrough': ({ outcome }) => this.#tell({ type: 'dial.ended', outcome }),
    'leg.ends': () => this.#tell({ type: 'leg.ended', callSid: CALL_SID, outcome: 'completed' }),
    'stream.opens': () => {
      this.#streams += 1
      this.#tell({ type: 'stream.started', streamSid: `MZ${this.#streams}`, callSid: CALL_SID })
    },
    'stream.dies': () => this.#lose(this.#streams),
    'stream.stalls': () => this.call.report('outbound', { type: 'queue.stalled', at: this.call.clock.now() }),
    'stream.stops': () => this.#tell({ type: 'stream.stopped', streamSid: `MZ${this.#streams}` }),
    'stream.goesQuiet': () => this.call.report('inbound', { type: 'media.silent', at: this.call.clock.now() }),
    'oldStream.dies': () => this.#lose(0),
    'time.drain': () => this.#pass('drain'),
    'time.ring': () => this.#pass('ring', this.call.clock.now() - this.#ringsSince),
    'time.silence': () => this.#pass('silence'),
    'time.grace': () => this.#pass('grace'),
    'time.limit': () => this.#pass('limit', this.call.clock.now()),
  }

  #tell(event: CallEvent) {
    this.call.tell(event)
  }

  #lose(stream: number) {
    this.#tell({ type: 'stream.lost', at: this.call.clock.now(), cause: '1006', streamSid: `MZ${stream}` })
  }

  /** Neither earlier nor later. */
  async #pass(wait: TransferWait, passedMs = 0) {
    const before = this.call.where
    await this.call.wait(WAITS_MS[wait] - passedMs - 1)
    equal(this.call.where, before)
    await this.call.wait(1)
  }

  #looksLike(view: View, snapshot: AnyMachineSnapshot) {
    const { call } = this
    const known = snapshot.context as TransferContext
    const stream = { up: 'flowing', quiet: 'silent', gone: view.without }[known.stream]
    const isAway = view.transfer === 'away'
    const isWaiting = isAway || view.isHeld === true || (view.transfer === 'leaving' && known.wasHeld)
    const agent = isWaiting ? 'running.waiting' : 'running.quiet'
    const paths = call.where.split(' ').filter((path) => /\.(floor|stream|agent|hold|transfer)\./.test(path))
    deepEqual(paths, [
      `active.floor.${isAway ? 'away' : 'idle'}`,
      `active.stream.${stream}`,
      `active.agent.${known.isAgentThere ? agent : 'absent'}`,
      `active.hold.${view.isHeld === true ? 'held' : 'talking'}`,
      `active.transfer.${view.transfer}`,
    ])
    const isParted = view.transfer === 'leaving'
    deepEqual(call.running, ['inbound', 'outbound', ...(isParted ? ['outbound'] : [])])
    deepEqual(call.asked.toSorted(), [
      ...(known.isAgentThere ? ['agent'] : []),
      ...(view.where === 'unanswered.redirecting' ? ['transfer'] : []),
    ])
    equal(call.whereIs('transfer'), view.where)
    // A stream is let go of once.
    const { detached } = call
    const gone = known.stream === 'gone' ? { without: view.without, detached } : undefined
    if (gone?.without === this.#gone?.without) deepEqual(gone, this.#gone)
    this.#gone = gone
    this.#hasBeenTold(known)
  }

  #ends(where: string, snapshot: AnyMachineSnapshot) {
    const known = snapshot.context as TransferContext
    const { call } = this
    deepEqual({ where: call.where, reason: call.reason }, { where, reason: known.reason })
    equal(call.sent.includes(`hangUp ${CALL_SID}`), where === 'stopping.hangingUp')
    this.#hasBeenTold(known)
  }

  #hasBeenTold({ outcome, agents, isBridged, streams }: TransferContext) {
    const { call } = this
    deepEqual(
      call.transfers.map((told) => told.outcome),
      outcome === undefined ? [] : [outcome],
    )
    equal(call.begun.filter((one) => one === 'agent').length, agents)
    const { context } = call
    deepEqual(
      { isBridged: context.transfer.isBridged, streamSid: context.streamSid },
      { isBridged, streamSid: `MZ${streams}` },
    )
  }
}

export const transfer: SmallModel<TransferEvent> = {
  name: 'transfer',
  machine: transferModel,
  events: EVENTS,
  // What may be done with a call that is back, it has shown before it left.
  isStray: ({ type }, { value }) => STRAYS.has(type) && !(value === 'back' && type.startsWith('api.')),
  isWorthwhile,
  begin: (options) => new TransferRun(openActive((more) => new CallUnderTest(more), options)),
}
