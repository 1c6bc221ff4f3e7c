import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createFileRecorder } from '../../src/recording/file-recorder.ts'
import { OUTLINE_LIMIT, readOutline } from '../../src/recording/outline.ts'
import { readRecording } from '../../src/recording/recording.ts'
import { temporaryFolder } from '../cli/program.ts'
import { END, FACTS, fileOf, HEADER } from './lines.ts'

const transition = (at: number) => ({ at, what: 'transition', event: 'digit.received', before: 'idle', after: 'idle' })

async function outlineOf(text: string): Promise<string> {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'call.jsonl')
  await writeFile(path, text)
  return readOutline(path)
}

describe('the outline of a recording', () => {
  it('leaves out what went over the sockets, and says that there is no audio in it', async () => {
    const media = { event: 'media', sequence: 2, timestampMs: 20, bytes: 8, payload: 'canaryAudio+' }
    const text = fileOf(
      HEADER,
      transition(1),
      { at: 2.25, what: 'received', stream: 1, message: media },
      { at: 3, what: 'received', stream: 1, message: { event: 'dtmf', sequence: 3, digit: '7' } },
      { at: 4, what: 'sent', stream: 1, message: { event: 'media', bytes: 8, payload: 'canaryAudio+' } },
      { at: 5, what: 'lost', stream: 1, cause: 'reset' },
      { at: 6, what: 'malformed', stream: 1 },
      END,
    )
    const { call, lines } = readRecording(await outlineOf(text))
    expect(call.audio).toBe(false)
    expect(lines.map(({ what }) => what)).toEqual(['transition', 'end'])
  })

  it('has the latest lines of a call that has more than fit, and says how many are missing', async () => {
    const many = Array.from({ length: 5 * OUTLINE_LIMIT + 1 }, (_, at) => transition(at))
    const { lines } = readRecording(await outlineOf(fileOf(HEADER, ...many)))
    expect(lines).toHaveLength(OUTLINE_LIMIT + 1)
    expect(lines[0]).toMatchObject({ what: 'dropped', lines: 4 * OUTLINE_LIMIT + 1 })
    expect(lines.at(-1)).toMatchObject({ at: 5 * OUTLINE_LIMIT })
  })

  it('can be had from the recorder by the id of a call, and by nothing that could be a path', async () => {
    await using folder = await temporaryFolder()
    await writeFile(join(folder.path, 'secret.jsonl'), 'canary')
    const recorder = createFileRecorder({ folder: folder.path, logger: pino({ level: 'silent' }) })
    const tape = recorder.open(FACTS)
    tape.note(1, { what: 'joined', state: 'idle' })
    tape.close()
    await recorder.close()
    expect(await recorder.read?.(FACTS.id)).toContain('"joined"')
    expect(await recorder.read?.(`call_${'b'.repeat(20)}`)).toBeUndefined()
    for (const id of ['secret', '../secret', `${FACTS.id}/../secret`, '']) {
      expect(await recorder.read?.(id)).toBeUndefined()
    }
  })
})
