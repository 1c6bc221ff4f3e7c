import { describe, expect, it } from 'vitest'
import type { AudioTap } from '../../src/media/wiretap.ts'
import { base64, mulawNoise } from './listening-rig.ts'
import { planeRig } from './plane-rig.ts'
import { level } from './speaking-rig.ts'

interface Told {
  readonly what: 'inbound' | 'outbound' | 'cut'
  /** From when the rig was made. */
  readonly at: number
  readonly ms: number
}

function tappedRig(latencyMs = 0) {
  const rig = planeRig({ latencyMs })
  const { clock, plane } = rig
  const begin = clock.now()
  const stream = rig.openStream()
  plane.attach(stream)
  plane.roundTripMs = latencyMs * 2
  const told: Told[] = []
  const faults: unknown[] = []
  const note = (what: Told['what']) => (mulaw: Uint8Array, at: number) => {
    told.push({ what, at: at - begin, ms: mulaw.length / 8 })
  }
  const tap: AudioTap = {
    inbound: note('inbound'),
    outbound: note('outbound'),
    cut: (at) => told.push({ what: 'cut', at: at - begin, ms: 0 }),
    fault: (error) => faults.push(error),
  }
  let timestamp = 155
  const hear = (ms = 20) => {
    plane.inbound.accept(timestamp, base64(mulawNoise(ms * 8)))
    timestamp += ms
  }
  const outbound = () => told.filter(({ what }) => what === 'outbound')
  return { ...rig, begin, stream, told, outbound, faults, tap, hear }
}

describe('a tap', () => {
  it('is told of both sides on one line of time: when it was said, and when it is heard', () => {
    const { clock, plane, told, tap, hear } = tappedRig()
    plane.tap(tap)
    plane.outbound.play(level(200, 1_000), 8000)
    clock.advance(20)
    hear()
    clock.advance(20)
    hear()
    clock.advance(300)
    plane.outbound.play(level(50, 1_000), 8000)
    expect(told).toEqual([
      { what: 'outbound', at: 0, ms: 100 },
      { what: 'outbound', at: 100, ms: 60 },
      { what: 'inbound', at: 0, ms: 20 },
      { what: 'inbound', at: 20, ms: 20 },
      { what: 'outbound', at: 160, ms: 40 },
      { what: 'outbound', at: 340, ms: 50 },
    ])
  })

  it('is told what was cut, and goes on behind it', () => {
    const { clock, plane, told, tap } = tappedRig()
    plane.tap(tap)
    plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(40)
    plane.outbound.clear()
    plane.outbound.play(level(20, 1_000), 8000)
    expect(told.slice(2)).toEqual([
      { what: 'cut', at: 40, ms: 0 },
      { what: 'outbound', at: 40, ms: 20 },
    ])
    clock.advance(5)
    plane.detach()
    expect(told.at(-1)).toEqual({ what: 'cut', at: 45, ms: 0 })
  })

  it('hears the music on hold, and the agent before and after it', () => {
    const { clock, plane, outbound, tap } = tappedRig()
    plane.tap(tap)
    plane.outbound.play(level(500, 1_000), 8000)
    clock.advance(100)
    plane.hold(level(100, 500), 8000)
    clock.advance(500)
    plane.resume()
    clock.advance(1_000)
    const told = outbound()
    const total = told.reduce((sum, { ms }) => sum + ms, 0)
    expect(told[0]?.at).toBe(0)
    expect(total).toBeGreaterThan(900)
    expect(told.some(({ at }) => at === 600)).toBe(true)
  })

  it('is told of no cut when the agent clears what waits on hold, or the hold ends before the music began', () => {
    const { clock, plane, told, tap } = tappedRig()
    plane.tap(tap)
    plane.outbound.play(level(1_000, 1_000), 8000)
    clock.advance(50)
    plane.hold()
    clock.advance(50)
    plane.resume()
    plane.hold()
    clock.advance(500)
    plane.outbound.clear()
    clock.advance(100)
    expect(told.filter(({ what }) => what === 'cut')).toEqual([])
    plane.resume()
    expect(told.at(-1)).toEqual({ what: 'cut', at: 700, ms: 0 })
  })

  it('that comes in the middle is told from then on, and of music that began before', () => {
    const { clock, plane, outbound, tap } = tappedRig()
    plane.hold()
    clock.advance(1_000)
    plane.tap(tap)
    clock.advance(200)
    expect(outbound().length).toBeGreaterThan(1)
    expect(outbound()[0]?.at).toBeGreaterThan(1_000)
  })

  it('is told nothing once it was ended; others still are', () => {
    const { clock, plane, told, tap, hear } = tappedRig()
    let calls = 0
    const count = () => {
      calls += 1
    }
    const end = plane.tap(tap)
    const endOther = plane.tap({ inbound: count, outbound: count, cut: count, fault: count })
    end()
    hear()
    clock.advance(20)
    expect([told.length, calls]).toEqual([0, 1])
    endOther()
    endOther()
    hear()
    expect([plane.inbound.wiretap, plane.outbound.wiretap, calls]).toEqual([undefined, undefined, 1])
  })

  it('that throws is told so and asked no more, and the call goes on', () => {
    const { plane, told, faults, tap, hear } = tappedRig()
    const boom = new Error('boom')
    const faulty: unknown[] = []
    plane.tap({
      ...tap,
      inbound: () => {
        throw boom
      },
      fault: (error) => faulty.push(error),
    })
    plane.tap(tap)
    hear()
    hear()
    expect([faulty, faults, told.length, plane.stats().framesIn]).toEqual([[boom], [], 2, 2])
  })
})

describe('the distance to the carrier', () => {
  it('is added to what it will hear, since what it said came the same way', () => {
    const { clock, plane, begin, stream, outbound, tap } = tappedRig(40)
    plane.tap(tap)
    plane.outbound.play(level(200, 1_000), 8000)
    clock.advance(500)
    expect(outbound()[0]?.at).toBe(80)
    // It began to be heard 40 ms after it was sent, and would have been told of 40 ms later.
    expect((stream.pieces[0]?.at ?? 0) - begin + 40).toBe(80)
  })

  it('is waited for at the beginning, and nothing is lost by that', () => {
    const { clock, plane, told, outbound, tap, hear } = tappedRig()
    plane.roundTripMs = undefined
    plane.tap(tap)
    plane.outbound.play(level(300, 1_000), 8000)
    clock.advance(60)
    plane.outbound.clear()
    plane.outbound.play(level(100, 2_000), 8000)
    expect(told).toEqual([])
    plane.roundTripMs = 70
    hear()
    expect(outbound().map(({ at }) => at)).toEqual([70, 170, 230, 130])
    expect(told.filter(({ what }) => what === 'cut').map(({ at }) => at)).toEqual([130])
  })

  it('is taken for nothing when it does not become known within half a second, or before the tap ends', () => {
    for (const ms of [500, 100]) {
      const { clock, plane, told, outbound, tap, hear } = tappedRig()
      plane.roundTripMs = undefined
      const end = plane.tap(tap)
      plane.outbound.play(level(100, 1_000), 8000)
      clock.advance(ms)
      expect(told).toEqual([])
      if (ms === 500) hear()
      else end()
      expect(outbound()).toEqual([{ what: 'outbound', at: 0, ms: 100 }])
    }
  })

  it('stays what it is within one stretch of speech, where a change would be heard', () => {
    const { clock, plane, outbound, tap } = tappedRig()
    plane.roundTripMs = 30
    plane.tap(tap)
    plane.outbound.play(level(500, 1_000), 8000)
    clock.advance(100)
    plane.roundTripMs = 50
    clock.advance(500)
    plane.outbound.play(level(20, 1_000), 8000)
    const told = outbound()
    let end = 30
    for (const { at, ms } of told.slice(0, -1)) {
      expect(at).toBe(end)
      end += ms
    }
    expect(told.at(-1)?.at).toBe(650)
    plane.roundTripMs = 70
    plane.outbound.clear()
    clock.advance(5)
    plane.outbound.play(level(20, 1_000), 8000)
    expect(outbound().at(-1)?.at).toBe(675)
  })
})
