import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { Happening } from '../../src/recorder.ts'
import { createFileRecorder, type FileRecorderOptions } from '../../src/recording/file-recorder.ts'
import { readRecording } from '../../src/recording/recording.ts'
import { temporaryFolder } from '../cli/program.ts'
import { END, FACTS } from './lines.ts'

const AUDIO = 'canaryAudio+'
const { at: _, ...ending } = END
const HAPPENINGS: readonly Happening[] = [
  { what: 'received', stream: 1, message: { event: 'media', sequence: 2, timestampMs: 20, bytes: 8, payload: AUDIO } },
  { what: 'sent', stream: 1, message: { event: 'media', bytes: 8, payload: AUDIO } },
  { what: 'received', stream: 1, message: { event: 'dtmf', sequence: 3, digit: '7' } },
  { what: 'lost', stream: 1, cause: 'the call to +15557654321 broke' },
  { ...ending, what: 'end', cause: 'refused: +15557654321 is busy' },
]

async function written(
  options: Partial<FileRecorderOptions> = {},
  { facts = FACTS, happenings = HAPPENINGS } = {},
): Promise<{ text: string; mode: number }> {
  await using folder = await temporaryFolder()
  const recorder = createFileRecorder({ folder: folder.path, logger: pino({ level: 'silent' }), ...options })
  const tape = recorder.open(facts)
  for (const [at, happening] of happenings.entries()) tape.note(at, happening)
  tape.close()
  await recorder.close()
  const path = join(folder.path, `${facts.id}.jsonl`)
  return { text: await readFile(path, 'utf8'), mode: (await stat(path)).mode & 0o777 }
}

describe('a recording on disk', () => {
  it('has a line for each happening, and is for nobody else to read', async () => {
    const { text, mode } = await written()
    const { call, lines } = readRecording(text)
    expect(call).toMatchObject({ id: FACTS.id, from: '+1•••01', to: '+1•••00', audio: true, numbers: false })
    expect(lines.map(({ what }) => what)).toEqual(HAPPENINGS.map(({ what }) => what))
    expect(mode).toBe(0o600)
  })

  it('holds no parameter, and no number in full wherever it stands', async () => {
    const { text } = await written()
    expect(text).not.toMatch(/canary-parameter|5551110001|5557654321/)
    expect(text).toContain(AUDIO)
  })

  it('holds neither audio nor keys when they are left out', async () => {
    const { text } = await written({ audio: false })
    expect(text).not.toMatch(/canaryAudio|digit/)
    expect(readRecording(text).lines).toHaveLength(HAPPENINGS.length)
  })

  it('holds numbers when it may', async () => {
    const { text } = await written({ numbers: true })
    expect(text).toMatch(/"from":"\+15551110001"[^]*5557654321/)
    expect(text).not.toContain('canary-parameter')
  })

  it.each(['sip:alice@example.com', 'client:bob'])('masks who is no number: %s', async (from) => {
    const { text } = await written({}, { facts: { ...FACTS, from } })
    expect(readRecording(text).call.from).toBe('•••')
  })

  it('drops what a slow disk has no room for, says so in its place, and still tells the end', async () => {
    const frame: Happening = {
      what: 'sent',
      stream: 1,
      message: { event: 'media', bytes: 800, payload: 'A'.repeat(800) },
    }
    const happenings: Happening[] = [...Array.from({ length: 100 }, () => frame), { ...ending, what: 'end' }]
    const { text } = await written({ maxWaitingBytes: 10_000 }, { happenings })
    const { lines } = readRecording(text)
    const kept = lines.filter((line) => line.what === 'sent').length
    const lost = lines.flatMap((line) => (line.what === 'dropped' ? [line.lines] : []))
    expect(kept).toBeGreaterThan(5)
    expect(kept).toBeLessThan(20)
    expect(lost).toEqual([100 - kept])
    expect(lines.at(-1)?.what).toBe('end')
  })

  it('is never written over', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, `${FACTS.id}.jsonl`), 'old')
    const log: string[] = []
    const logger = pino({ level: 'error' }, { write: (line: string) => void log.push(line) })
    const recorder = createFileRecorder({ folder: folder.path, logger })
    recorder.open(FACTS).note(1, { what: 'malformed', stream: 1 })
    recorder.open(FACTS).note(1, { what: 'malformed', stream: 1 })
    await recorder.close()
    expect(await readdir(folder.path)).toHaveLength(1)
    expect(await readFile(join(folder.path, `${FACTS.id}.jsonl`), 'utf8')).toBe('old')
    expect(log).toHaveLength(1)
  })

  it('ends up whole on disk even when nobody closed the tape', async () => {
    await using folder = await temporaryFolder()
    const recorder = createFileRecorder({ folder: folder.path, logger: pino({ level: 'silent' }) })
    const tape = recorder.open(FACTS)
    for (const happening of HAPPENINGS.slice(0, 2)) tape.note(1, happening)
    await recorder.close()
    const { lines } = readRecording(await readFile(join(folder.path, `${FACTS.id}.jsonl`), 'utf8'))
    expect(lines).toHaveLength(2)
  })
})
