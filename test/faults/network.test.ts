import { NETWORK } from './cases/network.ts'
import { testFaults } from './fault-tests.ts'

testFaults(NETWORK)
