/** callchart as it is: signatures, statecharts, ledger, logs; only the carrier's REST has nobody at its other end. */

import { absentCarrier } from '../../absent-carrier.ts'
import { loadPrompt } from '../../audio/index.ts'
import { loadConfig } from '../../config.ts'
import { MemoryRecords } from '../../records.ts'
import { createSwitchboard } from '../../switchboard.ts'
import { benchEnvironment } from '../bench-account.ts'
import type { Command } from '../line-protocol.ts'
import { createTalkativeAgent, echoAgent } from './bench-agents.ts'
import { createLateClock } from './late-clock.ts'
import { planeSharesIn } from './plane-shares.ts'
import { Samples } from './samples.ts'
import { runServer } from './server-process.ts'

export const noCarrier = absentCarrier('the bench has no carrier')

/** @param agent `echo`, or `talkative`, which says what is in the WAV file `speech`. */
export async function runCallchart(agent: string, speech: string): Promise<void> {
  const latenessMs = new Samples()
  const switchboard = createSwitchboard({
    config: loadConfig(benchEnvironment(agent)),
    agents: { echo: echoAgent, talkative: createTalkativeAgent(await loadPrompt(speech)) },
    carrier: noCarrier,
    records: new MemoryRecords(),
    clock: createLateClock(latenessMs),
  })
  const { port } = await switchboard.listen()
  const commands = { planes: async ({ ms }: Command) => ({ ...(await planeSharesIn(Number(ms))) }) }
  await runServer({ port, latenessMs, commands })
}
