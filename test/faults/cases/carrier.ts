import type { FaultArea } from '../fault.ts'
import { callbacks } from './carrier-callbacks.ts'
import { orders } from './carrier-create.ts'
import { hangUps } from './carrier-hang-up.ts'
import { pace } from './carrier-pace.ts'
import { signatures } from './carrier-signatures.ts'
import { webhooks } from './carrier-webhooks.ts'

export const CARRIER: FaultArea = {
  title: 'Carrier',
  faults: [...signatures, ...callbacks, ...orders, ...hangUps, ...pace, ...webhooks],
}
