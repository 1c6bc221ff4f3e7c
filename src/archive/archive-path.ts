import { join } from 'node:path'

/** Where the rows are, in the folder that the operator named. */
export function archivePath(folder: string): string {
  return join(folder, 'calls.db')
}
