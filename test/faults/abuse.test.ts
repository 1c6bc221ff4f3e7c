import { ABUSE } from './cases/abuse.ts'
import { testFaults } from './fault-tests.ts'

testFaults(ABUSE)
