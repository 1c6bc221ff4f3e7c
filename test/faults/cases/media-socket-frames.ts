import { expect } from 'vitest'
import type { Stage } from '../../scenarios/stage.ts'
import { BINARY, CLOSE, CONTINUATION, frame, PING, TEXT } from '../../sockets/raw-peer.ts'
import type { StagedFault } from '../fault.ts'
import { takePen } from './media-socket-pen.ts'

/** What no WebSocket library would send, or hardly one: the bytes go past it, on the socket of a call. */

const MOST_BYTES = 64 * 1024
const PARTS = 10

type Caller = Awaited<ReturnType<Stage['caller']>>

/** The call has another stream, and ends as its caller wants. */
async function goesOnAfresh(stage: Stage, { caller, call }: Caller): Promise<void> {
  await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming, { what: 'a fresh stream' })
  await stage.clock.advance(100)
  expect(stage.view(call.sid)).toMatchObject({ state: 'active', streamSid: call.stream?.sid })
  await caller.hangsUp()
  expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
}

/** Bytes that end the socket: not the call, which goes on with a fresh one. */
function fatal(name: string, code: number, ...frames: readonly Uint8Array[]): StagedFault {
  return {
    name,
    expected: `${code}; the call goes on with a fresh stream`,
    befall: async ({ stage }) => {
      const suffering = await stage.caller()
      suffering.call.sendBytes(Buffer.concat(frames))
      await goesOnAfresh(stage, suffering)
      expect(suffering.call.streams[0]?.end).toMatchObject({ closeCode: code })
      return `${code}; a fresh stream`
    },
  }
}

const text = (message: string, options = {}) => frame(TEXT, message, options)

const fragmented: StagedFault = {
  name: 'a message in ten parts with a ping between them',
  expected: 'put together again; the ping is answered meanwhile',
  befall: async ({ stage }) => {
    const pen = await takePen(stage)
    const whole = Buffer.from(JSON.stringify(pen.digit('5')))
    const size = Math.ceil(whole.length / PARTS)
    for (let part = 0; part < PARTS; part += 1) {
      const piece = whole.subarray(part * size, (part + 1) * size)
      pen.call.sendBytes(frame(part === 0 ? TEXT : CONTINUATION, piece, { fin: part === PARTS - 1 }))
      if (part === 4) pen.call.sendBytes(frame(PING, 'still there?'))
    }
    await pen.read()
    expect(pen.grown('digits', 'malformed', 'sequenceGaps')).toEqual({ digits: 1, malformed: 0, sequenceGaps: 0 })
    await pen.caller.hangsUp()
    expect(await stage.over(pen.call.sid)).toMatchObject({ reason: 'caller hung up' })
    expect(pen.call.streams).toHaveLength(1)
    return 'the digit that it was'
  },
}

const binary: StagedFault = {
  name: 'a binary frame',
  expected: 'counted and ignored, whatever is in it',
  befall: async ({ stage }) => {
    const pen = await takePen(stage)
    pen.call.sendRaw(Buffer.from(JSON.stringify(pen.digit('5'))))
    pen.call.sendRaw(Buffer.from(JSON.stringify(pen.media(new Uint8Array(160)))))
    await pen.read()
    expect(pen.grown('digits', 'framesIn', 'malformed')).toEqual({ digits: 0, framesIn: 0, malformed: 2 })
    await pen.caller.hangsUp()
    expect(await stage.over(pen.call.sid)).toMatchObject({ reason: 'caller hung up' })
    return 'counted, not heard'
  },
}

const exact: StagedFault = {
  name: 'a message of exactly 64 KiB',
  expected: 'read like any other',
  befall: async ({ stage }) => {
    const pen = await takePen(stage)
    const message = JSON.stringify({ ...pen.digit('5'), extra: '' })
    pen.say(message.replace('"extra":""', `"extra":"${'x'.repeat(MOST_BYTES - message.length)}"`))
    await pen.read()
    expect(pen.grown('digits', 'malformed')).toEqual({ digits: 1, malformed: 0 })
    await pen.caller.hangsUp()
    expect(await stage.over(pen.call.sid)).toMatchObject({ reason: 'caller hung up' })
    expect(pen.call.streams).toHaveLength(1)
    return 'the digit that it was'
  },
}

export const FRAMES: readonly StagedFault[] = [
  binary,
  exact,
  fatal('a message of one byte more than 64 KiB', 1009, text('x'.repeat(MOST_BYTES + 1))),
  fatal(
    'a message that grows past 64 KiB in parts',
    1009,
    text('x'.repeat(40_000), { fin: false }),
    frame(CONTINUATION, 'x'.repeat(40_000)),
  ),
  fatal('a binary message past 64 KiB', 1009, frame(BINARY, Buffer.alloc(MOST_BYTES + 1))),
  fragmented,
  fatal('an unmasked frame', 1002, text('{}', { masked: false })),
  fatal('reserved bits', 1002, text('{}', { rsv: 3 })),
  fatal('an opcode that does not exist', 1002, frame(3, 'x')),
  fatal('a continuation of nothing', 1002, frame(CONTINUATION, 'x')),
  fatal('a ping that is too long', 1002, frame(PING, 'x'.repeat(126))),
  fatal('a close code that does not exist', 1002, frame(CLOSE, Buffer.from([0, 1]))),
  fatal('text that is no UTF-8', 1007, frame(TEXT, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]))),
]
