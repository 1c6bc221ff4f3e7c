import type { Call, HoldOptions } from '../agents/agent.ts'
import { collectDigits } from '../agents/collect-digits.ts'
import { echo } from '../agents/echo.ts'
import { leaveMessageAfterBeep } from '../agents/leave-message.ts'
import { CallchartError } from '../errors.ts'
import { fidget } from './fidget.ts'
import { playOddities } from './oddities.ts'
import type { RecordingDeed, Role, RoleKind } from './plan.ts'

/**
 * What the agents do. Each resolves when it has nothing more to do, with what was not as it has to be on a call that
 * nothing befell, if anything was. `prompt` is 16 kHz.
 */
type Part<Kind extends RoleKind> = (
  call: Call,
  role: Extract<Role, { readonly kind: Kind }>,
  prompt: Int16Array,
) => Promise<string | undefined>

const CHUNK_SAMPLES = 1_600
const PLAYBACKS_OF_A_FLOOD = 200
const MESSAGE_SAMPLES = 2 * 16_000
const RING_SECONDS = 8

export const PARTS: { readonly [Kind in RoleKind]: Part<Kind> } = {
  echo: async (call) => {
    await echo(call)
    return undefined
  },
  prompt: async (call, _, prompt) => {
    await call.play(withoutEnd(prompt)).finished
    return undefined
  },
  chatty: chat,
  menu: askForKeys,
  silent: async () => undefined,
  // Neither done nor to be told anything.
  deaf: () => new Promise(() => {}),
  listener: listen,
  flooder: flood,
  odd: playOddities,
  dialler: dial,
  transferer: transfer,
  holder: hold,
  recorder: record,
  fidget,
  messenger: async (call, _, prompt) => {
    await leaveMessageAfterBeep(call, prompt.subarray(0, MESSAGE_SAMPLES), { detectionMs: 8_000, greetingMs: 12_000 })
    return undefined
  },
}

/** Over and over, without a break. */
function* withoutEnd(prompt: Int16Array): Generator<Int16Array> {
  for (;;) for (let at = 0; at < prompt.length; at += CHUNK_SAMPLES) yield prompt.subarray(at, at + CHUNK_SAMPLES)
}

/** Is silent when somebody talks, and begins again. */
async function chat(call: Call, _: unknown, prompt: Int16Array): Promise<undefined> {
  call.on('speech.started', () => void call.clear())
  while (!call.signal.aborted) {
    const { interrupted } = await call.play(prompt).finished
    await call.sleep(interrupted ? 600 : 1_500)
  }
}

async function askForKeys(
  call: Call,
  { keys }: { readonly keys: string },
  prompt: Int16Array,
): Promise<string | undefined> {
  const patience = { timeoutMs: 20_000, interDigitMs: 15_000 }
  const { digits, endedBy } = await collectDigits(call, { length: keys.length, terminator: '', prompt, ...patience })
  const isAsPressed = endedBy === 'hang-up' ? keys.startsWith(digits) : digits === keys
  return isAsPressed ? undefined : `expected the keys ${keys}, got ${digits} (${endedBy})`
}

async function listen(call: Call, { napMs }: { readonly napMs: number }): Promise<undefined> {
  let chunks = 0
  for await (const _ of call.audio({ chunkMs: 100 })) {
    chunks += 1
    if (napMs > 0 && chunks % 10 === 0) await call.sleep(napMs)
  }
}

async function flood(call: Call, _: unknown, prompt: Int16Array): Promise<undefined> {
  call.play(withoutEnd(prompt))
  for (let count = 0; count < PLAYBACKS_OF_A_FLOOD; count += 1) call.play(prompt)
}

async function dial(call: Call): Promise<undefined> {
  while ((await call.sleep(1_200)) === 'slept') await call.sendDigits('12w#A').finished
}

async function transfer(
  call: Call,
  { atMs, number, target }: Extract<Role, { kind: 'transferer' }>,
): Promise<string | undefined> {
  if ((await call.sleep(atMs)) === 'over') return undefined
  const { outcome } = await call.transfer(number, { ringTimeoutSeconds: RING_SECONDS })
  const expected = target.outcome === 'answers' ? 'completed' : target.outcome
  if (outcome === expected || call.signal.aborted) return undefined
  return `expected a transfer that is ${expected}, got ${outcome}`
}

async function hold(
  call: Call,
  { music, holds }: Extract<Role, { kind: 'holder' }>,
  prompt: Int16Array,
): Promise<undefined> {
  call.play(withoutEnd(prompt))
  let at = 0
  for (const { atMs, forMs } of holds) {
    if ((await call.sleep(atMs - at)) === 'over') return
    call.hold(musicOf(music, prompt))
    if ((await call.sleep(forMs)) === 'over') return
    call.resume()
    at = atMs + forMs
  }
}

function musicOf(music: 'tune' | 'own' | 'broken', prompt: Int16Array): HoldOptions {
  if (music === 'tune') return {}
  return { audio: music === 'own' ? () => prompt : brokenMusic }
}

function brokenMusic(): Int16Array {
  throw new Error('a planned failure of the music')
}

async function record(call: Call, { deeds }: { readonly deeds: readonly RecordingDeed[] }): Promise<undefined> {
  let at = 0
  for (const { atMs, deed } of deeds) {
    if ((await call.sleep(atMs - at)) === 'over') return
    at = atMs
    try {
      call.recording[deed]()
    } catch (error) {
      // Paused while it is still being started, say.
      if (!(error instanceof CallchartError && error.code === 'CALL_BUSY')) throw error
    }
  }
}
