import type { FaultArea } from '../fault.ts'
import { DIALLING } from './abuse-dialling.ts'
import { DOORS } from './abuse-doors.ts'
import { FLOODS } from './abuse-floods.ts'
import { SECRETS } from './abuse-secrets.ts'

export const ABUSE: FaultArea = { title: 'Abuse', faults: [...DIALLING, ...DOORS, ...SECRETS, ...FLOODS] }
