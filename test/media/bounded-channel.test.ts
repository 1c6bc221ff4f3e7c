import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BoundedChannel } from '../../src/media/bounded-channel.ts'

async function drain<T>(channel: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of channel) items.push(item)
  return items
}

describe('a bounded channel', () => {
  it('keeps the newest and drops the oldest past its limit, and tells of each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), fc.nat(60), async (limit, count) => {
        const dropped: number[] = []
        const channel = new BoundedChannel<number>(limit, { onDrop: (item) => dropped.push(item) })
        const all = Array.from({ length: count }, (_, i) => i)
        for (const item of all) channel.push(item)
        channel.close()
        const lost = Math.max(0, count - limit)
        expect(dropped).toEqual(all.slice(0, lost))
        await expect(drain(channel)).resolves.toEqual(all.slice(lost))
      }),
    )
  })

  it('hands an item straight to a reader that waits', async () => {
    const channel = new BoundedChannel<string>(1)
    const reader = channel[Symbol.asyncIterator]()
    const first = reader.next()
    channel.push('a')
    channel.push('b')
    await expect(first).resolves.toEqual({ value: 'a', done: false })
    await expect(reader.next()).resolves.toEqual({ value: 'b', done: false })
  })

  it('ends a waiting reader when it is closed, and takes nothing more', async () => {
    const channel = new BoundedChannel<string>(3)
    const waiting = channel[Symbol.asyncIterator]().next()
    channel.close()
    channel.push('late')
    await expect(waiting).resolves.toEqual({ value: undefined, done: true })
    await expect(drain(channel)).resolves.toEqual([])
  })

  it('leaves what a reader has not read to the next one', async () => {
    const channel = new BoundedChannel<number>(10)
    for (const item of [1, 2, 3, 4]) channel.push(item)
    for await (const item of channel) if (item === 2) break
    channel.push(5)
    channel.close()
    await expect(drain(channel)).resolves.toEqual([3, 4, 5])
  })

  it('tells once that a reader broke off, and ends the promise it still waited on', async () => {
    let returns = 0
    const channel = new BoundedChannel<number>(10, { onReturn: () => (returns += 1) })
    const reader = channel[Symbol.asyncIterator]()
    const waiting = reader.next()
    await reader.return?.()
    await reader.return?.()
    await expect(waiting).resolves.toEqual({ value: undefined, done: true })
    channel.push(1)
    await expect(reader.next()).resolves.toEqual({ value: undefined, done: true })
    expect(returns).toBe(1)
  })

  it('refuses a second next() while the first still waits', async () => {
    const channel = new BoundedChannel<number>(10)
    const reader = channel[Symbol.asyncIterator]()
    const first = reader.next()
    await expect(reader.next()).rejects.toThrow('one reader at a time')
    channel.push(7)
    await expect(first).resolves.toEqual({ value: 7, done: false })
  })
})

describe('a bounded channel read without promises', () => {
  it('tells once that there is something, in the turn in which it comes, and gives it away', () => {
    const channel = new BoundedChannel<number>(10)
    let told = 0
    channel.whenReady(() => (told += 1))
    expect(told).toBe(0)
    channel.push(1)
    channel.push(2)
    expect([told, channel.take(), channel.take(), channel.take()]).toEqual([1, 1, 2, undefined])
  })

  it('tells at once of what is there already, and of the end', () => {
    const channel = new BoundedChannel<number>(10)
    let told = 0
    channel.push(1)
    channel.whenReady(() => (told += 1))
    expect([told, channel.take(), channel.isExhausted]).toEqual([1, 1, false])
    channel.whenReady(() => (told += 1))
    channel.close()
    expect([told, channel.take(), channel.isExhausted]).toEqual([2, undefined, true])
    channel.whenReady(() => (told += 1))
    expect(told).toBe(3)
  })

  it('tells nobody who has left', async () => {
    const channel = new BoundedChannel<number>(10)
    let told = 0
    const reader = channel[Symbol.asyncIterator]()
    channel.whenReady(() => (told += 1))
    await reader.return?.()
    channel.push(1)
    expect(told).toBe(0)
  })
})
