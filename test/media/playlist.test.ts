import { describe, expect, it } from 'vitest'
import { QueuedPlayback } from '../../src/media/playback.ts'
import { Playlist } from '../../src/media/playlist.ts'

/** A playback that lies at [start, end). */
function lying(start?: number, end?: number): QueuedPlayback {
  const playback = new QueuedPlayback(new Int16Array(), 8000, () => {})
  playback.start = start
  playback.end = end
  return playback
}

function listOf(...playbacks: QueuedPlayback[]): Playlist {
  const playlist = new Playlist()
  for (const playback of playbacks) playlist.append(playback)
  return playlist
}

const places = (playbacks: readonly QueuedPlayback[]) => playbacks.map(({ start, end }) => [start, end])

describe('P1: playbacks lie one behind the other', () => {
  it('so one of them is being read, and a position lies in one, between two, or at an end', () => {
    const open = lying(200)
    const playlist = listOf(lying(0, 100), lying(100, 200), open, lying())
    expect(playlist.reading).toBe(open)
    expect([0, 99, 100, 199, 200, 900].map((at) => playlist.endAfter(at))).toEqual([
      100,
      100,
      200,
      200,
      undefined,
      undefined,
    ])
    expect([50, 100, 150, 200, 201].map((at) => playlist.isMidway(at))).toEqual([true, false, true, false, true])
    expect([0, 100, 200, 300].map((at) => playlist.hasEndAt(at))).toEqual([false, true, true, false])
  })

  it('and silence that is put in moves what comes after it, and is not the source’s where it falls inside', async () => {
    const all = [lying(0, 100), lying(100, 300), lying(300)]
    const playlist = listOf(...all)
    playlist.insertSilence(100, 10)
    expect(places(all)).toEqual([
      [0, 100],
      [110, 310],
      [310, undefined],
    ])
    playlist.insertSilence(200, 10)
    expect(places(all)).toEqual([
      [0, 100],
      [110, 320],
      [320, undefined],
    ])
    expect(all.map(({ unheardBytes }) => unheardBytes)).toEqual([0, 10, 0])
    playlist.settle(320)
    await expect(all[1]?.finished).resolves.toEqual({ playedMs: 25, interrupted: false })
  })

  it('and what is taken out closes the gap', () => {
    const all = [lying(0, 100), lying(300, 300), lying(300, 500), lying(500)]
    listOf(...all).excise(100, 300)
    expect(places(all)).toEqual([
      [0, 100],
      [100, 100],
      [100, 300],
      [300, undefined],
    ])
  })

  it('so it is known whose audio the carrier holds', () => {
    const [first, second, third] = [lying(0, 100), lying(100, 300), lying(300)]
    const playlist = listOf(first, second, third)
    expect(playlist.heldByCarrier(first, 100, 200)).toBe('not its own')
    expect(playlist.heldByCarrier(second, 100, 200)).toBe('only its own')
    expect(playlist.heldByCarrier(second, 99, 200)).toBe('shared')
    expect(playlist.heldByCarrier(second, 150, 301)).toBe('shared')
    expect(playlist.heldByCarrier(third, 150, 300)).toBe('not its own')
  })
})

describe('P2: one that was settled leaves at once', () => {
  it('when it has been heard to its end, and not before those ahead of it', async () => {
    const [first, second] = [lying(0, 100), lying(100, 200)]
    const playlist = listOf(first, second)
    playlist.settle(99)
    expect(playlist.length).toBe(2)
    playlist.settle(150)
    expect([playlist.length, first.settled, second.settled]).toEqual([1, true, false])
    playlist.settle(200)
    expect(playlist.length).toBe(0)
    await expect(second.finished).resolves.toEqual({ playedMs: 12.5, interrupted: false })
  })

  it('unless its source failed: then when what came of it before has been heard', () => {
    const failed = lying(0, 100)
    const playlist = listOf(failed)
    failed.fail(new Error('boom'))
    playlist.settle(99)
    expect(playlist.length).toBe(1)
    playlist.settle(100)
    expect(playlist.length).toBe(0)
  })

  it('when all are cut, each with what was heard of it', async () => {
    const all = [lying(0, 80), lying(80, 240), lying(240), lying()]
    const playlist = listOf(...all)
    expect(playlist.playedMs(160)).toBe(20)
    playlist.cut(160)
    expect(playlist.length).toBe(0)
    await expect(Promise.all(all.map(({ finished }) => finished))).resolves.toEqual([
      { playedMs: 10, interrupted: false },
      { playedMs: 10, interrupted: true },
      { playedMs: 0, interrupted: true },
      { playedMs: 0, interrupted: true },
    ])
  })

  it('when a stream that had all of it is lost; one that has more goes on without what was lost', async () => {
    const [heard, sent, begun, waiting] = [lying(0, 80), lying(80, 160), lying(160, 400), lying(400)]
    const playlist = listOf(heard, sent, begun, waiting)
    playlist.lose(120, 240)
    await expect(heard.finished).resolves.toEqual({ playedMs: 10, interrupted: false })
    await expect(sent.finished).resolves.toEqual({ playedMs: 5, interrupted: true })
    expect([begun, waiting].map(({ settled, unheardBytes }) => [settled, unheardBytes])).toEqual([
      [false, 80],
      [false, 0],
    ])
  })
})
