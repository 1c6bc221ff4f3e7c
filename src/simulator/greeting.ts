/** What is heard when a machine answers: a greeting and perhaps a beep, or the whistle of a fax. */

import type { Clock } from '../clock.ts'
import type { SimulatedCall } from './call.ts'
import { SAMPLES_PER_MS } from './playout-buffer.ts'
import { toMulaw } from './recorded-speech.ts'
import { FRAME_MS } from './speech-queue.ts'
import { sleep } from './waiting.ts'

export interface GreetingPlan {
  /** Who or what answers; default `human`, who says nothing unless the story makes them. */
  readonly answeredBy?: 'human' | 'machine' | 'fax' | 'unknown'
  /** How long a machine's greeting lasts; default that of `greeting`, or 3,000. `Infinity` never comes to its end. */
  readonly greetingMs?: number
  /** 8 kHz samples, over and over until `greetingMs` are full; a murmur unless given. See `loadSpeech`. */
  readonly greeting?: Int16Array
  /** Does a tone of 1 kHz follow the greeting? Default true. */
  readonly beeps?: boolean
}

export const BEEP_MS = 400
const BEEP_HZ = 1_000
const GREETING_MS = 3_000
/** A called fax machine's answer: ITU-T T.30. */
const FAX = { hz: 2_100, ms: 3_000 } as const
const AMPLITUDE = 8_000
/** A voice without words: a man's pitch and its overtones, in syllables. */
const VOICE = { hz: 130, overtones: 12, syllableHz: 4 } as const

export function greetingMsOf({ greeting, greetingMs }: GreetingPlan): number {
  return greetingMs ?? (greeting === undefined ? GREETING_MS : greeting.length / SAMPLES_PER_MS)
}

/** Lets a machine talk, from now on and whether anybody listens or not: what is not carried is lost. */
export function greet(call: SimulatedCall, plan: GreetingPlan, clock: Clock): void {
  const { answeredBy, beeps = true } = plan
  if (answeredBy !== 'machine' && answeredBy !== 'fax') return
  const greetingMs = greetingMsOf(plan)
  if (answeredBy === 'fax') void call.speech.say(toMulaw(tone(FAX.hz, FAX.ms)))
  else if (greetingMs === Infinity) call.speech.repeat(toMulaw(greetingOf(plan)))
  else {
    void call.speech.say(toMulaw(repeated(greetingOf(plan), greetingMs)))
    if (beeps) void call.speech.say(toMulaw(tone(BEEP_HZ, BEEP_MS)))
  }
  void speakUnheard(call, clock)
}

function greetingOf({ greeting }: GreetingPlan): Int16Array {
  return greeting ?? murmur(GREETING_MS)
}

async function speakUnheard(call: SimulatedCall, clock: Clock): Promise<void> {
  while (call.speech.pendingMs > 0 && !call.isOver) {
    await sleep(clock, FRAME_MS, call.over)
    if (!call.isStreaming && !call.isBridged) call.speech.nextFrame()
  }
}

function repeated(speech: Int16Array, ms: number): Int16Array {
  const samples = Math.round(ms * SAMPLES_PER_MS)
  return Int16Array.from({ length: samples }, (_, index) => speech[index % speech.length] ?? 0)
}

/** Both its ends are soft, so that it does not click. */
function tone(hz: number, ms: number): Int16Array {
  const samples = ms * SAMPLES_PER_MS
  const edge = 5 * SAMPLES_PER_MS
  return Int16Array.from({ length: samples }, (_, index) => {
    const fade = Math.min(1, (index + 1) / edge, (samples - index) / edge)
    return Math.round(fade * AMPLITUDE * Math.sin(phase(hz, index)))
  })
}

function murmur(ms: number): Int16Array {
  const overtones = Array.from({ length: VOICE.overtones }, (_, index) => index + 1)
  return Int16Array.from({ length: ms * SAMPLES_PER_MS }, (_, index) => {
    const voice = overtones.reduce((sum, times) => sum + Math.sin(phase(VOICE.hz * times, index)) / times, 0)
    return Math.round(AMPLITUDE * Math.sin(phase(VOICE.syllableHz, index) / 2) ** 2 * (voice / 2))
  })
}

function phase(hz: number, sample: number): number {
  return (2 * Math.PI * hz * sample) / (SAMPLES_PER_MS * 1_000)
}
