import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { readProgress } from '../../src/cli/progress-stream.ts'
import type { Progress } from '../../src/http/progress-desk.ts'
import { openStage, type Stage } from './stage.ts'

const CALLEE = '+15552220001'

/** Follows a call over a real connection of its own. */
async function follow(stage: Stage, key: string) {
  const told: Progress[] = []
  const headers = { authorization: `Bearer ${stage.apiToken}` }
  const request = get(`${stage.url}/calls/${key}/events`, { headers, agent: false })
  const [response] = (await stage.meanwhile(once(request, 'response'))) as [IncomingMessage]
  const read = async () => {
    for await (const progress of readProgress(response)) told.push(progress)
  }
  return { told, response, over: read() }
}

function statesOf(told: readonly Progress[]): string[] {
  const states = told.flatMap((progress) => (progress.type === 'state' ? [progress.state] : []))
  return states.filter((state, at) => state !== states[at - 1])
}

describe('whoever follows a call', () => {
  it('is told its states and edges from where it stands to its end, which closes the stream', async () => {
    await using stage = await openStage()
    const callee = stage.carrier.callee(CALLEE, { answersAfterMs: 5_000 })
    const { body } = await stage.api('POST', '/calls', { to: CALLEE })
    const { told, over, response } = await follow(stage, String(body['id']))
    expect(response.headers['content-type']).toBe('text/event-stream')
    const call = await stage.meanwhile(callee.answers())
    await stage.carrier.until(() => call.isStreaming && told.some(({ type }) => type === 'state'))
    await callee.presses('12')
    await stage.carrier.until(
      () => told.filter((each) => each.type === 'edge' && each.event === 'digit.received').length === 2,
    )
    await callee.hangsUp()
    await stage.meanwhile(over)
    expect(statesOf(told)).toEqual(['connecting', 'active', 'stopping', 'ended'])
    expect(told.filter(({ type }) => type === 'end')).toHaveLength(1)
    expect(told.at(-1)).toMatchObject({
      type: 'end',
      call: { callSid: call.sid, state: 'ended', reason: 'callee hung up' },
    })
    const view = await stage.over(call.sid)
    expect(told.at(-1)).toMatchObject({ type: 'end', call: { id: view.id, endedAt: view.endedAt } })
    expect(JSON.stringify(told)).not.toContain(stage.apiToken)
  })

  it('is told the end of a call that is over', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    await caller.hangsUp()
    await stage.over(call.sid)
    const { told, over } = await follow(stage, call.sid)
    await stage.meanwhile(over)
    expect(told).toMatchObject([{ type: 'end', call: { callSid: call.sid } }])
  })

  it('may leave: the call does not notice', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const [leaving, staying] = [await follow(stage, call.sid), await follow(stage, call.sid)]
    leaving.response.destroy()
    await leaving.over.catch(() => {})
    await caller.hangsUp()
    await stage.meanwhile(staying.over)
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('is told how it ends when the server stops', async () => {
    await using stage = await openStage()
    const { call } = await stage.caller()
    const { told, over } = await follow(stage, call.sid)
    await stage.meanwhile(stage.switchboard.close())
    await stage.meanwhile(over)
    expect(told.at(-1)).toMatchObject({ type: 'end', call: { reason: 'draining' } })
  })
})
