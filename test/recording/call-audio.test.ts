import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { alignSpeech } from '../../src/audio/align.ts'
import { decodeMulaw, encodeMulaw } from '../../src/audio/g711.ts'
import { loadTelephoneSpeech } from '../../src/audio/prompt.ts'
import { readWav } from '../../src/audio/wav.ts'
import type { WritableFile } from '../../src/audio/wav-writer.ts'
import { type CallAudioOptions, createCallAudioRecorder } from '../../src/recording/call-audio.ts'
import { temporaryFolder } from '../cli/program.ts'
import type { FakeStream } from '../media/fake-stream.ts'
import { planeRig } from '../media/plane-rig.ts'

const SPEECH = new URL('../../src/examples/speech/', import.meta.url)
const CALL_ID = 'call_abcdefghijklmnopqrst'

function logged() {
  const lines: string[] = []
  return { lines, logger: pino({ level: 'error' }, { write: (line: string) => void lines.push(line) }) }
}

async function recorderRig(options: Partial<CallAudioOptions> = {}) {
  const folder = await temporaryFolder()
  const { lines, logger } = logged()
  const recorder = createCallAudioRecorder({ folder: folder.path, logger, ...options })
  return { folder: folder.path, lines, recorder, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** Both channels of a file that the project's own reader takes. */
async function channelsOf(path: string): Promise<{ readonly left: Int16Array; readonly right: Int16Array }> {
  const bytes = await readFile(path)
  const { sampleRate, channels, encoding, samples } = readWav(bytes)
  expect([sampleRate, channels, encoding]).toEqual([8_000, 2, '16-bit integer'])
  const sides = sidesOf(bytes)
  expect(sides.left.length).toBe(samples.length)
  return sides
}

function sidesOf(file: Buffer): { readonly left: Int16Array; readonly right: Int16Array } {
  const length = (file.length - 44) / 4
  const side = (offset: number) => Int16Array.from({ length }, (_, i) => file.readInt16LE(44 + 4 * i + offset))
  return { left: side(0), right: side(2) }
}

/** A call that is recorded, with a far end that talks to us and hears us over a way of some length. */
async function conversation(latencyMs: number) {
  const rig = planeRig({ latencyMs })
  const { clock, plane, openStream } = rig
  const disk = await recorderRig()
  const tape = disk.recorder.open(CALL_ID, clock.now())
  const endTap = plane.tap(tape)
  const begin = clock.now()
  plane.roundTripMs = 2 * latencyMs
  const streams: FakeStream[] = []
  /** What was said there, by the carrier's time since the beginning. */
  const said = new Int16Array(8 * 60_000)
  let stream: FakeStream | undefined
  let timestamp = 0
  const attach = () => {
    stream = openStream()
    streams.push(stream)
    plane.attach(stream)
  }
  const lose = () => {
    stream = undefined
    plane.detach()
  }
  /** The far end says `pcm`, or is silent, for so long; each frame gets here when it was said and has come all the way. */
  const goOn = async (ms: number, pcm: Int16Array = new Int16Array(ms * 8)) => {
    const current = stream
    for (let from = 0; from < ms * 8; from += 160) {
      const frame = Int16Array.from({ length: 160 }, (_, i) => pcm[from + i] ?? 0)
      const mulaw = new Uint8Array(160)
      encodeMulaw(frame, mulaw)
      if (current !== undefined) {
        said.set(frame, Math.round((clock.now() - begin) * 8))
        const at = timestamp
        clock.setTimeout(() => {
          if (plane.stream === current) plane.inbound.accept(at, Buffer.from(mulaw).toString('base64'))
        }, 20 + latencyMs)
      }
      timestamp += 20
      await clock.run(20)
    }
  }
  /** What was heard there, by the carrier's time since the beginning. */
  const heard = () => {
    const all = new Int16Array(8 * 60_000)
    for (const { at, bytes } of streams.flatMap(({ pieces }) => pieces)) {
      const pcm = new Int16Array(bytes.length)
      decodeMulaw(bytes, pcm)
      all.set(pcm, Math.round((at - begin) * 8))
    }
    return all
  }
  const finish = async () => {
    plane.release()
    endTap()
    const path = await tape.close()
    if (path === undefined) throw new Error('expected a recording, got none')
    return channelsOf(path)
  }
  return { ...rig, attach, lose, goOn, said, heard, finish, [Symbol.asyncDispose]: () => disk[Symbol.asyncDispose]() }
}

/** By how much `recorded` is later than `truth` in [fromMs, toMs), in milliseconds, and how alike they are. */
function lagOf(truth: Int16Array, recorded: Int16Array, fromMs: number, toMs: number) {
  const { lagSamples, correlation } = alignSpeech(
    truth.subarray(fromMs * 8, toMs * 8),
    recorded.subarray(fromMs * 8, toMs * 8),
    { maxLag: 4_000 },
  )
  return { lagMs: lagSamples / 8, correlation }
}

function loudestOf(samples: Int16Array, fromMs: number, toMs: number): number {
  return samples.subarray(fromMs * 8, toMs * 8).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
}

const speech = {
  caller: await loadTelephoneSpeech(new URL('caller.wav', SPEECH).pathname),
  welcome: await loadTelephoneSpeech(new URL('welcome.wav', SPEECH).pathname),
  hours: await loadTelephoneSpeech(new URL('hours.wav', SPEECH).pathname),
}

describe('a recording of what is said', () => {
  it.each([0, 45])('has both sides where they belong to 20 ms, over a way of %i ms', async (latencyMs) => {
    await using call = await conversation(latencyMs)
    call.attach()
    call.plane.outbound.play(speech.welcome, 8000)
    await call.goOn(1_000)
    await call.goOn(4_400, speech.caller)
    call.plane.outbound.play(speech.hours, 8000)
    await call.goOn(3_000)
    const heard = call.heard()
    const { left, right } = await call.finish()
    const [inbound, greeting, answer] = [
      lagOf(call.said, left, 900, 5_400),
      lagOf(heard, right, 0, 4_000),
      lagOf(heard, right, 5_000, 8_400),
    ]
    for (const { lagMs, correlation } of [inbound, greeting, answer]) {
      // By our clock everything is later by the way from there to here.
      expect(Math.abs(lagMs - latencyMs)).toBeLessThanOrEqual(10)
      expect(correlation).toBeGreaterThan(0.99)
    }
    expect(Math.abs(inbound.lagMs - answer.lagMs)).toBeLessThanOrEqual(20)
  })

  it('lacks what a barge-in cut before it was heard', async () => {
    await using call = await conversation(30)
    call.attach()
    call.plane.outbound.play(speech.welcome, 8000)
    await call.goOn(1_010)
    call.plane.outbound.clear()
    await call.goOn(2_000, speech.caller)
    call.plane.outbound.play(speech.hours, 8000)
    await call.goOn(2_500)
    const heard = call.heard()
    const { right } = await call.finish()
    expect(loudestOf(heard, 900, 1_040)).toBeGreaterThan(1_000)
    expect(loudestOf(heard, 1_050, 2_950)).toBe(0)
    expect(lagOf(heard, right, 0, 1_500)).toMatchObject({ correlation: expect.closeTo(1, 2) })
    expect(loudestOf(right, 1_000, 1_065)).toBeGreaterThan(500)
    expect(loudestOf(right, 1_085, 3_000)).toBe(0)
    expect(lagOf(heard, right, 3_000, 5_500).correlation).toBeGreaterThan(0.99)
  })

  it('is silent where a stream was lost, and goes on in time', async () => {
    await using call = await conversation(20)
    call.attach()
    call.plane.outbound.play(speech.welcome, 8000)
    await call.goOn(1_500, speech.caller)
    call.lose()
    await call.goOn(4_000)
    call.attach()
    await call.goOn(2_000, speech.caller.subarray(12_000))
    await call.goOn(1_000)
    const heard = call.heard()
    const { left, right } = await call.finish()
    expect([loudestOf(left, 1_560, 5_500), loudestOf(right, 1_560, 5_500)]).toEqual([0, 0])
    for (const [from, to] of [
      [0, 1_480],
      [5_500, 7_500],
    ] as const) {
      for (const { lagMs, correlation } of [lagOf(call.said, left, from, to), lagOf(heard, right, from, to)]) {
        expect(Math.abs(lagMs - 20)).toBeLessThanOrEqual(10)
        expect(correlation).toBeGreaterThan(0.97)
      }
    }
  })

  it('has the music on hold, where and as long as it was heard', async () => {
    await using call = await conversation(25)
    call.attach()
    call.plane.outbound.play(speech.welcome, 8000)
    await call.goOn(1_000)
    call.plane.hold()
    await call.goOn(3_000, speech.caller)
    call.plane.resume()
    await call.goOn(4_000)
    const heard = call.heard()
    const { left, right } = await call.finish()
    const { lagMs, correlation } = lagOf(heard, right, 0, 8_000)
    expect(Math.abs(lagMs - 25)).toBeLessThanOrEqual(10)
    expect(correlation).toBeGreaterThan(0.98)
    expect(lagOf(call.said, left, 900, 4_100).correlation).toBeGreaterThan(0.99)
  })

  it('of ten minutes takes no more memory than one of one, and loses nothing', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const inUse = () => {
      collect()
      return process.memoryUsage().arrayBuffers
    }
    /** When the disk, however slow, has taken what was on its way. */
    const settled = async () => {
      let least = inUse()
      for (let still = 0; still < 3; still += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        const now = inUse()
        if (now < least) still = 0
        least = Math.min(least, now)
      }
      return least
    }
    // A minute of two sides is 1.9 MB: here it comes at once, and none may be left out.
    await using disk = await recorderRig({ maxWaitingBytes: 64 * 1024 * 1024 })
    const tape = disk.recorder.open(CALL_ID, 0)
    const frame = new Uint8Array(160)
    const after: number[] = []
    for (let minute = 0; minute < 10; minute += 1) {
      for (let at = minute * 60_000; at < (minute + 1) * 60_000; at += 20) {
        tape.inbound(frame.fill(0x90 + minute), at)
        tape.outbound(frame.fill(0xb0 + minute), at + 100)
        if (at % 1_000 === 0) await new Promise(setImmediate)
      }
      after.push(await settled())
    }
    const path = await tape.close()
    // Nine minutes kept would be 17 MB; a buffer or two that the disk still holds are none.
    expect((after.at(-1) ?? 0) - (after[0] ?? 0)).toBeLessThan(4_000_000)
    expect((await stat(path ?? '')).size).toBe(44 + 4 * 8 * 600_100)
    const { left, right } = sidesOf(await readFile(path ?? ''))
    expect(disk.lines).toEqual([])
    expect(left.subarray(0, 4_800_000).includes(0)).toBe(false)
    expect(right.subarray(800).includes(0)).toBe(false)
  })
})

describe('a disk in trouble', () => {
  it('loses recordings only, and is told of once', async () => {
    await using folder = await temporaryFolder()
    const blocked = join(folder.path, 'file')
    await writeFile(blocked, '')
    await using disk = await recorderRig({ folder: blocked })
    const tapes = [disk.recorder.open(CALL_ID, 0), disk.recorder.open('call_other', 0)]
    for (const tape of tapes) tape.inbound(new Uint8Array(160), 0)
    await expect(Promise.all(tapes.map((tape) => tape.close()))).resolves.toEqual([undefined, undefined])
    expect(disk.lines).toHaveLength(1)
    expect(disk.lines[0]).toContain('what is said cannot be kept')
  })

  it('that hangs holds nobody up for longer than its patience', async () => {
    const openFile = () => new Promise<WritableFile>(() => {})
    await using disk = await recorderRig({ openFile, patienceMs: 30, maxWaitingBytes: 100_000 })
    const tape = disk.recorder.open(CALL_ID, 0)
    const frame = new Uint8Array(160)
    for (let at = 0; at < 60_000; at += 20) tape.inbound(frame, at)
    await disk.recorder.close()
    await expect(tape.close()).resolves.toBeUndefined()
    expect(disk.lines).toHaveLength(1)
  })

  it('on which a recording of that name lies already leaves it alone', async () => {
    await using disk = await recorderRig()
    const path = join(disk.folder, `${CALL_ID}.wav`)
    await writeFile(path, 'old')
    await expect(disk.recorder.open(CALL_ID, 0).close()).resolves.toBeUndefined()
    await expect(readFile(path, 'utf8')).resolves.toBe('old')
  })
})

describe('the recorder', () => {
  it('makes its folder, for nobody else to look into', async () => {
    await using parent = await temporaryFolder()
    const folder = join(parent.path, 'deep', 'audio')
    await mkdir(join(parent.path, 'deep'))
    await using disk = await recorderRig({ folder })
    const tape = disk.recorder.open(CALL_ID, 500)
    tape.inbound(new Uint8Array(160).fill(0x90), 520)
    await expect(tape.close()).resolves.toBe(join(folder, `${CALL_ID}.wav`))
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    const { left } = await channelsOf(join(folder, `${CALL_ID}.wav`))
    expect([left.length, left[159], left[160] === 0]).toEqual([320, 0, false])
  })

  it('finishes whatever is open when it is closed, and what comes after is not for it', async () => {
    await using disk = await recorderRig()
    const tape = disk.recorder.open(CALL_ID, 0)
    tape.inbound(new Uint8Array(160).fill(0x90), 0)
    await disk.recorder.close()
    tape.inbound(new Uint8Array(160), 20)
    tape.outbound(new Uint8Array(160), 20)
    tape.cut(0)
    await expect(readdir(disk.folder)).resolves.toEqual([`${CALL_ID}.wav`])
    expect((await channelsOf(join(disk.folder, `${CALL_ID}.wav`))).left.length).toBe(160)
  })

  it('ends a recording whose source failed, and keeps what there is', async () => {
    await using disk = await recorderRig()
    const tape = disk.recorder.open(CALL_ID, 0)
    tape.inbound(new Uint8Array(160).fill(0x90), 0)
    tape.fault(new Error('a bug'))
    await expect(tape.close()).resolves.toContain(CALL_ID)
    expect(disk.lines[0]).toContain('a bug')
  })
})
