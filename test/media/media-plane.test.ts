import { describe, expect, it, onTestFinished } from 'vitest'
import { base64, mulawNoise } from './listening-rig.ts'
import { planeRig } from './plane-rig.ts'
import { level } from './speaking-rig.ts'

async function readAll<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

describe('a stream', () => {
  it('is attached, ticked and heard', () => {
    const { clock, ticker, plane, openStream } = planeRig()
    const stream = openStream()
    plane.attach(stream)
    expect([plane.stream, ticker.subscribers]).toEqual([stream, 1])
    plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(1_200)
    expect(stream.heardMs).toBe(1_000)
  })

  it('that takes over closes the one before, and speech goes on there', () => {
    const { clock, plane, openStream } = planeRig()
    const [old, fresh] = [openStream(), openStream()]
    plane.attach(old)
    plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(405)
    const lostMs = old.leadMs
    plane.attach(fresh)
    expect([old.closes, fresh.closes, plane.stream]).toEqual([1, 0, fresh])
    clock.advance(1_000)
    expect(lostMs).toBeGreaterThan(99)
    expect([old.heardMs, fresh.heardMs]).toEqual([405, 1_000 - 405 - lostMs])
  })

  it('is closed when it is detached, once', () => {
    const { plane, openStream } = planeRig()
    const stream = openStream()
    plane.attach(stream)
    plane.detach()
    plane.detach()
    expect([stream.closes, plane.stream]).toEqual([1, undefined])
  })

  it('that comes when the call is over is closed', () => {
    const { clock, plane, openStream } = planeRig()
    plane.release()
    const late = openStream()
    plane.attach(late)
    expect([late.closes, plane.stream, clock.pending]).toEqual([1, undefined, 0])
  })
})

describe('the figures', () => {
  it('are exactly those of the contract', () => {
    const { plane } = planeRig()
    expect(plane.stats()).toEqual({
      framesIn: 0,
      framesOut: 0,
      bytesIn: 0,
      bytesOut: 0,
      firstAudioMs: undefined,
      roundTripMs: undefined,
      gapsFilledMs: 0,
      sequenceGaps: 0,
      malformed: 0,
      underruns: 0,
      worstSendGapMs: 0,
      queueMs: 0,
      droppedMs: 0,
      bargeIns: 0,
      digits: 0,
      latencyMs: { decode: { p50: 0, p99: 0 }, queue: { p50: 0, p99: 0 }, send: { p50: 0, p99: 0 } },
    })
    expect(Object.keys(plane.stats())).toHaveLength(16)
  })

  it('are gathered from both ways', () => {
    const { clock, plane, openStream } = planeRig()
    plane.attach(openStream())
    clock.advance(50)
    for (const [i, timestamp] of [155, 175, 275].entries()) {
      plane.inbound.noteSequence(i * 2 + 1)
      plane.inbound.accept(timestamp, base64(mulawNoise(160)))
    }
    plane.outbound.play(level(300, 1_000), 8000)
    clock.block(250)
    const cut = plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(300)
    plane.outbound.clear()
    cut.cancel()
    plane.malformed += 1
    plane.roundTripMs = 31
    for (const digit of '12#') plane.noteDigit(digit)
    expect(plane.stats()).toMatchObject({
      framesIn: 3,
      bytesIn: 480,
      framesOut: 30,
      bytesOut: 4_800,
      firstAudioMs: 50,
      roundTripMs: 31,
      gapsFilledMs: 80,
      sequenceGaps: 2,
      malformed: 1,
      underruns: 1,
      worstSendGapMs: 250,
      queueMs: 0,
      droppedMs: 500,
      bargeIns: 1,
      digits: 3,
    })
    expect(plane.stats().latencyMs.send.p99).toBeGreaterThan(200)
  })
})

describe('an echo', () => {
  it('comes back 20 ms after the first word, without a gap, for as long as the call lasts', async () => {
    const { clock, plane, openStream } = planeRig()
    const stream = openStream()
    plane.attach(stream)
    const echo = plane.outbound.play(plane.inbound.audio(20))
    clock.advance(13)
    const begin = clock.now()
    for (let i = 0; i < 250; i += 1) {
      await clock.run(begin + i * 20 + (i % 4) - clock.now())
      plane.inbound.accept(155 + i * 20, base64(mulawNoise(160)))
    }
    await clock.run(40)
    expect(stream.gaps).toEqual([])
    expect(plane.stats()).toMatchObject({ framesIn: 250, framesOut: 251, underruns: 0, queueMs: 0 })
    expect(stream.sent[0]?.at).toBe(begin)
    plane.release()
    await expect(echo.finished).resolves.toMatchObject({ interrupted: true })
  })
})

describe('digits', () => {
  it('are read in their order, those too that came before anybody asked, and by one reader after another', async () => {
    const { plane } = planeRig()
    for (const digit of '12#') plane.noteDigit(digit)
    const first: string[] = []
    for await (const digit of plane.digits) {
      first.push(digit)
      if (digit === '2') break
    }
    plane.noteDigit('*')
    plane.release()
    expect(first).toEqual(['1', '2'])
    await expect(readAll(plane.digits)).resolves.toEqual(['#', '*'])
  })

  it('all fifty of a second are there', async () => {
    const { plane } = planeRig()
    const keyed = Array.from({ length: 50 }, (_, i) => String(i % 10))
    const reading = readAll(plane.digits)
    for (const digit of keyed) plane.noteDigit(digit)
    plane.release()
    await expect(reading).resolves.toEqual(keyed)
    expect(plane.stats().digits).toBe(50)
  })
})

describe('the end of a call', () => {
  it('closes the stream, settles every playback, ends every reader and leaves no timer', async () => {
    const { clock, ticker, plane, openStream } = planeRig()
    const stream = openStream()
    plane.attach(stream)
    const playbacks = [level(500, 1_000), level(500, 1_000)].map((pcm) => plane.outbound.play(pcm, 8000))
    const audio = readAll(plane.inbound.audio(20))
    const digits = readAll(plane.digits)
    clock.advance(100)
    plane.inbound.accept(155, base64(mulawNoise(160)))
    const echo = plane.outbound.play(plane.inbound.audio(20))
    await clock.run(20)
    plane.release()
    plane.release()
    expect([stream.closes, ticker.subscribers]).toEqual([1, 0])
    await expect(Promise.all([...playbacks, echo].map(({ finished }) => finished))).resolves.toEqual([
      { playedMs: 120, interrupted: true },
      { playedMs: 0, interrupted: true },
      { playedMs: 0, interrupted: true },
    ])
    expect((await audio).length).toBe(1)
    await expect(digits).resolves.toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('leaves no timer while the call had no stream', () => {
    const { clock, plane, openStream } = planeRig()
    plane.attach(openStream())
    plane.detach()
    plane.release()
    expect(clock.pending).toBe(0)
  })
})

describe('a fault of the plane itself', () => {
  it('is told to this call only: the others are ticked on', () => {
    const one = planeRig()
    const stream = one.openStream()
    const boom = new Error('socket bug')
    stream.bufferedBytes = () => {
      throw boom
    }
    let ticks = 0
    const other = { tick: () => (ticks += 1), fault: () => {} }
    one.plane.attach(stream)
    one.ticker.add(other)
    onTestFinished(() => one.ticker.remove(other))
    expect(() => one.plane.outbound.play(level(100, 1_000), 8000)).toThrow(boom)
    one.clock.advance(40)
    expect(one.faults).toEqual([boom, boom])
    expect(ticks).toBe(2)
  })

  it('is told too when it comes up while a source is followed', async () => {
    const { clock, plane, faults, openStream } = planeRig()
    const stream = openStream()
    const boom = new Error('socket bug')
    plane.attach(stream)
    plane.outbound.play(
      (async function* () {
        await clock.reached(clock.now() + 5)
        yield level(100, 1_000)
      })(),
      8000,
    )
    await clock.run(0)
    stream.sendMedia = () => {
      throw boom
    }
    await clock.run(6)
    expect(faults).toEqual([boom])
  })
})
