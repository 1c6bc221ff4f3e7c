import { InboundScratch } from '../../src/media/inbound-pipe.ts'
import type { MediaEdge } from '../../src/media/media-edge.ts'
import { MediaPlane } from '../../src/media/media-plane.ts'
import { Ticker } from '../../src/media/ticker.ts'
import { FakeStream, type FakeStreamOptions } from './fake-stream.ts'
import { HandClock } from './hand-clock.ts'

/** One call's media plane, ticked; streams of a carrier that listens can be opened to it. */
export function planeRig(
  options: Omit<FakeStreamOptions, 'onMark'> & { readonly onEdge?: (edge: MediaEdge) => void } = {},
) {
  const { onEdge, ...streamOptions } = options
  const clock = new HandClock()
  const ticker = new Ticker(clock)
  const edges: MediaEdge[] = []
  const faults: unknown[] = []
  const plane = new MediaPlane({
    clock,
    ticker,
    scratch: new InboundScratch(64 * 1024),
    report: (edge) => {
      edges.push(edge)
      onEdge?.(edge)
    },
    onListenerFault: (error) => faults.push(error),
    onFault: (error) => faults.push(error),
  })
  const openStream = () => new FakeStream(clock, { ...streamOptions, onMark: (name) => plane.noteMark(name) })
  return { clock, ticker, plane, edges, faults, openStream, types: () => edges.map(({ type }) => type) }
}
