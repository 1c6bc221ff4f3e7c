import { ConfigurationError } from '../errors.ts'
import { type ArchiveDatabase, inTransaction, rowsOf } from './database.ts'

/**
 * The scripts that lead from one version of the schema to the next: a new file is taken through all of them. One that
 * has been released is never changed; what comes later is another script at the end.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE calls (
    call_id TEXT NOT NULL PRIMARY KEY,
    call_sid TEXT,
    direction TEXT NOT NULL,
    "from" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    agent TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    ended_by TEXT,
    created_at INTEGER NOT NULL,
    ringing_at INTEGER,
    answered_at INTEGER,
    media_started_at INTEGER,
    ended_at INTEGER,
    carrier_error_code INTEGER,
    sip_code INTEGER,
    answered_by TEXT,
    more TEXT NOT NULL,
    export_due INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX calls_by_sid ON calls (call_sid) WHERE call_sid IS NOT NULL;
  CREATE INDEX calls_by_time ON calls (created_at, call_id);
  CREATE INDEX calls_by_from ON calls ("from", created_at, call_id);
  CREATE INDEX calls_by_to ON calls ("to", created_at, call_id);
  CREATE INDEX calls_by_state ON calls (state, created_at, call_id);
  CREATE INDEX calls_over ON calls (ended_at) WHERE ended_at IS NOT NULL;
  CREATE INDEX calls_not_over ON calls (created_at) WHERE ended_at IS NULL;
  CREATE INDEX calls_to_export ON calls (ended_at) WHERE export_due = 1;`,
]

/** The version that this program writes. */
const VERSION = MIGRATIONS.length

/** Takes the file to this program's version. Throws ConfigurationError `CONFIG_INVALID` for one that is newer. */
export function migrate(database: ArchiveDatabase): void {
  const found = versionOf(database)
  if (found > VERSION) throw unknownVersion(found, 'start the newer program, or give this one another folder')
  for (const [index, script] of MIGRATIONS.entries()) {
    if (index < found) continue
    inTransaction(database, () => {
      database.exec(script)
      database.exec(`PRAGMA user_version = ${index + 1}`)
    })
  }
}

/** For somebody who only reads. Throws ConfigurationError `CONFIG_INVALID` unless the file is of this version. */
export function requireVersion(database: ArchiveDatabase): void {
  const found = versionOf(database)
  if (found !== VERSION) throw unknownVersion(found, 'read it with the program that writes it')
}

function versionOf(database: ArchiveDatabase): number {
  return Number(rowsOf(database, 'PRAGMA user_version')[0]?.[0])
}

function unknownVersion(found: number, remedy: string): ConfigurationError {
  return new ConfigurationError(
    'CONFIG_INVALID',
    `expected a call archive of version ${VERSION}, got version ${found}: ${remedy}`,
  )
}
