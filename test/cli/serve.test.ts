import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { findFreePort } from '../../src/cli/free-port.ts'
import { InspectorListener } from '../inspector/inspector-listener.ts'
import { build, callchart, Program, ROOT, temporaryFolder } from './program.ts'
import { openStage } from './stage.ts'

beforeAll(build)

const GOOD = {
  PORT: '0',
  PUBLIC_URL: 'https://calls.test',
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'x',
}

describe('callchart serve', () => {
  it('names every variable that is missing at once, and shows no stack', async () => {
    const { code, stdout, stderr } = await callchart(['serve'])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    for (const name of ['PUBLIC_URL', 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN']) expect(stderr).toContain(name)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('reads a .env file in the folder it is started in', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, '.env'), 'PUBLIC_URL=https://calls.test\nTWILIO_AUTH_TOKEN=x\n')
    const { code, stderr } = await callchart(['serve'], { cwd: folder.path })
    expect(code).toBe(1)
    expect(stderr).toContain('TWILIO_ACCOUNT_SID')
    expect(stderr).not.toMatch(/PUBLIC_URL|TWILIO_AUTH_TOKEN/)
  })

  it('says where to look when the port is taken, and shows no stack', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const address = taken.address()
    const port = String(typeof address === 'object' ? address?.port : '')
    const { code, stderr } = await callchart(['serve'], { env: { ...GOOD, PORT: port } })
    await new Promise((resolve) => taken.close(resolve))
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`expected to listen at HOST 127.0.0.1 and PORT ${port}, got: .*in use`))
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('names the variable when there is no such agent', async () => {
    const { code, stderr } = await callchart(['serve'], { env: { ...GOOD, CALLCHART_AGENT: 'ehco' } })
    expect(code).toBe(1)
    expect(stderr).toBe('callchart: expected CALLCHART_AGENT to be one of echo, prompt; got "ehco"\n')
  })

  it('answers while it runs, and exits with 0 at SIGTERM when there are no calls', async () => {
    await using stage = await openStage()
    const answer = await fetch(`${stage.url}/healthz`)
    expect(await answer.json()).toEqual({ status: 'alive' })
    stage.server.signal('SIGTERM')
    const { code, stdout, stderr } = await stage.server.ended
    expect(code).toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toContain('draining')
  })

  it('lets a live call finish after SIGTERM, takes no new one, and then exits with 0', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    stage.server.signal('SIGTERM')
    await stage.server.says(/draining/)
    expect((await fetch(`${stage.url}/readyz`)).status).toBe(503)
    expect(call.isOver).toBe(false)
    await caller.hangsUp()
    expect(await stage.server.ended).toMatchObject({ code: 0 })
    expect(call.endedBy).toBe('caller')
  })

  it('hangs up what is left at the second SIGTERM and is gone within two seconds', async () => {
    await using stage = await openStage()
    const { call } = await stage.caller()
    stage.server.signal('SIGTERM')
    await stage.server.says(/draining/)
    const askedAt = performance.now()
    stage.server.signal('SIGTERM')
    expect(await stage.server.ended).toMatchObject({ code: 0 })
    expect(performance.now() - askedAt).toBeLessThan(2_000)
    await stage.carrier.until(() => call.isOver)
    expect(call.endedBy).toBe('api')
  })

  it('started as `npm start`, hears the SIGTERM that npm was sent, and leaves no process behind', async () => {
    const port = String(await findFreePort())
    await using npm = new Program(['npm', 'start'], {
      cwd: ROOT,
      env: { ...GOOD, PORT: port, CALLCHART_LOG_LEVEL: 'info' },
    })
    await npm.says(/"msg":"listening"/)
    npm.signal('SIGTERM')
    await npm.says(/draining/)
    await npm.ended
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow('fetch failed')
  })
})

describe('callchart serve --agents', () => {
  it('answers calls with agents of a module', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'agents.mjs')
    await writeFile(file, 'export const brief = async (call) => { await call.sendDigits("5").finished }\n')
    await using stage = await openStage({ args: ['--agents', file], env: { CALLCHART_AGENT: 'brief' } })
    const { caller, call } = await stage.caller()
    await caller.isHungUpOn()
    expect(call.positionHeardMs).toBeGreaterThan(0)
  })

  it.each([
    ['cannot be parsed', 'export const a = (', /but it cannot be parsed: .+ \(node --check \S+ shows where\)\n$/],
    [
      'throws',
      '\nthrow new Error("no key")',
      /but it failed while it was loaded: no key \(file:\S+agents\.mjs:2:7\)\n$/,
    ],
    ['has no agents', 'export const a = 1', /to export agents \(async functions\) by name, got a \(number\)\n$/],
  ])('explains what is wrong with a file that %s, and shows no stack', async (_, text, explanation) => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'agents.mjs'), text)
    const { code, stderr } = await callchart(['serve', '--agents', 'agents.mjs'], { env: GOOD, cwd: folder.path })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^callchart: expected agents\.mjs /)
    expect(stderr).toMatch(explanation)
    expect(stderr).not.toMatch(/^\s+at /m)
  })
})

/** Makes a program tell on stderr whenever the inspector's package is loaded. */
async function withLoadingTold(folder: string) {
  const hooks = join(folder, 'hooks.mjs')
  await writeFile(
    hooks,
    `import { writeSync } from 'node:fs'
     export async function resolve(name, context, next) {
       if (name.startsWith('@statelyai/')) writeSync(2, 'loaded ' + name + '\\n')
       return next(name, context)
     }`,
  )
  const preload = join(folder, 'preload.mjs')
  await writeFile(
    preload,
    `import { register } from 'node:module'\nregister(${JSON.stringify(pathToFileURL(hooks).href)})`,
  )
  return { NODE_OPTIONS: `--import ${pathToFileURL(preload).href}` }
}

describe('callchart serve --stately', () => {
  it('shows calls to the inspector that listens there, keeps recording, and is not held up by it when it ends', async () => {
    await using folder = await temporaryFolder()
    const listener = await InspectorListener.open()
    const recordings = join(folder.path, 'calls')
    const env = { ...(await withLoadingTold(folder.path)), CALLCHART_LOG_LEVEL: 'info' }
    await using stage = await openStage({ args: ['--stately', listener.url, '--record', recordings], env })
    await stage.server.says(/"msg":"the inspector is connected"/)
    const { caller } = await stage.caller()
    await caller.hangsUp()
    await listener.hears('"reason":"caller hung up"')
    expect(stage.server.stderr).toContain('loaded @statelyai/inspect')
    stage.server.signal('SIGTERM')
    expect(await stage.server.ended).toMatchObject({ code: 0, stdout: '' })
    await listener.isLeft()
    const [id = ''] = listener.messages.map(({ name }) => name as string)
    expect(await readdir(recordings)).toEqual([`${id}.jsonl`])
    expect(listener.texts.join('\n')).not.toMatch(/15551110001|15550100000|"media"|token/)
  })

  it('is a choice: without it nothing of the package is loaded, and no word of Stately’s inspector is said', async () => {
    await using folder = await temporaryFolder()
    await using stage = await openStage({ env: await withLoadingTold(folder.path) })
    const { caller } = await stage.caller()
    await caller.hangsUp()
    stage.server.signal('SIGTERM')
    const { code, stderr } = await stage.server.ended
    expect(code).toBe(0)
    expect(stderr).toContain('"state":"ended"')
    expect(stderr).not.toMatch(/loaded @statelyai|stately|the inspector is/i)
  })

  it('ends with an explanation when the port is taken, though the inspector is connected', async () => {
    const listener = await InspectorListener.open()
    const env = { ...GOOD, PORT: String(listener.port) }
    const { code, stderr } = await callchart(['serve', '--stately', listener.url], { env })
    expect(code).toBe(1)
    expect(stderr).toContain('expected to listen at')
  })

  it('refuses to tell anybody in plain text over a network', async () => {
    const { code, stderr } = await callchart(['serve', '--stately', 'ws://inspect.example.com'], { env: GOOD })
    expect(code).toBe(2)
    expect(stderr).toContain('expected a wss:// URL')
  })
})

describe('callchart', () => {
  it.each([
    [['frobnicate']],
    [['serve', '--nonsense']],
    [['dial']],
    [['demo', '--calls', '0']],
    [['simulate', '--voice-url', 'x']],
  ])('answers a command that makes no sense with help and exit code 2: %j', async (args) => {
    const { code, stdout, stderr } = await callchart(args)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^error: /)
    expect(stderr).toContain('Usage: callchart')
  })

  it('tells its version', async () => {
    expect(await callchart(['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' })
  })
})
