import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TelephoneDecoder, TelephoneEncoder } from '../../src/audio/index.ts'
import { encodeMulaw } from '../../src/audio/index.ts'
import { loadTelephoneSpeech } from '../../src/audio/prompt.ts'
import { findMarker, markerFrame } from '../../src/bench/load/marker.ts'

const SPEECH = join(import.meta.dirname, '../../src/examples/speech')
const SILENCE = new Uint8Array(160).fill(0xff)

async function spoken(name: string): Promise<Uint8Array> {
  const pcm = await loadTelephoneSpeech(join(SPEECH, name))
  const bytes = new Uint8Array(pcm.length)
  encodeMulaw(pcm, bytes)
  return bytes
}

/** There and back through 16 kHz, frame by frame. */
function transcoded(frames: readonly Uint8Array[]): Uint8Array[] {
  const [decoder, encoder] = [new TelephoneDecoder(), new TelephoneEncoder(16_000)]
  return frames.map((frame) => {
    const pcm = new Int16Array(320)
    decoder.decode(frame, pcm)
    const out = new Uint8Array(160)
    encoder.encode(pcm, out)
    return out
  })
}

describe('the marker', () => {
  it('is found where it begins, to ten milliseconds', () => {
    expect(findMarker(markerFrame())).toBe(0)
    expect(findMarker(Buffer.concat([SILENCE, markerFrame()]))).toBe(20)
  })

  it('is still known after decoding, resampling both ways and encoding, in its own frame', () => {
    const heard = transcoded([SILENCE, markerFrame(), SILENCE, SILENCE])
    expect(heard.map((frame) => findMarker(frame) !== undefined)).toEqual([false, true, false, false])
  })

  it.each(['callee.wav', 'caller.wav', 'menu.wav', 'weather.wav', 'welcome.wav', 'hours.wav'])(
    'is never taken for speech: %s',
    async (name) => {
      expect(findMarker(await spoken(name))).toBeUndefined()
    },
  )
})
