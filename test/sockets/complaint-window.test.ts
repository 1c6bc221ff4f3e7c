import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/simulator/virtual-clock.ts'
import { ComplaintWindow } from '../../src/sockets/complaint-window.ts'

describe('a complaint window', () => {
  it('is full with twenty in less than ten seconds', async () => {
    const clock = new VirtualClock()
    const complaints = new ComplaintWindow(clock)
    for (let count = 1; count <= 19; count += 1) expect(complaints.note()).toBe(false)
    await clock.advance(9_999)
    expect(complaints.note()).toBe(true)
  })

  it('forgets what is ten seconds old', async () => {
    const clock = new VirtualClock()
    const complaints = new ComplaintWindow(clock)
    for (let count = 1; count <= 19; count += 1) complaints.note()
    await clock.advance(10_000)
    for (let count = 1; count <= 19; count += 1) expect(complaints.note()).toBe(false)
    expect(complaints.note()).toBe(true)
  })
})
