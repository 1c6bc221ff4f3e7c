import { describe, expect, it } from 'vitest'
import { createLogger } from '../../src/log.ts'
import type { CallRecorder, Happening } from '../../src/recorder.ts'
import { combineRecorders } from '../../src/recording/combined-recorder.ts'
import { MemoryRecorder } from '../../src/recording/memory-recorder.ts'
import { FACTS } from './lines.ts'

const STEP: Happening = { what: 'transition', event: 'call.connect', before: 'idle', after: 'connecting' }
const MEDIA: Happening = { what: 'sent', stream: 1, message: { event: 'media', bytes: 160 } }
const OF_SOCKETS: readonly Happening[] = [
  MEDIA,
  { what: 'received', stream: 1, message: { event: 'stop' } },
  { what: 'lost', stream: 1, cause: 'it closed' },
  { what: 'malformed', stream: 1 },
]

/** Keeps what it is told, and fails where it is told to. */
class Noted extends MemoryRecorder implements CallRecorder {
  readonly asked: string[] = []
  readonly wantsMedia: boolean
  readonly #failsAt: string

  constructor({ wantsMedia = true, failsAt = '' } = {}) {
    super()
    this.wantsMedia = wantsMedia
    this.#failsAt = failsAt
  }

  override open(...facts: Parameters<CallRecorder['open']>) {
    this.#ask('open')
    const tape = super.open(...facts)
    return {
      note: (at: number, happening: Happening) => {
        this.#ask('note')
        tape.note(at, happening)
      },
      close: () => this.#ask('tape.close'),
    }
  }

  override async close(): Promise<void> {
    this.#ask('close')
  }

  get heard(): string[] {
    return this.recordings.flatMap(({ lines }) => lines.map(({ what }) => what))
  }

  #ask(what: string): void {
    this.asked.push(what)
    if (what === this.#failsAt) throw new Error('no room')
  }
}

function combine(...recorders: readonly CallRecorder[]) {
  const log: string[] = []
  const logger = createLogger('info', { write: (line) => void log.push(line) })
  return { combined: combineRecorders(recorders, logger), log }
}

describe('several recorders in one', () => {
  it('are all told everything, in its time, and closed', async () => {
    const [one, other] = [new Noted(), new Noted()]
    const { combined, log } = combine(one, other)
    const tape = combined.open(FACTS)
    tape.note(7, STEP)
    tape.close()
    await combined.close()
    for (const recorder of [one, other]) {
      expect(recorder.recordings).toMatchObject([{ call: { id: FACTS.id }, lines: [{ at: 7, ...STEP }] }])
      expect(recorder.asked).toEqual(['open', 'note', 'tape.close', 'close'])
    }
    expect(log).toEqual([])
  })

  it('want what goes over sockets when one does, and pass it to that one alone', () => {
    const [with_, without] = [new Noted(), new Noted({ wantsMedia: false })]
    const { combined } = combine(without, with_)
    const tape = combined.open(FACTS)
    for (const happening of [STEP, ...OF_SOCKETS]) tape.note(1, happening)
    expect(combined.wantsMedia).toBe(true)
    expect(with_.heard).toEqual(['transition', 'sent', 'received', 'lost', 'malformed'])
    expect(without.heard).toEqual(['transition'])
  })

  it('do not want it when none does; one that does not say does', () => {
    const without = new Noted({ wantsMedia: false })
    expect(combine(without, without).combined.wantsMedia).toBe(false)
    expect(combine(without, new MemoryRecorder()).combined.wantsMedia).toBe(true)
  })

  it.each([
    ['open', ['open', 'close']],
    ['note', ['open', 'note', 'close']],
    ['tape.close', ['open', 'note', 'note', 'tape.close', 'close']],
    ['close', ['open', 'note', 'note', 'tape.close', 'close']],
  ])('go on when one fails at %s, which is logged once and asked no more in that call', async (failsAt, asked) => {
    const [broken, whole] = [new Noted({ failsAt }), new Noted()]
    const { combined, log } = combine(broken, whole)
    const tape = combined.open(FACTS)
    tape.note(1, STEP)
    tape.note(2, MEDIA)
    tape.close()
    await combined.close()
    expect(whole.heard).toEqual(['transition', 'sent'])
    expect(whole.asked).toEqual(['open', 'note', 'note', 'tape.close', 'close'])
    expect(broken.asked).toEqual(asked)
    expect(log.filter((line) => line.includes('no room'))).toHaveLength(1)
  })

  it('are asked again in the next call, whatever came of the last one', () => {
    const broken = new Noted({ failsAt: 'note' })
    const { combined } = combine(broken)
    for (const id of ['call_a', 'call_b']) combined.open({ ...FACTS, id }).note(1, STEP)
    expect(broken.asked).toEqual(['open', 'note', 'open', 'note'])
  })

  it('are read from the first that has kept anything', async () => {
    const keeps: CallRecorder = {
      open: () => ({ note() {}, close() {} }),
      close: async () => {},
      read: async (id) => (id === 'call_a' ? 'lines' : undefined),
    }
    const { combined } = combine(new Noted(), keeps)
    expect(await combined.read?.('call_a')).toBe('lines')
    expect(await combined.read?.('call_b')).toBeUndefined()
  })
})
