import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Agent } from '../agents/agent.ts'
import { ConfigurationError, messageOf } from '../errors.ts'

/**
 * Loads a module's agents: every function it exports, by the export's name.
 * Throws ConfigurationError `AGENTS_FILE_INVALID` when the file cannot be loaded or exports none.
 */
export async function loadAgents(file: string): Promise<Record<string, Agent>> {
  const url = pathToFileURL(resolve(file)).href
  const module = (await import(url).catch((error: unknown) => {
    throw new ConfigurationError(
      'AGENTS_FILE_INVALID',
      `expected ${file} to be a module that exports agents, got: ${messageOf(error)}`,
      { cause: error },
    )
  })) as Record<string, unknown>
  const agents = Object.entries(module).filter((entry): entry is [string, Agent] => typeof entry[1] === 'function')
  if (agents.length > 0) return Object.fromEntries(agents)
  const exported = Object.keys(module).join(', ') || 'nothing'
  throw new ConfigurationError(
    'AGENTS_FILE_INVALID',
    `expected ${file} to export agents (async functions) by name, got ${exported}`,
  )
}
