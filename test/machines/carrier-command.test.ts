import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Actor, createActor, fromPromise } from 'xstate'
import {
  backoffMs,
  carrierCommandMachine,
  type CommandInput,
  type CommandName,
  isInDoubt,
} from '../../machines/carrier-command.ts'
import { settle } from './call-under-test.ts'
import { CountingClock } from './counting-clock.ts'
import { EdgeCoverage } from './edge-coverage.ts'

const coverage = new EdgeCoverage(carrierCommandMachine)

const fault = (code: string, retryAfterMs?: number) => ({ code, message: `${code}!`, retryAfterMs })
const RATE_LIMITED = fault('CARRIER_RATE_LIMITED')
const AMBIGUOUS = ['CARRIER_UNAVAILABLE', 'CARRIER_TIMEOUT', 'CARRIER_GIBBERISH'] as const
const CODES = [
  'CARRIER_REFUSED',
  'CARRIER_UNAUTHORIZED',
  'CARRIER_NOT_FOUND',
  'CARRIER_RATE_LIMITED',
  'CARRIER_PAUSED',
  ...AMBIGUOUS,
  'SOMETHING_ELSE',
] as const

/** What each command is about. */
const OBJECTS: Readonly<Record<CommandName, Partial<CommandInput>>> = {
  placeCall: {},
  findCall: {},
  hangUp: { callSid: 'CA1' },
  transfer: { callSid: 'CA1' },
  startRecording: { callSid: 'CA1' },
  pauseRecording: { callSid: 'CA1', recordingSid: 'RE1' },
  resumeRecording: { callSid: 'CA1', recordingSid: 'RE1' },
  stopRecording: { callSid: 'CA1', recordingSid: 'RE1' },
}
const NAMES = Object.keys(OBJECTS) as CommandName[]
const isCreating = (command: CommandName) => command === 'placeCall' || command === 'startRecording'

type Answer = () => Promise<string | undefined>

const yields =
  (sid?: string): Answer =>
  () =>
    Promise.resolve(sid)
const rejects =
  (thrown: unknown): Answer =>
  () =>
    Promise.reject(thrown)
const never: Answer = () => new Promise(() => {})
const throwsAtOnce: Answer = () => {
  throw new Error('thrown')
}

interface Command {
  readonly actor: Actor<typeof carrierCommandMachine>
  readonly clock: CountingClock
  /** What reached the carrier. */
  readonly sent: CommandInput[]
  readonly aborted: () => number
}

/** Each attempt is answered by the next of `answers`, all further ones by the last. */
function start(command: CommandName, ...answers: Answer[]): Command {
  const clock = new CountingClock()
  const sent: CommandInput[] = []
  let aborted = 0
  const send = fromPromise<string | undefined, CommandInput>(({ input, signal }) => {
    const answer = answers[Math.min(sent.length, answers.length - 1)]
    sent.push(input)
    signal.addEventListener('abort', () => (aborted += 1))
    return (answer ?? never)()
  })
  const actor = createActor(carrierCommandMachine.provide({ actors: { send } }), {
    input: { callId: 'call_test', command, ...OBJECTS[command] },
    clock,
    inspect: coverage.observe,
  })
  actor.subscribe({ error: () => {} })
  return { actor: actor.start(), clock, sent, aborted: () => aborted }
}

/** Lets time pass until the command is over; returns its output. */
async function outcome({ actor, clock }: Command, limitMs = 120_000) {
  await settle()
  for (let passed = 0; actor.getSnapshot().status === 'active' && passed < limitMs; passed += 250) {
    clock.advance(250)
    await settle()
  }
  expect(actor.getSnapshot().status).toBe('done')
  expect(clock.pending).toBe(0)
  return actor.getSnapshot().output
}

describe('a command to the carrier', () => {
  it('yields the CallSid of a call that was placed', async () => {
    const command = start('placeCall', yields('CA7'))
    expect(await outcome(command)).toEqual({ outcome: 'done', sid: 'CA7' })
    expect(command.sent).toEqual([{ callId: 'call_test', command: 'placeCall' }])
  })

  it.each(NAMES)('names what it is about: %s', async (name) => {
    const command = start(name, yields())
    expect(await outcome(command)).toEqual({ outcome: 'done', sid: undefined })
    expect(command.sent).toEqual([{ callId: 'call_test', command: name, ...OBJECTS[name] }])
  })

  it.each(CODES)('places a call again after %s only if the carrier certainly did nothing', async (code) => {
    const command = start('placeCall', rejects(fault(code)), yields('CA7'))
    const output = await outcome(command)
    const isRepeated = code === 'CARRIER_RATE_LIMITED'
    expect(command.sent).toHaveLength(isRepeated ? 2 : 1)
    expect(output).toEqual(
      isRepeated ? { outcome: 'done', sid: 'CA7' } : { outcome: 'failed', fault: fault(code, undefined) },
    )
  })

  it.each(NAMES)('is repeated after no usable answer unless it creates something: %s', async (name) => {
    for (const code of CODES) {
      const command = start(name, rejects(fault(code)), yields())
      await outcome(command)
      const isAmbiguous = AMBIGUOUS.some((one) => one === code)
      const isRepeated = code === 'CARRIER_RATE_LIMITED' || (isAmbiguous && !isCreating(name))
      expect([code, command.sent.length]).toEqual([code, isRepeated ? 2 : 1])
    }
  })

  it('is in doubt when it failed, unless the answer proves that the carrier did nothing', () => {
    const doubts = [...CODES, 'DIAL_QUEUE_FULL'].filter((code) => isInDoubt({ outcome: 'failed', fault: fault(code) }))
    expect(doubts).toEqual([...AMBIGUOUS, 'SOMETHING_ELSE'])
    expect(isInDoubt({ outcome: 'done', sid: undefined })).toBe(false)
  })

  it('is not placed again when no answer came, since it may have been placed', async () => {
    const command = start('placeCall', never)
    expect(await outcome(command, 10_000)).toMatchObject({ outcome: 'failed', fault: { code: 'CARRIER_TIMEOUT' } })
    expect(command.sent).toHaveLength(1)
    expect(command.aborted()).toBe(1)
  })

  it('is hung up again when no answer came', async () => {
    const command = start('hangUp', never, yields())
    expect(await outcome(command)).toMatchObject({ outcome: 'done' })
    expect(command.sent).toHaveLength(2)
  })

  it('is given up after four attempts, with the last fault', async () => {
    const command = start('hangUp', rejects(fault('CARRIER_UNAVAILABLE')))
    expect(await outcome(command)).toMatchObject({ outcome: 'failed', fault: { code: 'CARRIER_UNAVAILABLE' } })
    expect(command.sent).toHaveLength(4)
  })

  it('waits twice as long each time', async () => {
    const command = start('hangUp', rejects(fault('CARRIER_UNAVAILABLE')))
    const attemptsAfter = async (ms: number) => {
      command.clock.advance(ms)
      await settle()
      return command.sent.length
    }
    await settle()
    expect([await attemptsAfter(249), await attemptsAfter(1)]).toEqual([1, 2])
    expect([await attemptsAfter(499), await attemptsAfter(1)]).toEqual([2, 3])
    expect([await attemptsAfter(999), await attemptsAfter(1)]).toEqual([3, 4])
  })

  it('waits as long as the carrier asks, up to a limit', () => {
    expect(backoffMs('placeCall', 1, 3_000)).toBe(3_000)
    expect(backoffMs('placeCall', 1, 3_600_000)).toBe(10_000)
    for (const name of NAMES.filter((one) => one !== 'placeCall')) expect(backoffMs(name, 1, 3_600_000)).toBe(2_000)
  })

  it('is not sent again once it was given up while it waited', async () => {
    const command = start('placeCall', rejects(RATE_LIMITED))
    await settle()
    command.actor.send({ type: 'command.giveUp' })
    expect(await outcome(command)).toMatchObject({ outcome: 'failed', fault: { code: 'CARRIER_RATE_LIMITED' } })
    expect(command.sent).toHaveLength(1)
  })

  it('still awaits the answer to what was sent before it was given up', async () => {
    const placed = start('placeCall', yields('CA7'))
    placed.actor.send({ type: 'command.giveUp' })
    expect(await outcome(placed)).toEqual({ outcome: 'done', sid: 'CA7' })
    const refused = start('placeCall', rejects(RATE_LIMITED))
    refused.actor.send({ type: 'command.giveUp' })
    expect(await outcome(refused)).toMatchObject({ outcome: 'failed' })
    expect(refused.sent).toHaveLength(1)
  })

  it.each([undefined, 'boom', new Error('boom'), Object.create(null), { code: 20, message: 5, retryAfterMs: -1 }])(
    'never rejects, whatever it is answered with',
    async (thrown) => {
      const command = start('placeCall', rejects(thrown))
      expect(await outcome(command)).toMatchObject({ outcome: 'failed', fault: { code: 'UNEXPECTED' } })
    },
  )

  it('ends in bounded time, whatever it is answered with', async () => {
    expect.hasAssertions()
    const answer = fc.oneof(
      fc.constant(never),
      fc.constant(throwsAtOnce),
      fc
        .tuple(fc.constantFrom(...CODES), fc.option(fc.integer({ min: -1, max: 1e9 }), { nil: undefined }))
        .map(([code, retryAfterMs]) => rejects(fault(code, retryAfterMs))),
    )
    const answers = fc.array(answer, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...NAMES), answers, async (name, given) => {
        const command = start(name, ...given)
        expect(await outcome(command, name === 'placeCall' ? 66_000 : 18_000)).toMatchObject({ outcome: 'failed' })
        expect(command.sent.length).toBeLessThanOrEqual(4)
      }),
      { numRuns: 100 },
    )
  })

  it('has had every state entered and every edge taken by these tests', () => {
    expect(coverage.missing()).toEqual([])
  })
})
