import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readWav } from '../../src/audio/wav.ts'
import { WavWriter, type WavWriterOptions, type WritableFile } from '../../src/audio/wav-writer.ts'
import { temporaryFolder } from '../cli/program.ts'

async function rig(options: Partial<WavWriterOptions> = {}) {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'a.wav')
  const faults: string[] = []
  const writer = new WavWriter({
    path,
    sampleRate: 8_000,
    channels: 1,
    maxWaitingBytes: 1_000_000,
    onFault: ({ message }) => faults.push(message),
    ...options,
  })
  return { path, faults, writer, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** A disk of `room` bytes that takes what it is given in bites, or never answers. */
function disk(options: { readonly room?: number; readonly bite?: number; readonly hangs?: boolean } = {}) {
  const { room = Infinity, bite = Infinity, hangs = false } = options
  const bytes: number[] = []
  const state = { closes: 0, bytes }
  const file: WritableFile = {
    write(piece, from, count, position) {
      if (hangs) return new Promise(() => {})
      const bytesWritten = Math.min(count, bite)
      if (position + bytesWritten > room) return Promise.reject(new Error('ENOSPC: no space left on device'))
      for (let i = 0; i < bytesWritten; i += 1) bytes[position + i] = piece[from + i] ?? 0
      return Promise.resolve({ bytesWritten })
    },
    truncate: async () => {},
    close: async () => {
      state.closes += 1
    },
  }
  return { state, open: async () => file }
}

const ramp = (length: number, from = 1) => Int16Array.from({ length }, (_, i) => from + i)

describe('a WAV file that is written as it comes', () => {
  it('holds what was written, each piece in its place, and silence between', async () => {
    await using all = await rig()
    expect(all.writer.write(ramp(100), 0)).toBe(true)
    expect(all.writer.write(ramp(50, 500), 300)).toBe(true)
    await expect(all.writer.close(400)).resolves.toBe(true)
    const { samples, sampleRate, channels, encoding } = readWav(await readFile(all.path))
    expect([sampleRate, channels, encoding]).toEqual([8_000, 1, '16-bit integer'])
    expect([...samples]).toEqual([...ramp(100), ...new Int16Array(200), ...ramp(50, 500), ...new Int16Array(50)])
    expect((await stat(all.path)).mode & 0o777).toBe(0o600)
    expect(all.faults).toEqual([])
  })

  it('is cut to the length it is closed with', async () => {
    await using all = await rig()
    all.writer.write(ramp(100), 0)
    await all.writer.close(60)
    expect([...readWav(await readFile(all.path)).samples]).toEqual([...ramp(60)])
  })

  it('of two channels says so', async () => {
    await using all = await rig({ channels: 2 })
    all.writer.write(Int16Array.of(10, 20, 30, 40), 1)
    await all.writer.close(3)
    const { channels, samples } = readWav(await readFile(all.path))
    expect([channels, [...samples]]).toEqual([2, [0, 15, 35]])
  })

  it('takes no room for what is left out', async () => {
    await using all = await rig()
    all.writer.write(ramp(100), 3_600 * 8_000)
    await all.writer.close(3_600 * 8_000 + 100)
    const { size, blocks } = await stat(all.path)
    expect(size).toBe(44 + 2 * (3_600 * 8_000 + 100))
    expect(blocks * 512).toBeLessThan(1_000_000)
  })
})

describe('W1: a file whose writer was killed', () => {
  it('is a good one, of all but the last five seconds', async () => {
    const { state, open } = disk()
    await using all = await rig({ open })
    for (let second = 0; second < 14; second += 1) all.writer.write(ramp(8_000, second), second * 8_000)
    while (state.bytes.length < 44 + 14 * 16_000) await new Promise(setImmediate)
    const { samples } = readWav(Uint8Array.from(state.bytes))
    expect(samples.length).toBe(10 * 8_000)
    expect([samples[0], samples[79_999]]).toEqual([0, 9 + 7_999])
  })
})

describe('W2: nobody waits for the disk', () => {
  it('and what has no room to wait is left out, which is told once', async () => {
    const { open } = disk({ hangs: true })
    await using all = await rig({ open, maxWaitingBytes: 1_000 })
    const taken = Array.from({ length: 10 }, (_, i) => all.writer.write(ramp(200), i * 200))
    expect(taken).toEqual([true, true, ...Array.from({ length: 8 }, () => false)])
    expect(all.faults).toEqual([expect.stringContaining('844 bytes waiting')])
  })

  it('and the file goes on where the disk has caught up', async () => {
    await using all = await rig({ maxWaitingBytes: 1_000 })
    all.writer.write(ramp(400), 0)
    expect(all.writer.write(ramp(400), 400)).toBe(false)
    while (!all.writer.write(ramp(400), 800)) await new Promise(setImmediate)
    await expect(all.writer.close(1_200)).resolves.toBe(true)
    expect([...readWav(await readFile(all.path)).samples]).toEqual([...ramp(400), ...new Int16Array(400), ...ramp(400)])
    expect(all.faults.length).toBe(1)
  })
})

describe('W3: trouble with the disk', () => {
  it('such as a file that is there already is told once, and the file left as it is', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'old.wav')
    await writeFile(path, 'old')
    await using all = await rig({ path })
    all.writer.write(ramp(100), 0)
    await expect(all.writer.close(100)).resolves.toBe(false)
    await expect(all.writer.close(100)).resolves.toBe(false)
    expect(all.writer.write(ramp(100), 0)).toBe(false)
    expect(all.faults).toEqual([expect.stringContaining('EEXIST')])
    await expect(readFile(path, 'utf8')).resolves.toBe('old')
  })

  it('such as a full one ends the file, and is told once', async () => {
    const { state, open } = disk({ room: 1_000 })
    await using all = await rig({ open })
    for (let i = 0; i < 10; i += 1) all.writer.write(ramp(100), i * 100)
    while (state.closes === 0) await new Promise(setImmediate)
    expect(all.writer.write(ramp(100), 0)).toBe(false)
    await expect(all.writer.close(1_000)).resolves.toBe(false)
    expect([state.closes, all.faults]).toEqual([1, [expect.stringContaining('ENOSPC')]])
  })

  it('such as one that takes less than it is given does no harm', async () => {
    const { state, open } = disk({ bite: 7 })
    await using all = await rig({ open })
    all.writer.write(ramp(100), 0)
    await expect(all.writer.close(100)).resolves.toBe(true)
    expect([...readWav(Uint8Array.from(state.bytes)).samples]).toEqual([...ramp(100)])
  })

  it('such as one that takes nothing at all is no endless loop', async () => {
    const { open } = disk({ bite: 0 })
    await using all = await rig({ open })
    all.writer.write(ramp(100), 0)
    await expect(all.writer.close(100)).resolves.toBe(false)
    expect(all.faults).toEqual([expect.stringContaining('wrote none')])
  })
})
