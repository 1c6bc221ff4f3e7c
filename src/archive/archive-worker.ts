import { parentPort, workerData } from 'node:worker_threads'
import { Keeper } from './keeper.ts'
import type { ArchiveSettings, FromWorker, ToWorker } from './messages.ts'

/** The thread that owns the database: nothing that a disk does can hold up the one on which audio is paced. */

const port = parentPort
if (port === null) throw new Error('expected to be started as a worker thread of the archive')

const keeper = new Keeper(workerData as ArchiveSettings, (message: FromWorker) => port.postMessage(message, []))
port.on('message', (message: ToWorker) => keeper.handle(message))
keeper.start()
