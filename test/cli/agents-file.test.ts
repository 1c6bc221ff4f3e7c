import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadAgents } from '../../src/cli/agents-file.ts'
import { ConfigurationError } from '../../src/errors.ts'
import { temporaryFolder } from './program.ts'

async function load(name: string, text: string) {
  await using folder = await temporaryFolder()
  const file = join(folder.path, name)
  await writeFile(file, text)
  return await loadAgents(file)
}

describe("a module of the user's own agents", () => {
  it('gives every function it exports, by its name, and nothing else', async () => {
    const text = 'export const a = async () => {}; export async function b() {}; export class C {}; export const d = 1'
    expect(Object.keys(await load('agents.mjs', text))).toEqual(['a', 'b'])
  })

  it('may be CommonJS', async () => {
    expect(Object.keys(await load('agents.cjs', 'exports.a = async () => {}'))).toEqual(['a'])
  })

  it.each([
    ['exports nothing', 'empty.mjs', '', /to export agents \(async functions\) by name, got nothing$/],
    ['exports no function', 'none.mjs', 'export const a = 1; export class B {}', /got a \(number\), B \(class\)$/],
    ['throws what is no error', 'odd.mjs', 'throw "a fit"', /it threw a fit while it was loaded$/],
    ['imports what is not there', 'lacks.mjs', 'import "./gone.mjs"', /something it imports is missing: .+gone\.mjs/],
  ])('that %s is refused with an explanation', async (_, name, text, explanation) => {
    const refused = load(name, text)
    await expect(refused).rejects.toBeInstanceOf(ConfigurationError)
    await expect(refused).rejects.toMatchObject({
      code: 'AGENTS_FILE_INVALID',
      message: expect.stringMatching(explanation),
    })
  })

  it('that is not there is refused by its name', async () => {
    await expect(loadAgents('nowhere/agents.mjs')).rejects.toThrow(
      'expected --agents to name a module, got nowhere/agents.mjs, which cannot be read',
    )
  })
})
