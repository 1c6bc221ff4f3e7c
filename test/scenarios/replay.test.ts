import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { Agent } from '../../src/agents/agent.ts'
import type { CallRecorder } from '../../src/recorder.ts'
import { type Course, courseOf } from '../../src/recording/course.ts'
import { differences } from '../../src/recording/differences.ts'
import { createFileRecorder, type FileRecorderOptions } from '../../src/recording/file-recorder.ts'
import { MemoryRecorder } from '../../src/recording/memory-recorder.ts'
import { readRecording, type Recording } from '../../src/recording/recording.ts'
import { courseOfCall, replayCall } from '../../src/simulator/replay.ts'
import { temporaryFolder } from '../cli/program.ts'
import { openStage, PUBLIC_URL, type Stage } from './stage.ts'

/** Answers each key with a tone of its own length, and hangs up at `#`. */
const keyed: Agent = async (call) => {
  for await (const digit of call.digits()) {
    if (digit === '#') return
    call.play(new Int16Array(16_000).fill(3_000))
  }
}

const quiet = pino({ level: 'silent' })

/** A caller who presses 1, loses the stream, and presses the last key on the next one. */
async function trouble(stage: Stage, lastKey = '5'): Promise<void> {
  const { caller, call } = await stage.caller()
  await caller.presses('1')
  await stage.clock.advance(700)
  call.loseStream()
  await stage.carrier.until(() => call.streams.length === 2 && call.isStreaming)
  await stage.clock.advance(400)
  await caller.presses(lastKey)
  await stage.clock.advance(900)
  if (!call.isOver) await caller.hangsUp()
  await stage.over(call.sid)
}

async function recorded(
  story: (stage: Stage) => Promise<void>,
  agent = keyed,
  options: Partial<FileRecorderOptions> = {},
): Promise<{ text: string; recording: Recording }> {
  await using folder = await temporaryFolder()
  const recorder = createFileRecorder({ folder: folder.path, logger: quiet, ...options })
  {
    await using stage = await openStage({ agent: 'keyed', agents: { keyed: agent }, recorder })
    await story(stage)
  }
  const [name = ''] = await readdir(folder.path)
  const text = await readFile(join(folder.path, name), 'utf8')
  return { text, recording: readRecording(text) }
}

async function replayed(recording: Recording, agent = keyed): Promise<{ inside: Course; outside: Course }> {
  const recorder = new MemoryRecorder()
  await using stage = await openStage({
    agent: 'keyed',
    agents: { keyed: agent },
    recorder,
    carrier: { seed: 77 },
  })
  const call = await replayCall({
    carrier: stage.carrier,
    recording,
    voiceUrl: `${PUBLIC_URL}/twiml`,
    dial: (to) => stage.switchboard.dial({ to }),
  })
  await stage.over(call.sid)
  const [again] = recorder.recordings
  if (again === undefined) throw new Error('nothing was recorded')
  return { inside: courseOf(again), outside: courseOfCall(call) }
}

describe('a recorded call', () => {
  it('tells webhooks, messages both ways, edges and the end, in order and in time', async () => {
    const { recording } = await recorded((stage) => trouble(stage))
    expect(recording.call).toMatchObject({ direction: 'inbound', agent: 'keyed', from: '+1•••01', audio: true })
    const told = recording.lines.map((line) => ('message' in line ? `${line.what} ${line.message.event}` : line.what))
    for (const what of ['webhook', 'received start', 'received media', 'received dtmf', 'lost', 'sent media', 'end']) {
      expect(told).toContain(what)
    }
    expect(told.at(-1)).toBe('end')
    const times = recording.lines.map((line) => line.at)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    const frames = recording.lines.filter((line) => line.what === 'received' && line.message.event === 'media')
    expect(frames.length).toBeGreaterThan(50)
    expect(courseOf(recording)).toMatchObject({
      answers: ['Connect', 'Connect'],
      endedBy: 'far end',
      chart: { digits: 2, state: 'ended', reason: 'caller hung up' },
    })
    expect(courseOf(recording).chart?.steps.map((step) => step.state)).toEqual([
      'connecting.awaitingStream',
      'active.stream.flowing',
      'active.stream.lost.dropped',
      'active.stream.flowing',
      'stopping.releasing',
      'ended',
    ])
  })

  it('played again takes the same course, seen from inside and from outside', async () => {
    const { recording } = await recorded((stage) => trouble(stage))
    const expected = courseOf(recording)
    const { inside, outside } = await replayed(recording)
    expect(differences(expected, inside)).toEqual([])
    expect(differences(expected, outside)).toEqual([])
  })

  it('played again to an agent that does something else is told apart, by name', async () => {
    const { recording } = await recorded((stage) => trouble(stage))
    const hasty: Agent = async (call) => {
      for await (const digit of call.digits()) if (digit === '5') return
    }
    const { inside, outside } = await replayed(recording, hasty)
    const apart = differences(courseOf(recording), inside)
    expect(apart).toContain('reason: expected caller hung up, got agent finished')
    expect(apart.find((line) => line.startsWith('step 5'))).toMatch(
      /^step 5: expected stopping\.releasing \(by stream\.stopped\), got stopping\./,
    )
    expect(apart.find((line) => line.startsWith('audio sent'))).toMatch(/expected 20\d\d ms, got 0 ms/)
    expect(differences(courseOf(recording), outside)).toContain(
      'end: expected the far end to end the call, got the server',
    )
  })

  it('that the server ended is ended by the server again, and not by the caller', async () => {
    const { recording } = await recorded((stage) => trouble(stage, '#'))
    expect(courseOf(recording)).toMatchObject({ endedBy: 'server', chart: { reason: 'agent finished' } })
    const { inside, outside } = await replayed(recording)
    expect(differences(courseOf(recording), inside)).toEqual([])
    expect(differences(courseOf(recording), outside)).toEqual([])
    // And a server that does not is found out, for the caller goes on waiting.
    const patient: Agent = async (call) => {
      await call.ended
    }
    const apart = differences(courseOf(recording), (await replayed(recording, patient)).inside)
    expect(apart).toContain('reason: expected agent finished, got caller hung up')
  })

  it('whose stream never came, or whose line fell silent, goes wrong in the same way', async () => {
    const { recording: silent } = await recorded(async (stage) => {
      const { call } = await stage.caller()
      call.halfOpen()
      await stage.over(call.sid)
    })
    expect(courseOf(silent).chart?.reason).toBe('silence')
    expect(differences(courseOf(silent), (await replayed(silent)).inside)).toEqual([])

    const { recording: empty } = await recorded(async (stage) => {
      const caller = stage.carrier.caller('+15551110001')
      const call = await caller.dials('+15550100000', { voiceUrl: `${PUBLIC_URL}/twiml`, streamNeverComes: true })
      await stage.over(call.sid)
    })
    expect(courseOf(empty).chart?.reason).toBe('stream never came')
    expect(differences(courseOf(empty), (await replayed(empty)).inside)).toEqual([])
  })

  it.each([
    ['answered', { answersAfterMs: 2_000 }, 'callee hung up'],
    ['busy', 'busy', 'busy'],
  ] as const)('that went out and was %s is placed and answered again', async (_, plan, reason) => {
    const { recording } = await recorded(async (stage) => {
      const callee = stage.carrier.callee('+15552220001', plan)
      const call = await stage.meanwhile(stage.switchboard.dial({ to: '+15552220001' }))
      if (plan !== 'busy') {
        await stage.carrier.until(() => callee.call?.isStreaming === true)
        await stage.clock.advance(500)
        await callee.hangsUp()
      }
      await stage.over(call.callSid ?? '')
    })
    expect(courseOf(recording).chart?.reason).toBe(reason)
    expect(differences(courseOf(recording), (await replayed(recording)).inside)).toEqual([])
  })
})

describe('what is recorded', () => {
  const canary = { parameters: { pin: 'canary-secret' } }

  it('holds no token, signature, account or parameter, nor a number in full', async () => {
    let tokens: string[] = []
    const { text } = await recorded(async (stage) => {
      const callee = stage.carrier.callee('+15552220001', { answersAfterMs: 100 })
      const call = await stage.meanwhile(stage.switchboard.dial({ to: '+15552220001', ...canary }))
      await stage.carrier.until(() => callee.call?.isStreaming === true)
      tokens = [stage.carrier.authToken, stage.carrier.accountSid, callee.call?.stream?.customParameters['token'] ?? '']
      await callee.presses('7')
      await callee.hangsUp()
      await stage.over(call.callSid ?? '')
    })
    expect(tokens.every((token) => token.length > 10)).toBe(true)
    for (const secret of [...tokens, 'canary', '5552220001', '5550100000']) expect(text).not.toContain(secret)
    expect(text).toContain('"digit":"7"')
  })

  it('is without what was said and keyed when told so, and can still be played', async () => {
    const { text, recording } = await recorded((stage) => trouble(stage), keyed, { audio: false })
    expect(text).not.toContain('payload')
    expect(text).not.toContain('"digit"')
    expect(differences(courseOf(recording), (await replayed(recording)).inside)).toEqual([])
  })

  it('has numbers in full when told so', async () => {
    const { recording } = await recorded((stage) => trouble(stage), keyed, { numbers: true })
    expect(recording.call).toMatchObject({ from: '+15551110001', to: '+15550100000' })
  })
})

describe('a recorder', () => {
  it('writes one file for each of many calls, each whole and closed', async () => {
    await using folder = await temporaryFolder()
    const recorder = createFileRecorder({ folder: join(folder.path, 'new', 'calls'), logger: quiet })
    let ids: string[] = []
    {
      await using stage = await openStage({ recorder })
      const numbers = Array.from({ length: 12 }, (_, index) => `+155511100${String(index + 10)}`)
      const calls = []
      for (const number of numbers) calls.push(await stage.caller(number))
      await stage.clock.advance(300)
      for (const { caller, call } of calls) {
        await caller.hangsUp()
        await stage.over(call.sid)
      }
      ids = stage.views().map(({ id }) => id)
    }
    const names = await readdir(join(folder.path, 'new', 'calls'))
    expect(names.toSorted()).toEqual(ids.map((id) => `${id}.jsonl`).toSorted())
    for (const name of names) {
      const { call, lines } = readRecording(await readFile(join(folder.path, 'new', 'calls', name), 'utf8'))
      expect(`${call.id}.jsonl`).toBe(name)
      expect(lines.at(-1)).toMatchObject({ what: 'end', reason: 'caller hung up' })
      expect(courseOf({ call, lines }).outbound.mediaMs).toBeGreaterThan(100)
    }
  })

  it('whose folder cannot be written to says so once, and calls go on', async () => {
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'file')
    await writeFile(path, '')
    await chmod(path, 0o400)
    const log: string[] = []
    const logger = pino({ level: 'error' }, { write: (line: string) => void log.push(line) })
    await using stage = await openStage({ recorder: createFileRecorder({ folder: path, logger }) })
    for (const number of ['+15551110001', '+15551110002']) {
      const { caller, call } = await stage.caller(number)
      await stage.clock.advance(200)
      await caller.hangsUp()
      expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    }
    expect(log.filter((line) => line.includes('cannot be recorded'))).toHaveLength(1)
  })

  it('that throws is told of and asked no more, and calls go on', async () => {
    let notes = 0
    const broken: CallRecorder = {
      open: () => ({
        note: () => {
          notes += 1
          throw new Error('no tape')
        },
        close: () => {},
      }),
      close: () => Promise.reject(new Error('stuck')),
    }
    await using stage = await openStage({ recorder: broken })
    const { caller, call } = await stage.caller()
    await stage.clock.advance(200)
    await caller.hangsUp()
    expect(await stage.over(call.sid)).toMatchObject({ state: 'ended', reason: 'caller hung up' })
    expect(notes).toBe(1)
    expect(stage.log.filter(({ msg }) => msg === 'watching a call failed')).toHaveLength(1)
  })
})
