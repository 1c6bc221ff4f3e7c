import { sleep } from '../simulator/waiting.ts'
import { type ActOptions, playAct } from './act.ts'
import { Chance } from './chance.ts'
import { numbersOf } from './numbers.ts'
import { DRAIN_SECONDS, QUIET_NUMBER, type Stage, VOICE_URL } from './stage.ts'
import type { Tally } from './tally.ts'

/** Enough for every line to have a call. */
const BEFORE_MS = 8_000
/** What is hung up at the end of a drain takes its time, too: so long at most. */
const LAST_CALLS_MS = 35_000
const LOOK_MS = 100
/** After this long in a drain, it is to be over at once. */
const HURRY_MS = 3_000
/** A line that no other has. */
const STRANGER = 9_999

/** The end of the server, in the middle of calls: none new, a while for those that are up or none, and then it is gone. */
export async function drainAll(options: Omit<ActOptions, 'actMs'>): Promise<void> {
  const { stage, tally } = options.lines
  const { clock, switchboard } = stage
  const playing = playAct({ ...options, actMs: BEFORE_MS })
  await stage.meanwhile(sleep(clock, BEFORE_MS))
  const beganAt = clock.now()
  const how = new Chance(options.soak.seed, 'drain').pick(['drain', 'drain', 'close', 'drain, then close'])
  const drained = how === 'close' ? switchboard.close() : switchboard.drain()
  if (how === 'drain') await expectRefusals(stage, tally)
  if (how === 'drain, then close') {
    await stage.meanwhile(sleep(clock, HURRY_MS))
    void switchboard.close()
  }
  const mostMs = DRAIN_SECONDS * 1_000 + LAST_CALLS_MS
  while (stage.directory.size > 0 && clock.now() - beganAt <= mostMs) await stage.meanwhile(sleep(clock, LOOK_MS))
  if (stage.directory.size > 0) complain(tally, `no call after ${mostMs} ms`, 'some are still there')
  await stage.meanwhile(drained)
  await playing
}

async function expectRefusals({ api, carrier, meanwhile, clock }: Stage, tally: Tally): Promise<void> {
  const { caller, callee } = numbersOf(STRANGER)
  const dialled = await meanwhile(api.ask('POST', '/calls', { to: callee }))
  if (dialled.status !== 503) complain(tally, 'a dial to be refused with 503', `${dialled.status} ${dialled.text}`)
  const call = carrier.connect(caller, QUIET_NUMBER, { voiceUrl: VOICE_URL })
  while (!call.isRouted && !call.isOver) await meanwhile(sleep(clock, 20))
  if (call.rejection !== 'busy') complain(tally, 'a caller to be told that it is busy', call.status)
}

function complain(tally: Tally, expected: string, got: string): void {
  tally.complain({ invariant: 'drained', expected, got })
}
