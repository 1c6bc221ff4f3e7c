import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Actor, createActor, fromPromise } from 'xstate'
import type { DialFact } from '../../machines/call-events.ts'
import { carrierCommandMachine, type CommandInput } from '../../machines/carrier-command.ts'
import { transferMachine } from '../../machines/transfer.ts'
import { dialAnswered as answered, dialEnded as ended, dialRinging as ringing, RING_MS } from './call/opening.ts'
import { settle } from './call-under-test.ts'
import { CountingClock } from './counting-clock.ts'
import { EdgeCoverage } from './edge-coverage.ts'

const coverage = new EdgeCoverage(transferMachine)

/** Four attempts of 3 s each, with 0.25, 0.5 and 1 s between them. */
const REDIRECT_MS = 13_750

type Answer = 'done' | 'none' | { readonly code: string; readonly message: string }

interface Transfer {
  readonly actor: Actor<typeof transferMachine>
  readonly clock: CountingClock
  readonly sent: CommandInput[]
  /** What it tells its call. */
  readonly told: string[]
}

/** `answer`: what the carrier says to each request to dial. */
function start(answer: Answer, { isBroken = false } = {}): Transfer {
  const clock = new CountingClock()
  const sent: CommandInput[] = []
  const send = fromPromise<string | undefined, CommandInput>(({ input }) => {
    sent.push(input)
    if (answer === 'none') return new Promise(() => {})
    return answer === 'done' ? Promise.resolve(undefined) : Promise.reject(answer)
  })
  const breaks = () => {
    throw new Error('carrier is broken')
  }
  const carrier = carrierCommandMachine.provide({
    actors: { send },
    ...(isBroken ? { delays: { sendTimeout: breaks } } : {}),
  })
  const told: string[] = []
  const tellPresumed = () => void told.push('presumed')
  const actor = createActor(transferMachine.provide({ actors: { carrier }, actions: { tellPresumed } }), {
    input: { callId: 'call_test', callSid: 'CA1', ringMs: RING_MS },
    clock,
    inspect: coverage.observe,
  })
  actor.subscribe({ error: () => {} })
  return { actor: actor.start(), clock, sent, told }
}

async function tell(transfer: Transfer, ...facts: DialFact[]): Promise<Transfer> {
  await settle()
  for (const fact of facts) {
    if (transfer.actor.getSnapshot().status === 'active') transfer.actor.send(fact)
  }
  return transfer
}

/** In small steps, so that repeats are answered in time. */
async function wait(transfer: Transfer, ms: number): Promise<Transfer> {
  for (let left = ms; left > 0; left -= 250) {
    transfer.clock.advance(Math.min(250, left))
    await settle()
  }
  return transfer
}

const stateOf = ({ actor }: Transfer) => JSON.stringify(actor.getSnapshot().value).replaceAll(/["{}]/g, '')

/** @throws unless it is over, and left no timer. */
function outcomeOf({ actor, clock }: Transfer) {
  expect([actor.getSnapshot().status, clock.pending]).toEqual(['done', 0])
  return actor.getSnapshot().output
}

describe('a transfer', () => {
  it('is asked for once, of the leg that is to be handed over', async () => {
    const transfer = await tell(start('done'))
    expect(stateOf(transfer)).toBe('unanswered:dialling')
    expect(transfer.sent).toEqual([
      { callId: 'call_test', command: 'transfer', callSid: 'CA1', recordingSid: undefined },
    ])
  })

  it('rings, is answered, and is over when they have talked, however long that takes', async () => {
    const transfer = await tell(start('done'), ringing)
    expect(stateOf(transfer)).toBe('unanswered:ringing')
    await tell(transfer, answered)
    expect(stateOf(transfer)).toBe('bridged')
    await wait(transfer, 10 * RING_MS)
    expect(transfer.told).toEqual([])
    await tell(transfer, ended('completed'))
    expect(outcomeOf(transfer)).toEqual({ outcome: 'completed', cause: undefined, mayHaveLeft: true })
  })

  it.each(['busy', 'no-answer', 'failed', 'canceled'] as const)(
    'comes to what the carrier says: %s',
    async (outcome) => {
      const transfer = await tell(start('done'), ringing, ended(outcome))
      expect(outcomeOf(transfer)).toEqual({ outcome, cause: undefined, mayHaveLeft: true })
    },
  )

  it.each([[[]], [[ringing]], [[answered]], [[answered, ringing, answered]]])(
    'believes callbacks that overtake the answer to the request: %j',
    async (facts) => {
      const transfer = start('none')
      await tell(transfer, ...facts, ended('completed'))
      expect(outcomeOf(transfer)).toMatchObject({ outcome: 'completed' })
      expect(transfer.sent).toHaveLength(1)
    },
  )

  it('is not asked for again once the other leg is known to ring', async () => {
    const transfer = await wait(await tell(start('none'), ringing), RING_MS - 1)
    expect(stateOf(transfer)).toBe('unanswered:ringing')
    expect(transfer.sent).toHaveLength(1)
  })

  it('is refused in the carrier’s words, and the far end certainly stays', async () => {
    const transfer = await tell(start({ code: 'CARRIER_REFUSED', message: '21220 not in progress' }))
    expect(outcomeOf(transfer)).toEqual({
      outcome: 'refused',
      cause: '21220 not in progress',
      mayHaveLeft: false,
    })
  })

  it('counts as refused when no usable answer comes, but the far end may have gone', async () => {
    const unanswered = await wait(start('none'), REDIRECT_MS)
    expect(outcomeOf(unanswered)).toMatchObject({ outcome: 'refused', mayHaveLeft: true })
    expect(unanswered.sent).toHaveLength(4)
    const failed = await wait(start({ code: 'CARRIER_UNAVAILABLE', message: '503' }), REDIRECT_MS)
    expect(outcomeOf(failed)).toEqual({ outcome: 'refused', cause: '503', mayHaveLeft: true })
  })

  it('counts as refused when the command itself breaks, but the far end may have gone', async () => {
    const transfer = await tell(start('done', { isBroken: true }))
    expect(outcomeOf(transfer)).toEqual({ outcome: 'refused', cause: 'carrier is broken', mayHaveLeft: true })
  })

  it.each([
    ['when it dials', []],
    ['when it rings', [ringing]],
  ] as const)('is presumed to be answered if the carrier falls silent %s: nobody is cut off', async (_, facts) => {
    const transfer = await wait(await tell(start('done'), ...facts), RING_MS - 1)
    expect([stateOf(transfer), transfer.told]).not.toEqual(['bridged', []])
    await wait(transfer, 1)
    expect([stateOf(transfer), transfer.told]).toEqual(['bridged', ['presumed']])
    await wait(transfer, 10 * RING_MS)
    await tell(transfer, answered, ended('completed'))
    expect(outcomeOf(transfer)).toEqual({ outcome: 'completed', cause: undefined, mayHaveLeft: true })
    expect(transfer.told).toHaveLength(1)
  })

  it('is presumed to be answered even if no call runs it', async () => {
    const clock = new CountingClock()
    const send = fromPromise<string | undefined, CommandInput>(() => Promise.resolve(undefined))
    const carrier = carrierCommandMachine.provide({ actors: { send } })
    const input = { callId: 'call_test', callSid: 'CA1', ringMs: RING_MS }
    const actor = createActor(transferMachine.provide({ actors: { carrier } }), { input, clock })
    const faults: unknown[] = []
    actor.subscribe({ error: (fault) => faults.push(fault) })
    actor.start()
    await settle()
    clock.advance(RING_MS)
    expect(faults).toEqual([])
    expect(actor.getSnapshot().value).toBe('bridged')
  })

  it('believes the carrier if nobody had answered after all', async () => {
    const transfer = await wait(await tell(start('done'), ringing), RING_MS)
    await tell(transfer, ended('no-answer'))
    expect(outcomeOf(transfer)).toMatchObject({ outcome: 'no-answer' })
  })

  it('rings as long as it may, however long the carrier took to begin', async () => {
    const transfer = await wait(await tell(start('none')), REDIRECT_MS - 1)
    await wait(await tell(transfer, ringing), RING_MS - 1)
    expect(stateOf(transfer)).toBe('unanswered:ringing')
  })

  it('ends once, in bounded time unless they talk, whatever is told in whatever order', async () => {
    expect.hasAssertions()
    const fact = fc.constantFrom<DialFact[]>(ringing, answered, ended('busy'), ended('completed'))
    const answers = fc.constantFrom<Answer[]>('done', 'none', { code: 'CARRIER_REFUSED', message: 'no' })
    await fc.assert(
      fc.asyncProperty(answers, fc.array(fact, { maxLength: 6 }), async (answer, facts) => {
        const transfer = start(answer)
        for (const one of facts) await tell(transfer, one)
        await wait(transfer, REDIRECT_MS + RING_MS)
        if (stateOf(transfer) === 'bridged') await tell(transfer, ended('completed'))
        expect(outcomeOf(transfer)?.outcome).toMatch(/^(completed|busy|refused)$/)
      }),
      { numRuns: 30 },
    )
  })

  it('has had every state entered and every edge taken by these tests', () => {
    expect(coverage.missing()).toEqual([])
  })
})
