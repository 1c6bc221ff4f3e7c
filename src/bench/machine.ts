import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { LOCK_FILE } from './places.ts'

/** What a figure means depends on where it was taken. */
export interface Machine {
  /** ISO 8601. */
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly system: string
  readonly pinning: string
  readonly versions: Readonly<Record<string, string>>
}

const PACKAGES = ['ws', 'xstate']

export function describeMachine(pinning: string, versions: Readonly<Record<string, string>>): Machine {
  return {
    pinning,
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    versions: { ...versions, ...packageVersions() },
  }
}

function packageVersions(): Record<string, string> {
  const { packages } = JSON.parse(readFileSync(LOCK_FILE, 'utf8')) as {
    packages: Readonly<Record<string, { readonly version: string } | undefined>>
  }
  return Object.fromEntries(PACKAGES.map((name) => [name, packages[`node_modules/${name}`]?.version ?? 'unknown']))
}
