import type { FaultArea } from '../fault.ts'
import { CLOCKS } from './process-clock.ts'
import { DEATHS } from './process-death.ts'
import { RECORDS_IN_TROUBLE } from './process-disk.ts'
import { ENDS } from './process-end.ts'

export const PROCESS: FaultArea = { title: 'Process', faults: [...ENDS, ...DEATHS, ...RECORDS_IN_TROUBLE, ...CLOCKS] }
