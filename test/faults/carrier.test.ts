import { CARRIER } from './cases/carrier.ts'
import { testFaults } from './fault-tests.ts'

testFaults(CARRIER)
