import { resolve } from 'node:path'
import { exportAll } from '../archive/export-all.ts'

/** Writes every call of the data folder `dataDir` to the folder `to`. Throws ConfigurationError `CONFIG_INVALID`. */
export function exportCalls(dataDir: string, to: string): void {
  const { calls, files } = exportAll({ folder: dataDir, to })
  process.stdout.write(`${calls} calls in ${files.length} files in ${resolve(to)}\n`)
}
