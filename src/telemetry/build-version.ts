import { createRequire } from 'node:module'

/** The version of this package, wherever its code runs from. */
export function readBuildVersion(): string {
  // By the package's own name: sources and compiled code lie at different depths.
  const about = createRequire(import.meta.url)('callchart/package.json') as { readonly version: unknown }
  return String(about.version)
}
