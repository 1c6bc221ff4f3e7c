import { describe, expect, it } from 'vitest'
import { collectDigits, type CollectOptions } from '../../src/agents/collect-digits.ts'
import { level, msOf } from '../media/speaking-rig.ts'
import { agentRig, settled } from './agent-rig.ts'

const PROMPT: CollectOptions = { prompt: level(3_000, 1_000), rate: 8000 }

describe('digits are collected', () => {
  it('until the terminator, which is none of them', async () => {
    const { call, press } = agentRig()
    const collected = collectDigits(call)
    await press('12*4#', 300)
    await expect(settled(collected)).resolves.toEqual({ digits: '12*4', endedBy: 'terminator' })
  })

  it('until there are enough, and what is keyed after them is the next reader’s', async () => {
    const { call, press } = agentRig()
    const collected = collectDigits(call, { length: 4 })
    await press('123456#')
    await expect(settled(collected)).resolves.toEqual({ digits: '1234', endedBy: 'length' })
    await expect(settled(collectDigits(call))).resolves.toEqual({ digits: '56', endedBy: 'terminator' })
  })

  it('with another terminator, or none', async () => {
    const { call, press } = agentRig()
    const starred = collectDigits(call, { terminator: '*' })
    await press('1#*')
    await expect(settled(starred)).resolves.toEqual({ digits: '1#', endedBy: 'terminator' })
    const endless = collectDigits(call, { terminator: '', length: 3 })
    await press('#*#')
    await expect(settled(endless)).resolves.toEqual({ digits: '#*#', endedBy: 'length' })
  })

  it('but never more than 64', async () => {
    const { call, press } = agentRig()
    const collected = collectDigits(call)
    await press('1'.repeat(70))
    await expect(settled(collected)).resolves.toEqual({ digits: '1'.repeat(64), endedBy: 'length' })
  })

  it('until nothing comes for too long: ten seconds for the first, five for any other', async () => {
    const { call, clock, press } = agentRig()
    const none = collectDigits(call)
    await clock.run(9_999)
    await expect(settled(none)).resolves.toBe('pending')
    await clock.run(1)
    await expect(settled(none)).resolves.toEqual({ digits: '', endedBy: 'timeout' })
    const some = collectDigits(call)
    await clock.run(9_000)
    await press('12', 4_999)
    await expect(settled(some)).resolves.toBe('pending')
    await clock.run(1)
    await expect(settled(some)).resolves.toEqual({ digits: '12', endedBy: 'timeout' })
  })

  it('and a key that comes after a timeout is not lost', async () => {
    const { call, clock, press } = agentRig()
    const collected = collectDigits(call, { timeoutMs: 100 })
    await clock.run(100)
    await expect(settled(collected)).resolves.toMatchObject({ endedBy: 'timeout' })
    await press('7#')
    await expect(settled(collectDigits(call))).resolves.toEqual({ digits: '7', endedBy: 'terminator' })
  })

  it('until the far end hangs up', async () => {
    const { call, press, hangUp } = agentRig()
    const collected = collectDigits(call)
    await press('12')
    hangUp()
    await expect(settled(collected)).resolves.toEqual({ digits: '12', endedBy: 'hang-up' })
    await expect(settled(collectDigits(call, PROMPT))).resolves.toEqual({ digits: '', endedBy: 'hang-up' })
  })
})

describe('a prompt', () => {
  it('is cut by the first key, and only it', async () => {
    const { call, clock, plane, press, stream } = agentRig()
    const collected = collectDigits(call, PROMPT)
    await clock.run(0)
    plane.outbound.play(level(200, 2_000), 8000)
    await clock.run(500)
    await press('1')
    await clock.run(500)
    expect(msOf(stream.heard(), 1_000)).toBe(500)
    expect(msOf(stream.heard(), 2_000)).toBe(200)
    await press('#')
    await expect(settled(collected)).resolves.toEqual({ digits: '1', endedBy: 'terminator' })
  })

  it('is heard before time is counted', async () => {
    const { call, clock, stream } = agentRig()
    const collected = collectDigits(call, { ...PROMPT, timeoutMs: 1_000 })
    await clock.run(3_990)
    await expect(settled(collected)).resolves.toBe('pending')
    await clock.run(30)
    await expect(settled(collected)).resolves.toEqual({ digits: '', endedBy: 'timeout' })
    expect(stream.heardMs).toBe(3_000)
  })

  it('that must be heard is not cut, and what is keyed meanwhile counts', async () => {
    const { call, clock, press, stream } = agentRig()
    const collected = collectDigits(call, { ...PROMPT, bargeIn: false, length: 2 })
    await clock.run(500)
    await press('12')
    await clock.run(2_000)
    await expect(settled(collected)).resolves.toBe('pending')
    await clock.run(520)
    await expect(settled(collected)).resolves.toEqual({ digits: '12', endedBy: 'length' })
    expect(stream.heardMs).toBe(3_000)
  })

  it('is not said at all to somebody who has keyed already', async () => {
    const { call, clock, press, stream } = agentRig()
    await press('12')
    const collected = collectDigits(call, PROMPT)
    await clock.run(100)
    await press('#')
    await expect(settled(collected)).resolves.toEqual({ digits: '12', endedBy: 'terminator' })
    expect(stream.sent).toEqual([])
  })

  it('is said where what was keyed before is to be forgotten', async () => {
    const { call, clock, press, stream } = agentRig()
    await press('123456')
    const collected = collectDigits(call, { ...PROMPT, flush: true })
    await clock.run(500)
    await press('9#')
    await expect(settled(collected)).resolves.toEqual({ digits: '9', endedBy: 'terminator' })
    expect(stream.heardMs).toBe(500)
  })

  it('that fails is the caller’s to know of, and no key is lost by it', async () => {
    const { call, clock, press } = agentRig()
    const collected = collectDigits(call, {
      prompt: (async function* () {
        yield level(20, 1_000)
        throw new Error('no voice')
      })(),
      rate: 8000,
    })
    await Promise.all([expect(collected).rejects.toThrow('no voice'), clock.run(100)])
    await press('1#')
    await expect(settled(collectDigits(call))).resolves.toEqual({ digits: '1', endedBy: 'terminator' })
  })
})

describe('options that make no sense', () => {
  it.each<[CollectOptions, string]>([
    [{ length: 0 }, 'length to be a whole number from 1 to 64, got 0'],
    [{ length: 65 }, 'got 65'],
    [{ length: 1.5 }, 'got 1.5'],
    [{ terminator: '##' }, 'got "##"'],
    [{ terminator: 'x' }, 'or \'\', got "x"'],
    [{ timeoutMs: 0 }, 'timeoutMs to be more than 0'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs'],
    [{ interDigitMs: 600_001 }, 'interDigitMs to be more than 0 and at most 600000, got 600001'],
  ])('are refused by name: %j', async (options, message) => {
    const { call, press } = agentRig()
    await expect(collectDigits(call, options)).rejects.toMatchObject({
      code: 'DIGITS_INVALID',
      message: expect.stringContaining(message),
    })
    await press('1#')
    await expect(settled(collectDigits(call))).resolves.toEqual({ digits: '1', endedBy: 'terminator' })
  })
})
