import { expect } from 'vitest'
import type { CallbackFaults } from '../../../src/simulator/callback-delivery.ts'
import { OUR_NUMBER, PUBLIC_URL, type Stage } from '../../scenarios/stage.ts'
import type { StagedFault } from '../fault.ts'
import { CALLBACK_PATHS, CALLEE, CALLER, formOf, NO_CALL, operations, postForm } from './carrier-form.ts'

/** A call that is dialled, talked on and hung up by the callee. */
async function talkWithCallee(stage: Stage, callbacks: CallbackFaults): Promise<string> {
  const callee = stage.carrier.callee(CALLEE, { callbacks })
  expect(await stage.api('POST', '/calls', { to: CALLEE })).toMatchObject({ status: 201 })
  const call = await callee.answers()
  await stage.carrier.until(() => call.isStreaming)
  await stage.clock.advance(500)
  await callee.hangsUp()
  expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'callee hung up' })
  return call.sid
}

function disorderly(name: string, callbacks: CallbackFaults): StagedFault {
  return {
    name: `callbacks ${name}`,
    expected: 'one call with one ending; what comes after the end changes nothing of it',
    befall: async ({ stage }) => {
      const sid = await talkWithCallee(stage, callbacks)
      await stage.clock.advance(6_000)
      expect(stage.view(sid)).toMatchObject({ state: 'ended', reason: 'callee hung up', endedBy: 'callee' })
      expect(stage.views()).toHaveLength(3)
      expect(operations(stage)).toEqual(['create'])
      expect(stage.carrier.warnings).toEqual([])
      return 'ended, `callee hung up`, and stayed so'
    },
  }
}

const reversedBusy: StagedFault = {
  name: 'callbacks reversed, of somebody who is busy',
  expected: '`busy`; that it rang is told afterwards, and rouses nobody',
  befall: async ({ stage }) => {
    const callee = stage.carrier.callee(CALLEE, { outcome: 'busy', callbacks: { shuffle: 'reverse' } })
    expect(await stage.api('POST', '/calls', { to: CALLEE })).toMatchObject({ status: 201 })
    const { sid = '' } = callee.call ?? {}
    expect(await stage.over(sid)).toMatchObject({ state: 'ended', reason: 'busy', sipCode: 486 })
    await stage.clock.advance(2_000)
    expect(stage.view(sid)).toMatchObject({ state: 'ended', reason: 'busy' })
    expect(operations(stage)).toEqual(['create'])
    return 'ended, `busy`, and stayed so'
  },
}

const afterTheEnd: StagedFault = {
  name: 'every callback once more, after the end',
  expected: '204 to each; the record stays as it was',
  befall: async ({ stage }) => {
    const { caller, call } = await stage.caller(CALLER)
    await caller.hangsUp()
    const before = await stage.over(call.sid)
    const statuses = ['completed', 'in-progress', 'ringing', 'initiated', 'queued', 'failed', 'busy', 'no-answer']
    for (const CallStatus of statuses) {
      const form = formOf(stage, call.sid, { CallStatus })
      expect((await postForm(stage, '/status', form, stage.carrier.authToken)).status).toBe(204)
    }
    await stage.clock.advance(1_000)
    expect(stage.view(call.sid)).toEqual(before)
    expect(stage.views()).toHaveLength(3)
    return `204, ${statuses.length} times; the record is the same`
  },
}

const unknown: StagedFault = {
  name: 'callbacks for a CallSid that nobody knows',
  expected: '204; no call, no record',
  befall: async ({ stage }) => {
    const more = {
      CallStatus: 'in-progress',
      AnsweredBy: 'human',
      ParentCallSid: NO_CALL,
      RecordingSid: `RE${'e'.repeat(32)}`,
      RecordingStatus: 'completed',
    }
    for (const path of CALLBACK_PATHS) {
      for (const query of ['', '?call=call_aaaaaaaaaaaaaaaaaaaa']) {
        const { status } = await postForm(stage, path + query, formOf(stage, NO_CALL, more), stage.carrier.authToken)
        expect([path + query, status]).toEqual([path + query, 204])
      }
    }
    expect(stage.views()).toHaveLength(2)
    expect(stage.carrier.rest.requests).toEqual([])
    return `204, ${2 * CALLBACK_PATHS.length} times; nothing created, nobody hung up`
  },
}

const tenAtOnce: StagedFault = {
  name: 'the same voice webhook ten times at once',
  expected: 'one call, one actor, one token in all the answers',
  befall: async ({ stage }) => {
    const voiceUrl = `${PUBLIC_URL}/twiml`
    const caller = stage.carrier.caller(CALLER)
    const call = stage.carrier.connect(CALLER, OUR_NUMBER, { voiceUrl })
    caller.joins(call)
    const repeats = Array.from({ length: 9 }, () => stage.carrier.repeatsWebhook(call, voiceUrl))
    const answers = await stage.meanwhile(Promise.all(repeats))
    expect(answers.every(({ body }) => body.includes('<Connect '))).toBe(true)
    await stage.carrier.until(() => call.isStreaming && stage.view(call.sid).streamSid !== null)
    await stage.clock.advance(200)
    expect(stage.views().filter(({ callSid }) => callSid === call.sid)).toHaveLength(1)
    expect(stage.views()).toHaveLength(3)
    expect(call.streams).toHaveLength(1)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    return 'one call, one stream, one record'
  },
}

export const callbacks: readonly StagedFault[] = [
  tenAtOnce,
  disorderly('reversed', { shuffle: 'reverse' }),
  disorderly('five seconds late', { delayMs: 5_000 }),
  disorderly('twice each', { duplicate: true }),
  disorderly('that never come', { never: true }),
  reversedBusy,
  afterTheEnd,
  unknown,
]
