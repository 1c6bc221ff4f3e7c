import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readWav } from '../../src/audio/wav.ts'
import type { DemoCall } from '../../src/cli/demo-report.ts'
import { build, callchart, temporaryFolder } from './program.ts'

beforeAll(build)

describe('callchart demo', () => {
  it('carries a call each way, tells of both in one JSON object, and writes what was heard', async () => {
    await using folder = await temporaryFolder()
    const { code, stdout, stderr } = await callchart(['demo', '--json', '--seconds', '2'], { cwd: folder.path })
    const { calls, ...rest } = JSON.parse(stdout) as { calls: DemoCall[] }
    expect(rest).toEqual({})
    expect(calls).toMatchObject([
      {
        direction: 'inbound',
        state: 'ended',
        reason: 'caller hung up',
        cause: null,
        isAsExpected: true,
        agent: 'echo',
      },
      {
        direction: 'outbound',
        state: 'ended',
        reason: 'callee hung up',
        cause: null,
        isAsExpected: true,
        agent: 'echo',
      },
    ])
    expect(code).toBe(0)
    expect(stderr).toContain('the server dials')
    for (const call of calls) {
      expect(call.id).toMatch(/^call_[a-z2-7]{20}$/)
      expect(call.framesSent).toBeGreaterThanOrEqual(100)
      const { samples, sampleRate } = readWav(await readFile(join(folder.path, call.wav)))
      expect(sampleRate).toBe(8_000)
      expect(samples.some((sample) => Math.abs(sample) > 1_000)).toBe(true)
    }
    expect(await readdir(join(folder.path, '.callchart/demo'))).toEqual(['inbound-1.wav', 'outbound-2.wav'])
  })
})
