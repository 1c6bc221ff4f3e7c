/**
 * The parameters of answering machine detection, as a request for a call has them.
 * https://www.twilio.com/docs/voice/answering-machine-detection
 */

import type { CallbackTarget } from './callback-delivery.ts'
import { choiceOf, numberOf } from './rest-form.ts'
import { toMethod } from './twiml-element.ts'

export interface DetectionOrder {
  /** `Enable` says who answered, `DetectMessageEnd` also waits for the end of a machine's greeting. */
  readonly mode: 'Enable' | 'DetectMessageEnd'
  /** Beside the call, or before its instructions are followed. */
  readonly isAsync: boolean
  readonly callback: CallbackTarget | undefined
  readonly timeoutMs: number
  /** Speech of this length or longer is a machine's. */
  readonly speechThresholdMs: number
  /** Silence of this length after speech is its end. */
  readonly speechEndThresholdMs: number
  /** Silence of this length from the beginning says nothing. */
  readonly silenceTimeoutMs: number
}

/** Seconds. */
const TIMEOUT = { standard: 30, least: 3, most: 59 } as const
/** Milliseconds. */
const SPEECH_THRESHOLD = { standard: 2_400, least: 1_000, most: 6_000 } as const
const SPEECH_END_THRESHOLD = { standard: 1_200, least: 500, most: 5_000 } as const
const SILENCE_TIMEOUT = { standard: 5_000, least: 2_000, most: 10_000 } as const

/** Undefined when none is asked for, or when `SendDigits` is, too, which excludes it. Throws RestProblem. */
export function parseDetectionOrder(params: URLSearchParams): DetectionOrder | undefined {
  const mode = choiceOf(params, 'MachineDetection', ['Enable', 'DetectMessageEnd'])
  const isAsync = choiceOf(params, 'AsyncAmd', ['true', 'false']) === 'true'
  const method = choiceOf(params, 'AsyncAmdStatusCallbackMethod', ['GET', 'POST'])
  const url = params.get('AsyncAmdStatusCallback') ?? ''
  const order = {
    isAsync,
    callback: url === '' ? undefined : { url, method: toMethod(method) },
    timeoutMs: numberOf(params, 'MachineDetectionTimeout', TIMEOUT) * 1_000,
    speechThresholdMs: numberOf(params, 'MachineDetectionSpeechThreshold', SPEECH_THRESHOLD),
    speechEndThresholdMs: numberOf(params, 'MachineDetectionSpeechEndThreshold', SPEECH_END_THRESHOLD),
    silenceTimeoutMs: numberOf(params, 'MachineDetectionSilenceTimeout', SILENCE_TIMEOUT),
  }
  return mode === undefined || params.has('SendDigits') ? undefined : { mode, ...order }
}
