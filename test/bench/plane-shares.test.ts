import { describe, expect, it } from 'vitest'
import { sharesOf } from '../../src/bench/servers/plane-shares.ts'

/** A stack of functions, each called by the one before, with what the innermost of them took. */
function profile(stacks: readonly { readonly urls: readonly string[]; readonly us: number }[]) {
  const frame = (url: string) => ({ functionName: url, scriptId: '0', url, lineNumber: 0, columnNumber: 0 })
  const nodes = [{ id: 0, callFrame: frame('(root)'), children: [] as number[] }]
  const samples: number[] = []
  for (const { urls } of stacks) {
    let parent = 0
    for (const url of urls) {
      const id = nodes.length
      nodes[parent]?.children.push(id)
      nodes.push({ id, callFrame: frame(url), children: [] })
      parent = id
    }
    samples.push(parent)
  }
  return { nodes, samples, timeDeltas: stacks.map(({ us }) => us), startTime: 0, endTime: 0 }
}

const MEDIA = 'file:///x/dist/src/media/outbound-queue.js'
const CHART = 'file:///x/node_modules/xstate/dist/xstate.cjs.js'

describe('shares of the planes', () => {
  it('count each sample for the innermost frame that belongs to one', () => {
    const shares = sharesOf(
      profile([
        { urls: ['node:net', MEDIA, CHART], us: 10 },
        { urls: ['node:net', CHART, MEDIA], us: 30 },
        { urls: ['node:net', MEDIA, 'node:buffer'], us: 40 },
        { urls: ['node:net'], us: 20 },
      ]),
    )
    expect(shares).toEqual({ control: 0.1, media: 0.7, rest: 0.2, gc: 0 })
  })

  it('give the clock to whoever asked it', () => {
    const clock = 'file:///x/dist/src/clock.js'
    const shares = sharesOf(
      profile([
        { urls: [CHART, MEDIA, clock], us: 60 },
        { urls: [MEDIA, CHART, clock], us: 40 },
      ]),
    )
    expect(shares).toEqual({ control: 0.4, media: 0.6, rest: 0, gc: 0 })
  })

  it('leave out the time in which nothing ran, and count the collector by itself', () => {
    const shares = sharesOf(
      profile([
        { urls: ['(idle)'], us: 900 },
        { urls: [MEDIA, '(garbage collector)'], us: 25 },
        { urls: [MEDIA], us: 75 },
      ]),
    )
    expect(shares).toEqual({ control: 0, media: 0.75, rest: 0, gc: 0.25 })
  })
})
