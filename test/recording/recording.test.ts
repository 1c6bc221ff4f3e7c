import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { readRecording } from '../../src/recording/recording.ts'
import { END, fileOf, HEADER } from './lines.ts'

describe('reading a recording', () => {
  it('gives the call and its lines', () => {
    const { call, lines } = readRecording(fileOf(HEADER, { at: 1.5, what: 'malformed', stream: 1 }, END))
    expect(call.id).toBe(HEADER.id)
    expect(lines).toEqual([{ at: 1.5, what: 'malformed', stream: 1 }, END])
  })

  it('leaves out a last line that breaks off, as when the process died', () => {
    expect(readRecording(`${fileOf(HEADER, END)}{"at":12,"wh`).lines).toEqual([END])
    expect(readRecording(fileOf(HEADER, END).trimEnd()).lines).toEqual([END])
  })

  it.each([
    ['', 'line 1 of the recording: expected the first line of a recording, got an empty file'],
    [
      fileOf({ ...END, at: 0 }),
      'line 1 of the recording: expected what to be "call", as in the first line of a recording, got "end"',
    ],
    [
      fileOf({ ...HEADER, version: 2 }),
      "line 1 of the recording: expected version to be the format's version 1, got 2",
    ],
    [`${fileOf(HEADER)}nonsense\n`, 'line 2 of the recording: expected a JSON object, got "nonsense"'],
    [
      fileOf(HEADER, { ...END, at: 'soon' }),
      'line 2 of the recording: expected at to be a number of milliseconds, got "soon"',
    ],
    [
      fileOf(HEADER, END, { at: 1, what: 'surprise' }),
      'line 3 of the recording: expected what to be webhook, rest, received, sent, lost, malformed, transition, child, joined, dropped or end, got "surprise"',
    ],
    [
      fileOf(HEADER, { at: 1, what: 'received', stream: 1, message: { event: 'dtmf', sequence: 1, digit: '12' } }),
      'line 2 of the recording: expected message.digit to be one key, got "12"',
    ],
  ])('says which line is wrong, what was expected and what came (%#)', (text, message) => {
    expect(() => readRecording(text)).toThrow(new UsageError('RECORDING_INVALID', message))
  })

  it('never quotes more than a line of what came', () => {
    const long = { at: 1, what: 'sent', stream: 1, message: { event: 'media', bytes: 'x'.repeat(5_000) } }
    expect(() => readRecording(fileOf(HEADER, long))).toThrow(/^.{1,200}$/)
  })

  it('never quotes more than a line of the name of what is wrong', () => {
    const long = { at: 1, what: 'joined', state: { ['x'.repeat(5_000)]: 1 } }
    expect(() => readRecording(fileOf(HEADER, long))).toThrow(/^.{1,200}$/)
  })

  it.each(['state', 'at'])('refuses what is nested too deeply for anything to follow: %s', (name) => {
    const line = `{"at":1,"what":"joined","state":"idle","${name}":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}}`
    const message = 'line 2 of the recording: expected a line of a recording, got one that is nested too deeply'
    expect(() => readRecording(`${fileOf(HEADER)}${line}\n`)).toThrow(new UsageError('RECORDING_INVALID', message))
  })

  it('answers any text with a recording or with a complaint of its own', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.json()).map((lines) => lines.join('\n')),
      fc.array(fc.json()).map((lines) => fileOf(HEADER) + lines.join('\n')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const outcome = attempt(() => readRecording(text))
        expect(outcome instanceof UsageError || 'call' in outcome).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

function attempt<T>(act: () => T): T | Error {
  try {
    return act()
  } catch (error) {
    return error as Error
  }
}
