import type { FaultArea } from '../fault.ts'
import { CROWDS } from './network-crowd.ts'
import { LATE } from './network-late.ts'
import { BLOCKED_LOOPS } from './network-loop.ts'
import { LOSSES } from './network-loss.ts'
import { LATE_REST } from './network-rest.ts'
import { SLOW_READERS } from './network-slow.ts'

export const NETWORK: FaultArea = {
  title: 'Network',
  faults: [...LOSSES, ...SLOW_READERS, ...LATE, ...BLOCKED_LOOPS, ...LATE_REST, ...CROWDS],
}
