import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../src/clock.ts'
import { LoopMonitor } from '../src/loop-monitor.ts'
import { HandClock } from './media/hand-clock.ts'

function watch(maxLatenessMs = 100) {
  const clock = new HandClock()
  const told: (number | 'well')[] = []
  const monitor = new LoopMonitor({
    clock,
    maxLatenessMs,
    onStrained: (latenessMs) => told.push(latenessMs),
    onRecovered: () => told.push('well'),
  })
  monitor.start()
  return { clock, monitor, told }
}

describe('an event loop', () => {
  it('that keeps up is never told of', () => {
    const { clock, told } = watch()
    clock.advance(3_600_000)
    expect(told).toEqual([])
  })

  it('that was blocked once for a short time is not strained: it may have been a garbage collection', () => {
    const { clock, told } = watch()
    for (let minute = 0; minute < 10; minute += 1) {
      clock.block(250)
      clock.advance(60_000)
    }
    expect(told).toEqual([])
  })

  it('that is late twice in a second is strained', () => {
    const { clock, told } = watch()
    clock.block(150)
    clock.advance(800)
    expect(told).toEqual([])
    clock.block(150)
    expect(told).toHaveLength(1)
  })

  it('that is late twice in more than a second is not', () => {
    const { clock, told } = watch()
    clock.block(150)
    clock.advance(1_100)
    clock.block(150)
    expect(told).toEqual([])
  })

  it('whose every turn takes longer than it may is strained, and every turn that takes less is borne', () => {
    const slow = watch()
    for (let turn = 0; turn < 10; turn += 1) slow.clock.block(125)
    expect(slow.told).toEqual([105])
    const busy = watch()
    for (let turn = 0; turn < 100; turn += 1) busy.clock.block(95)
    expect(busy.told).toEqual([])
  })

  it('that was blocked for long is strained by that alone', () => {
    const { clock, told } = watch()
    clock.block(500)
    expect(told).toEqual([480])
  })

  it('is well again when it has kept up for two seconds, and that is told once', () => {
    const { clock, told } = watch()
    clock.block(500)
    clock.advance(1_990)
    expect(told).toEqual([480])
    clock.advance(30)
    expect(told).toEqual([480, 'well'])
    clock.advance(10_000)
    expect(told).toEqual([480, 'well'])
  })

  it('is not well while it is late now and then', () => {
    const { clock, told } = watch()
    clock.block(500)
    for (let time = 0; time < 5; time += 1) {
      clock.advance(1_900)
      clock.block(150)
    }
    expect(told).toEqual([480])
    clock.advance(2_020)
    expect(told).toEqual([480, 'well'])
  })

  it('may be as late as it was told it may', () => {
    const { clock, told } = watch(400)
    for (let turn = 0; turn < 10; turn += 1) clock.block(400)
    expect(told).toEqual([])
    clock.block(1_100)
    expect(told).toEqual([1_080])
  })

  it('is not looked at when it may be as late as it will, nor after the end', () => {
    const off = watch(0)
    expect(off.clock.pending).toBe(0)
    const { clock, monitor, told } = watch()
    monitor.start()
    expect(clock.pending).toBe(1)
    monitor.stop()
    expect(clock.pending).toBe(0)
    clock.block(10_000)
    expect(told).toEqual([])
    monitor.stop()
  })

  it('may be left alone by whoever is told that it is strained', () => {
    const { clock, monitor, told } = watch()
    const stubborn = new LoopMonitor({
      clock,
      maxLatenessMs: 100,
      onStrained: () => stubborn.stop(),
      onRecovered: () => told.push('well'),
    })
    stubborn.start()
    monitor.stop()
    clock.block(500)
    expect(clock.pending).toBe(0)
  })

  it('that is really blocked is noticed', async () => {
    const told: number[] = []
    const monitor = new LoopMonitor({
      clock: systemClock,
      maxLatenessMs: 100,
      onStrained: (latenessMs) => told.push(latenessMs),
      onRecovered: () => {},
    })
    onTestFinished(() => monitor.stop())
    monitor.start()
    await nextTurn()
    const end = performance.now() + 400
    while (performance.now() < end);
    await sleep(1)
    await nextTurn()
    expect(told.length).toBe(1)
    expect(told[0]).toBeGreaterThan(250)
  })
})
