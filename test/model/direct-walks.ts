import { expect } from 'vitest'
import { CALL_SID, type CallOptions, CallUnderTest } from '../machines/call-under-test.ts'
import type { Walk } from './walk.ts'

/** Faults of our own that neither the carrier nor the caller can see, and that the models therefore do not know. */

type Child = NonNullable<CallOptions['broken']>[number]

interface Fault {
  readonly name: string
  /** Children that cannot be started, from the beginning. */
  readonly broken: readonly Child[]
  /** Those that are found broken later on. */
  readonly breaking?: readonly Child[]
  readonly direction?: CallOptions['direction']
  /** What leads to where they are needed; the last step makes them be. */
  readonly steps: readonly ((call: CallUnderTest) => unknown)[]
  readonly where: string
  readonly sent: readonly string[]
  readonly output: { readonly state: 'ended' | 'error'; readonly reason: string }
}

const connects = (call: CallUnderTest) => call.tell({ type: 'call.connect' })
const streams = (call: CallUnderTest) => call.tell({ type: 'stream.started', streamSid: 'MZ1', callSid: CALL_SID })
const finishes = (call: CallUnderTest) => call.tell({ type: 'call.finish', reason: 'draining' })
const hangsUp = (call: CallUnderTest) => call.tell({ type: 'call.hangUp', reason: 'draining' })

const hungUp = [`hangUp ${CALL_SID}`]
const broken = { state: 'error', reason: 'internal error' } as const
const drained = { state: 'ended', reason: 'draining' } as const

const FAULTS: readonly Fault[] = [
  {
    name: 'the command to place the call breaks',
    direction: 'outbound',
    broken: ['carrier'],
    steps: [connects],
    where: 'stopping.settling',
    sent: [],
    output: broken,
  },
  ...(['inbound', 'outbound'] as const).map((child) => ({
    name: `${child} breaks when the stream comes`,
    broken: [child],
    steps: [connects, streams],
    where: 'stopping.hangingUp',
    sent: hungUp,
    output: broken,
  })),
  {
    name: 'the queue breaks when the last words are to be played',
    broken: [],
    breaking: ['outbound'],
    steps: [connects, streams, finishes],
    where: 'stopping.hangingUp',
    sent: hungUp,
    output: drained,
  },
  {
    name: 'the command to hang up breaks',
    broken: ['carrier'],
    steps: [connects, streams, hangsUp],
    where: 'stopping.releasing',
    sent: [],
    output: drained,
  },
]

export const directWalks = (): Walk[] =>
  FAULTS.map((fault) => ({
    name: `fault: ${fault.name}`,
    steps: fault.steps.length,
    run: async (options) => {
      const brokenChildren: Child[] = [...fault.broken]
      const call = new CallUnderTest({ ...options, direction: fault.direction ?? 'inbound', broken: brokenChildren })
      for (const [index, step] of fault.steps.entries()) {
        if (index === fault.steps.length - 1) brokenChildren.push(...(fault.breaking ?? []))
        step(call)
      }
      expect({ where: call.where, sent: call.sent }).toEqual({ where: fault.where, sent: fault.sent })
      expect(await call.end()).toMatchObject({ ...fault.output, cause: expect.stringContaining('is broken') })
    },
  }))
