import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createArchive } from '../../src/archive/archive.ts'
import { findFreePort } from '../../src/cli/free-port.ts'
import { type Clock, systemClock } from '../../src/clock.ts'
import type { CallView } from '../../src/call-view.ts'
import { createLogger } from '../../src/log.ts'
import type { CallRecord } from '../../src/records.ts'
import { createSimulatedCarrier } from '../../src/simulator/simulated-carrier.ts'
import { openChaosProxy } from '../faults/chaos-proxy.ts'
import { type Outcome, type Program, startCallchart, temporaryFolder } from './program.ts'

/**
 * `callchart serve` in a process of its own, that may die and be started again, with its data folder on a real disk; and
 * a simulated carrier in ours, which reaches it through a proxy. All in real time, unless the carrier has a clock of its own.
 */

export const OUR_NUMBER = '+15550100000'
const API_TOKEN = 'a-token-for-tests-only'

export interface RestartableStageOptions {
  readonly env?: Readonly<Record<string, string>>
  /** The text of a module of agents. */
  readonly agents?: string
  /** What the server's process does before anything else: the text of a module. */
  readonly preload?: string
  /** The carrier's; default the real one. */
  readonly clock?: Clock
}

export type RestartableStage = Awaited<ReturnType<typeof openRestartableStage>>

export async function openRestartableStage({
  env = {},
  agents,
  preload,
  clock = systemClock,
}: RestartableStageOptions = {}) {
  const folder = await temporaryFolder()
  const write = async (name: string, text: string) => {
    await writeFile(join(folder.path, name), text)
    return join(folder.path, name)
  }
  const reach: Record<string, string> = {}
  const carrier = await createSimulatedCarrier({ clock, reach })
  const port = String(await findFreePort())
  const url = `http://127.0.0.1:${port}`
  const proxy = await openChaosProxy({ target: url })
  reach[url] = proxy.url
  const args = agents === undefined ? [] : ['--agents', await write('agents.mjs', agents)]
  const hook = preload === undefined ? {} : { NODE_OPTIONS: `--import ${await writeHook(write, preload)}` }
  const dataDir = join(folder.path, 'data')
  const programs: Program[] = []
  const serve = (differences: Readonly<Record<string, string>> = {}): Program => {
    const program = startCallchart(['serve', ...args], {
      env: {
        PORT: port,
        PUBLIC_URL: url,
        TWILIO_ACCOUNT_SID: carrier.accountSid,
        TWILIO_AUTH_TOKEN: carrier.authToken,
        TWILIO_API_URL: carrier.url,
        TWILIO_FROM: OUR_NUMBER,
        CALLCHART_API_TOKEN: API_TOKEN,
        CALLCHART_ALLOWED_DESTINATIONS: '+1555',
        CALLCHART_CALLS_PER_SECOND: '100',
        CALLCHART_DATA_DIR: dataDir,
        ...hook,
        ...env,
        ...differences,
      },
    })
    programs.push(program)
    return program
  }
  let server: Program | undefined
  const start = async () => {
    server = serve()
    await server.says(/"msg":"listening"/)
  }
  await start()

  return {
    carrier,
    url,
    start,
    /** One more process, with the same folder for its data. */
    serve,

    /** The one that was started last. */
    get server(): Program {
      if (server === undefined) throw new Error('no server was started')
      return server
    },

    /** As by the kernel, when memory has run out. */
    async kill(): Promise<Outcome> {
      this.server.signal('SIGKILL')
      return this.server.ended
    },

    /** Whose process has the data folder. */
    async pid(): Promise<string> {
      return (await readFile(join(dataDir, 'calls.pid'), 'utf8')).trim()
    },

    /** The rows on the disk, when no process has them any more. */
    async recordsKept(): Promise<readonly CallRecord[]> {
      const logger = createLogger('silent')
      const archive = createArchive({ folder: dataDir, retentionDays: 0, logger })
      await archive.open()
      const { records } = await archive.search({ limit: 1_000 })
      await archive.close()
      return records
    },

    async metric(name: string): Promise<number> {
      const text = await (await this.api('GET', '/metrics')).text()
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
    },

    async caller(index = 1) {
      const caller = carrier.caller(`+1555111${String(index).padStart(4, '0')}`)
      const call = await caller.dials(OUR_NUMBER, { voiceUrl: `${url}/twiml` })
      await carrier.until(() => call.isStreaming, { what: 'the stream to be up' })
      return { caller, call }
    },

    /** @param first distinguishes these from others. */
    callers(count: number, first = 0) {
      return Promise.all(Array.from({ length: count }, (_, index) => this.caller(first + index)))
    },

    /** An outgoing call, with whatever is wanted of it. */
    async dial(to: string, wanted: object = {}): Promise<void> {
      const answer = await this.api('POST', '/calls', { to, ...wanted })
      if (answer.status !== 201) throw new Error(`expected a call to be placed, got ${answer.status}`)
    },

    /**
     * The carrier does not notice what becomes of the server: the media streams that there are swallow everything.
     * @param count of them, the oldest first; default all.
     */
    cutOff(count = Number.POSITIVE_INFINITY): void {
      const streams = proxy.connections.filter(({ opening }) => opening.startsWith('GET /ws '))
      for (const stream of streams.slice(0, count)) stream.swallow()
    },

    api(method: string, path: string, body?: object): Promise<Response> {
      return fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
    },

    async calls(): Promise<readonly CallView[]> {
      const answer = await this.api('GET', '/calls?limit=1000')
      return ((await answer.json()) as { calls: CallView[] }).calls
    },

    /** Waits until the server's side of a call is over, and returns it. */
    async over(callSid: string): Promise<CallView> {
      const view = (await this.allOver([callSid])).find((row) => row.callSid === callSid)
      if (view === undefined) throw new Error(`the server knows no call ${callSid}`)
      return view
    },

    /** The same for several; returns all rows that there are. */
    async allOver(callSids: readonly string[]): Promise<readonly CallView[]> {
      const deadline = Date.now() + 20_000
      for (;;) {
        const views = await this.calls()
        const isOver = (sid: string) => views.some((view) => view.callSid === sid && view.endedAt !== null)
        const left = callSids.filter((sid) => !isOver(sid))
        if (left.length === 0) return views
        if (Date.now() > deadline) throw new Error(`expected calls to be over, got: ${describeRows(left, views)}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },

    async [Symbol.asyncDispose](): Promise<void> {
      for (const program of programs) await program[Symbol.asyncDispose]()
      await carrier.settled()
      for (const call of carrier.calls) if (!call.isOver) call.finish({ status: 'completed', by: 'carrier' })
      await carrier.close()
      await proxy.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function writeHook(write: (name: string, text: string) => Promise<string>, text: string): Promise<string> {
  return pathToFileURL(await write('preload.mjs', text)).href
}

function describeRows(callSids: readonly string[], views: readonly CallView[]): string {
  return callSids.map((sid) => `${sid} ${views.find(({ callSid }) => callSid === sid)?.state ?? 'no row'}`).join(', ')
}
