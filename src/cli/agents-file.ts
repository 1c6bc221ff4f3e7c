import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Agent } from '../agents/agent.ts'
import { ConfigurationError, messageOf } from '../errors.ts'

/**
 * Loads a module's agents: every function it exports, by the export's name.
 * Throws ConfigurationError `AGENTS_FILE_INVALID` when the file cannot be loaded or exports none.
 */
export async function loadAgents(file: string): Promise<Record<string, Agent>> {
  const path = resolve(file)
  await access(path).catch((error: unknown) => {
    throw invalid(`expected --agents to name a module, got ${file}, which cannot be read`, error)
  })
  const module = (await import(pathToFileURL(path).href).catch((error: unknown) => {
    throw invalid(`expected ${file} to be a module that exports agents, but ${whyNot(error, file)}`, error)
  })) as Record<string, unknown>
  const agents = Object.entries(module).filter((entry): entry is [string, Agent] => isAgent(entry[1]))
  if (agents.length > 0) return Object.fromEntries(agents)
  const exported = Object.entries(module).map(([name, value]) => `${name} (${kindOf(value)})`)
  throw invalid(`expected ${file} to export agents (async functions) by name, got ${exported.join(', ') || 'nothing'}`)
}

function isAgent(value: unknown): value is Agent {
  return kindOf(value) === 'function'
}

function kindOf(value: unknown): string {
  if (typeof value !== 'function') return typeof value
  return Function.prototype.toString.call(value).startsWith('class') ? 'class' : 'function'
}

/** Node names neither the line of a syntax error nor, in the message, that of an error thrown while loading. */
function whyNot(error: unknown, file: string): string {
  if (!(error instanceof Error)) return `it threw ${messageOf(error)} while it was loaded`
  if (error instanceof SyntaxError) return `it cannot be parsed: ${error.message} (node --check ${file} shows where)`
  if ('code' in error && error.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
    return 'Node reads only JavaScript (.js, .mjs, .cjs) here: compile it first'
  }
  if ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND')
    return `something it imports is missing: ${error.message}`
  const where = /file:\S+:\d+:\d+/.exec(error.stack ?? '')?.[0]
  return `it failed while it was loaded: ${error.message}${where === undefined ? '' : ` (${where})`}`
}

function invalid(message: string, cause?: unknown): ConfigurationError {
  return new ConfigurationError('AGENTS_FILE_INVALID', message, { cause })
}
