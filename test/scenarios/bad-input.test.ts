import { describe, expect, it } from 'vitest'
import { openForeignSocket, startMessage, tokenIn } from './foreign-socket.ts'
import { openStage } from './stage.ts'

describe('a call whose carrier talks nonsense', () => {
  it('counts what is malformed, ignores it, and goes on', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const { sid } = call.stream ?? { sid: '' }
    const nonsense = [
      'not json',
      '[]',
      '{"event":7}',
      JSON.stringify({ event: 'media', streamSid: sid }),
      JSON.stringify({ event: 'media', streamSid: sid, sequenceNumber: '9', media: { payload: '****' } }),
      JSON.stringify({ event: 'media', streamSid: `MZ${'0'.repeat(32)}`, sequenceNumber: '9', media: {} }),
    ]
    for (const frame of nonsense) call.sendRaw(frame)
    call.sendRaw(Uint8Array.of(1, 2, 3))
    // Neither of these is wrong: the protocol may grow.
    call.sendRaw(JSON.stringify({ event: 'weather', streamSid: sid, fine: true }))
    call.sendRaw(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0', more: 'fields' }))
    await stage.clock.advance(500)
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', stats: { malformed: 7 } })
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })

  it('is refused, named and hung up when its audio is not what we decode', async () => {
    await using stage = await openStage()
    const twiml = await stage.meanwhile(stage.askAgain(`CA${'c'.repeat(32)}`, '+15551110001'))
    const foreign = await openForeignSocket(stage)
    foreign.send(startMessage(stage, { callSid: `CA${'c'.repeat(32)}`, token: tokenIn(twiml), encoding: 'audio/l16' }))
    expect(await foreign.closed()).toMatchObject({ code: 1008 })
    expect(await stage.over(`CA${'c'.repeat(32)}`)).toMatchObject({
      state: 'error',
      reason: 'unsupported media',
      cause: 'expected audio/x-mulaw 8000 Hz mono, got audio/l16 8000 Hz mono',
    })
  })
})

describe('a media socket that is not the carrier', () => {
  it('gets no further than the upgrade without a signature', async () => {
    await using stage = await openStage()
    const foreign = await openForeignSocket(stage, 'a token made up')
    expect(await foreign.closed()).toEqual({ code: 403, reason: 'not upgraded' })
  })

  it.each(['', 'made up'])('is closed with the token %j, and the call goes on', async (token) => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const foreign = await openForeignSocket(stage)
    foreign.send(startMessage(stage, { callSid: call.sid, token }))
    expect(await foreign.closed()).toMatchObject({ code: 1008 })
    await stage.clock.advance(100)
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('is closed when it replays the token of a call, and the call goes on', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const foreign = await openForeignSocket(stage)
    foreign.send(startMessage(stage, { callSid: call.sid, token: call.stream?.customParameters['token'] ?? '' }))
    expect(await foreign.closed()).toMatchObject({ code: 1008 })
    await stage.clock.advance(100)
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it("is closed with another call's fresh token, which is spent by that", async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const token = tokenIn(await stage.meanwhile(stage.askAgain(call.sid, caller.number)))
    const foreign = await openForeignSocket(stage)
    foreign.send(startMessage(stage, { callSid: `CA${'d'.repeat(32)}`, token }))
    expect(await foreign.closed()).toMatchObject({ code: 1008 })
    const again = await openForeignSocket(stage)
    again.send(startMessage(stage, { callSid: call.sid, token }))
    expect(await again.closed()).toMatchObject({ code: 1008 })
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
    await caller.hangsUp()
    await stage.over(call.sid)
  })

  it('takes the call over with a fresh token of its own', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const token = tokenIn(await stage.meanwhile(stage.askAgain(call.sid, caller.number)))
    const foreign = await openForeignSocket(stage)
    foreign.send(startMessage(stage, { callSid: call.sid, token }))
    // The old socket is closed for it, so the carrier asks what comes next, and that stream takes over in its turn.
    await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming)
    expect(await foreign.closed()).toMatchObject({ code: 1000 })
    expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
  })
})
