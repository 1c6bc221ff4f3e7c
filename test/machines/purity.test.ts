import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const machines = join(root, 'machines')

const PURE = "import { setup } from 'xstate'\nexport const chart = setup({}).createMachine({})\n"

/** Code by the name that the compiler must not know. */
const IMPURE: Record<string, string> = {
  setTimeout: 'setTimeout(() => {}, 1)',
  setInterval: 'setInterval(() => {}, 1)',
  queueMicrotask: 'queueMicrotask(() => {})',
  process: 'process.exit()',
  performance: 'performance.now()',
  Buffer: "Buffer.from('x')",
  console: "console.log('x')",
  fetch: "fetch('http://localhost')",
  document: 'document.title',
  'node:fs': "await import('node:fs')",
}

/** What the compiler says of this code when it stands in machines/, line by line. */
async function compile(files: Record<string, string>): Promise<string[]> {
  // Inside the project, so that `xstate` is found.
  const folder = await mkdtemp(join(root, 'node_modules/.purity-'))
  try {
    const compilerOptions = { rootDir: folder, noEmit: true, composite: false, incremental: false }
    const config = { extends: join(machines, 'tsconfig.json'), compilerOptions, include: ['*.ts'] }
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    await Promise.all(Object.entries(files).map(([name, code]) => writeFile(join(folder, name), code)))
    const tsc = promisify(execFile)(join(root, 'node_modules/.bin/tsc'), ['-p', folder])
    const said = await tsc.then(
      ({ stdout }) => stdout,
      (error: { stdout: string }) => error.stdout,
    )
    return said.split('\n').filter((line) => line !== '')
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function texts(): Promise<string[]> {
  const files = (await readdir(machines)).filter((file) => file.endsWith('.ts'))
  return Promise.all(files.map((file) => readFile(join(machines, file), 'utf8')))
}

describe('machines/', () => {
  let complaints: string[]

  beforeAll(async () => {
    const impure = Object.values(IMPURE).map((code, index) => [`impure${index}.ts`, `export {}\n${code}\n`])
    complaints = await compile({ 'pure.ts': PURE, ...Object.fromEntries(impure) })
  })

  it('lets a pure chart compile', () => {
    expect(complaints.filter((line) => line.includes('pure.ts') && !line.includes('impure'))).toEqual([])
  })

  it.each(Object.keys(IMPURE))('does not know %s', (name) => {
    const file = `impure${Object.keys(IMPURE).indexOf(name)}.ts`
    const complaint = complaints.find((line) => line.includes(file))
    expect(complaint).toMatch(new RegExp(`error TS\\d+: Cannot find (name|module) '${name}'`))
  })

  it('imports nothing but xstate and itself', async () => {
    const imported = (await texts()).flatMap((text) => [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)])
    const names = imported.map(([, name]) => name ?? '')
    expect(names).toContain('xstate')
    expect(names.filter((name) => name !== 'xstate' && !/^\.\/[a-z-]+\.ts$/.test(name))).toEqual([])
  })

  it('asks no clock and no dice, since time comes as a delay or in an event', async () => {
    expect((await texts()).filter((text) => /\b(Date|Math\.random)\b/.test(text))).toEqual([])
  })
})
