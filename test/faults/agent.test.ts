import { AGENT } from './cases/agent.ts'
import { testFaults } from './fault-tests.ts'

testFaults(AGENT)
