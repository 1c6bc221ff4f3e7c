import type { Call, CallEdge } from '../../src/agents/agent.ts'
import { planeRig } from '../media/plane-rig.ts'
import { base64 } from '../media/listening-rig.ts'
import { encodeMulaw } from '../../src/audio/g711.ts'

/** A call as an agent holds it, on a media plane of its own and a clock that is moved by hand. */
export function agentRig() {
  const rig = planeRig()
  const { clock, plane } = rig
  const stream = rig.openStream()
  plane.attach(stream)
  const listeners = new Set<(edge: CallEdge) => void>()
  let answeredBy: string | undefined
  let end = () => {}
  const over = new Promise<'over'>((resolve) => {
    end = () => resolve('over')
  })
  const call = {
    get answeredBy() {
      return answeredBy
    },
    digits: () => plane.digits,
    play: (source, { rate } = {}) => plane.outbound.play(source, rate),
    onAudio: (listener, { chunkMs = 20 } = {}) => plane.inbound.onAudio(listener, chunkMs),
    sleep: (ms) => {
      const slept = new Promise<'slept'>((resolve) => clock.setTimeout(() => resolve('slept'), ms))
      return Promise.race([slept, over])
    },
    on: (type, listener) => {
      const hear = (edge: CallEdge) => {
        if (edge.type === type) (listener as (edge: CallEdge) => void)(edge)
      }
      listeners.add(hear)
      return () => listeners.delete(hear)
    },
  } satisfies Pick<Call, 'answeredBy' | 'digits' | 'on' | 'onAudio' | 'play' | 'sleep'>
  let timestamp = 0

  const press = async (keys: string, everyMs = 0) => {
    for (const key of keys) {
      plane.noteDigit(key)
      await clock.run(everyMs)
    }
  }
  /** The carrier says who answered. */
  const tell = (who: string) => {
    answeredBy = who
    for (const listener of listeners) listener({ type: 'answered.by', answeredBy: who })
  }
  /** The far end says this (8 kHz), or for so many milliseconds nothing. */
  const hear = async (what: Int16Array | number) => {
    const pcm = typeof what === 'number' ? new Int16Array(what * 8) : what
    for (let from = 0; from < pcm.length; from += 160) {
      const mulaw = new Uint8Array(160).fill(0xff)
      encodeMulaw(pcm.subarray(from, from + 160), mulaw)
      plane.inbound.accept(timestamp, base64(mulaw))
      timestamp += 20
      await clock.run(20)
    }
  }
  const hangUp = () => {
    end()
    plane.release()
  }
  return { ...rig, call, stream, listeners, press, tell, hear, hangUp }
}

/** What a promise has come to, or that it has not. */
export async function settled<T>(promise: Promise<T>): Promise<T | 'pending'> {
  await new Promise(setImmediate)
  return Promise.race([promise, Promise.resolve('pending' as const)])
}
