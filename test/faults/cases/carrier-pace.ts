import { expect } from 'vitest'
import type { StagedFault } from '../fault.ts'

/** The most in any second that begins with one of them; none other can have more. */
function mostInASecond(times: readonly number[]): number {
  return Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1_000).length))
}

/** More calls wanted at once than may be begun in seconds, and the carrier has no time for two of them at first. */
function crowd(perSecond: number, count: number): StagedFault {
  return {
    name: `${count} calls wanted at once, at ${perSecond} a second, with a 429 among the answers`,
    expected: 'no sliding second with more requests than that, repeats included; each is placed once',
    stage: { env: { CALLCHART_CALLS_PER_SECOND: String(perSecond) } },
    befall: async ({ stage }) => {
      const callees = Array.from({ length: count }, (_, index) => `+1555222${String(index).padStart(4, '0')}`)
      for (const callee of callees) stage.carrier.callee(callee, 'busy')
      const about = callees[1] ?? ''
      stage.carrier.rest.answerNext({ operation: 'create', about, status: 429, headers: { 'retry-after': '1' } })
      const answers = await Promise.all(callees.map((to) => stage.api('POST', '/calls', { to })))
      expect(answers.map(({ status }) => status)).toEqual(callees.map(() => 201))
      const placed = stage.carrier.calls.flatMap(({ to, direction }) => (direction === 'outbound-api' ? [to] : []))
      expect(placed.toSorted()).toEqual(callees)
      const times = stage.carrier.rest.requests.map(({ at }) => at)
      expect(times).toHaveLength(count + 1)
      expect(mostInASecond(times)).toBe(perSecond)
      await stage.carrier.until(() => stage.records.recent().length === count, { what: 'all of them to be over' })
      expect(stage.records.recent().every(({ reason }) => reason === 'busy')).toBe(true)
      return `${perSecond} in the fullest second; ${count + 1} requests, ${count} calls`
    },
  }
}

export const pace: readonly StagedFault[] = [crowd(1, 4), crowd(30, 62)]
