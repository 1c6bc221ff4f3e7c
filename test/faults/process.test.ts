import { beforeAll, vi } from 'vitest'
import { build } from '../cli/program.ts'
import { PROCESS } from './cases/process.ts'
import { testFaults } from './fault-tests.ts'

beforeAll(build, 60_000)

// Processes share a busy machine with other tests.
vi.setConfig({ testTimeout: 60_000 })

testFaults(PROCESS)
