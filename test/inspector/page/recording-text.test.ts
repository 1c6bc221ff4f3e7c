import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRecording, RecordingProblem } from '../../../src/inspector/page/recording-text.ts'
import { readRecording } from '../../../src/recording/recording.ts'
import { fileOf, HEADER } from '../../recording/lines.ts'
import { DIALED, END } from './film-lines.ts'

const media = {
  at: 5,
  what: 'received',
  stream: 1,
  message: { event: 'media', sequence: 2, timestampMs: 0, bytes: 160 },
}

describe('a recording that is opened in the page', () => {
  it('gives the call and its lines, without media', () => {
    const { call, lines } = parseRecording(fileOf(HEADER, media, ...DIALED, media, END))
    expect(call).toEqual(HEADER)
    expect(lines).toEqual([...DIALED, END])
  })

  it('may break off in its last line, or end without a line feed', () => {
    expect(parseRecording(`${fileOf(HEADER, END)}{"at":12,"wh`).lines).toEqual([END])
    expect(parseRecording(fileOf(HEADER, END).trimEnd()).lines).toEqual([END])
  })

  it.each([
    ['', 'line 1: expected the first line of a recording, got an empty file'],
    [fileOf(END), 'line 1: expected what to be "call", as in the first line of a recording, got "end"'],
    [fileOf({ ...HEADER, version: 2 }), "line 1: expected version to be the format's version 1, got 2"],
    [fileOf({ ...HEADER, direction: 'up' }), 'line 1: expected direction to be inbound or outbound, got "up"'],
    [`${fileOf(HEADER)}nonsense\n`, 'line 2: expected a JSON object, got "nonsense"'],
    [`${fileOf(HEADER)}\n[]\n`, 'line 3: expected a JSON object, got []'],
    [fileOf(HEADER, { ...END, at: 'soon' }), 'line 2: expected at to be a number of milliseconds, got "soon"'],
    [
      fileOf(HEADER, END, { at: 1, what: 'surprise' }),
      'line 3: expected what to be webhook, rest, received, sent, lost, malformed, transition, child, joined, dropped or end, got "surprise"',
    ],
    [fileOf(HEADER, { ...DIALED[0], after: [1] }), 'line 2: expected after to be a state, got [1]'],
    [fileOf(HEADER, { ...DIALED[0], edges: 'all' }), 'line 2: expected edges to be a list of strings, got "all"'],
    [
      fileOf(HEADER, { at: 1, what: 'sent', stream: 1, message: { event: 'song' } }),
      'line 2: expected message.event to be media, mark, clear or close, got "song"',
    ],
    [fileOf(HEADER, { at: 1, what: 'lost', stream: 1 }), 'line 2: expected cause to be a string, got nothing'],
  ])('is refused with the line, what was expected and what came (%#)', (text, message) => {
    expect(() => parseRecording(text)).toThrow(new RecordingProblem(message))
  })

  it.each(['state', 'at'])('is refused when it is nested too deeply for anything to follow: %s', (name) => {
    const line = `{"at":1,"what":"joined","state":"idle","${name}":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_000)}}`
    const message = 'line 2: expected a line of a recording, got one that is nested too deeply'
    expect(() => parseRecording(`${fileOf(HEADER)}${line}\n`)).toThrow(new RecordingProblem(message))
  })

  it('is refused for a word that is none, even one that cannot be made a text', () => {
    for (const what of [{ toString: 1, valueOf: 1 }, ['end']]) {
      expect(() => parseRecording(fileOf(HEADER, { ...END, what }))).toThrow(/^line 2: expected what to be /)
    }
  })

  it('is never quoted at length', () => {
    expect(() => parseRecording(fileOf(HEADER, { ...END, reason: { long: 'x'.repeat(5_000) } }))).toThrow(/^.{1,150}$/)
  })

  it('is one wherever the server takes it for one, and shows the same but for media', () => {
    const lines = fc.array(fc.constantFrom<object>(...DIALED, END, media), { maxLength: 12 })
    fc.assert(
      fc.property(lines, fc.boolean(), (all, isCut) => {
        const text = isCut ? `${fileOf(HEADER, ...all)}{"at"` : fileOf(HEADER, ...all)
        const expected = readRecording(text).lines.filter((line) => !JSON.stringify(line).includes('"media"'))
        expect(parseRecording(text).lines).toEqual(expected)
      }),
    )
  })

  it('is either shown or complained about, whatever the file', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.json()).map((lines) => lines.join('\n')),
      fc.array(fc.json()).map((lines) => fileOf(HEADER) + lines.join('\n')),
    )
    const outcome = (text: string): unknown => {
      try {
        return parseRecording(text).call
      } catch (problem) {
        return problem
      }
    }
    fc.assert(
      fc.property(texts, (text) => {
        const result = outcome(text)
        expect(result instanceof RecordingProblem || !(result instanceof Error)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
