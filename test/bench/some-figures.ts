import type { LoadFigures } from '../../src/bench/load/figures.ts'
import { quantilesOf } from '../../src/bench/quantiles.ts'
import type { Window } from '../../src/bench/session.ts'

/** A second of ten calls that went well. */
export function someLoad(changes: Partial<LoadFigures> = {}): LoadFigures {
  return {
    calls: 10,
    framesSent: 500,
    framesHeard: 500,
    messagesReceived: 500,
    discarded: 0,
    echoMs: quantilesOf([1, 2, 3]),
    heardMs: quantilesOf([21, 22, 23]),
    bargeInMs: quantilesOf([1, 2]),
    firstAudioMs: quantilesOf([20]),
    gaps: 0,
    worstGapMs: 3,
    losses: 0,
    ownLatenessMs: quantilesOf([0, 1]),
    ownCpu: 0.1,
    ...changes,
  }
}

export function someWindow(changes: Partial<Window> = {}): Window {
  const latenessMs = { p50: 0.2, p99: 2, p999: 3, count: 50 }
  return {
    load: someLoad(),
    server: { cpuMs: 100, rssBytes: 80_000_000, heapBytes: 20_000_000, latenessMs, worstGcMs: 2, gcMs: 5 },
    cpuShare: 0.2,
    cpuUsPerFrame: 25,
    deprived: 0.01,
    ...changes,
  }
}
