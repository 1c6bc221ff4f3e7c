import { createHash } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { createCallId } from '../src/call-id.ts'
import { type CallFacts, MemoryDirectory } from '../src/directory.ts'

vi.mock('node:crypto', async (original) => {
  const crypto = await original<typeof import('node:crypto')>()
  return { ...crypto, createHash: vi.fn<typeof createHash>(crypto.createHash) }
})

const SID = 'CA0123456789abcdef0123456789abcdef'

const facts = (changed: Partial<CallFacts> = {}): CallFacts => ({
  id: createCallId(),
  direction: 'inbound',
  callSid: SID,
  from: '+15551234567',
  to: '+15550100000',
  agent: 'echo',
  parameters: {},
  startedAt: 0,
  ...changed,
})
const outbound = () => facts({ direction: 'outbound', callSid: undefined })

describe('claiming a call', () => {
  it('enters it, and finds it by its id and by its CallSid', () => {
    const directory = new MemoryDirectory()
    const call = facts()
    expect(directory.claim(call)).toBe(call)
    expect(directory.find(call.id)).toBe(call)
    expect(directory.find(SID)).toBe(call)
    expect(directory.find('call_other')).toBeUndefined()
    expect(directory.find('__proto__')).toBeUndefined()
  })

  it('ten times at once makes one call, the first', async () => {
    const directory = new MemoryDirectory()
    const wanted = Array.from({ length: 10 }, () => facts())
    const entered = await Promise.all(wanted.map(async (call) => directory.claim(call)))
    expect(new Set(entered)).toEqual(new Set([wanted[0]]))
    expect(directory.find(wanted[1]?.id ?? '')).toBeUndefined()
  })

  it('keeps calls without a CallSid apart', () => {
    const directory = new MemoryDirectory()
    const [one, other] = [outbound(), outbound()]
    expect(directory.claim(one)).toBe(one)
    expect(directory.claim(other)).toBe(other)
  })
})

describe('binding a CallSid', () => {
  it('lets an outbound call be found by it', () => {
    const directory = new MemoryDirectory()
    const call = outbound()
    directory.claim(call)
    directory.bind(call.id, SID)
    expect(directory.find(SID)).toEqual({ ...call, callSid: SID })
    expect(directory.find(call.id)).toEqual({ ...call, callSid: SID })
  })

  it('that another call has already changes nothing', () => {
    const directory = new MemoryDirectory()
    const [first, second] = [facts(), outbound()]
    directory.claim(first)
    directory.claim(second)
    directory.bind(second.id, SID)
    expect(directory.find(SID)?.id).toBe(first.id)
    directory.remove(second.id)
    expect(directory.find(SID)?.id).toBe(first.id)
  })

  it('to a call that is not there leaves nothing behind', () => {
    const directory = new MemoryDirectory()
    directory.bind('call_gone', SID)
    expect(directory.find(SID)).toBeUndefined()
    expect(directory.size).toBe(0)
  })

  it('again, to another one, forgets the first', () => {
    const directory = new MemoryDirectory()
    const call = outbound()
    directory.claim(call)
    directory.bind(call.id, 'CA1')
    directory.bind(call.id, 'CA2')
    expect(directory.find('CA1')).toBeUndefined()
    expect(directory.find('CA2')?.id).toBe(call.id)
    directory.remove(call.id)
    expect(directory.size).toBe(0)
  })
})

describe("a call's token", () => {
  it('is the same until it is spent, and then a fresh one', () => {
    const directory = new MemoryDirectory()
    const { id } = directory.claim(facts())
    const token = directory.token(id)
    expect(directory.token(id)).toBe(token)
    expect(directory.redeem(token)).toBe(id)
    const fresh = directory.token(id)
    expect(fresh).not.toBe(token)
    expect(directory.redeem(fresh)).toBe(id)
  })

  it('opens the call once', () => {
    const directory = new MemoryDirectory()
    const { id } = directory.claim(facts())
    const token = directory.token(id)
    const spent = Array.from({ length: 10 }, () => directory.redeem(token))
    expect(spent).toEqual([id, ...Array.from({ length: 9 }, () => undefined)])
  })

  it('is looked up by its digest, whatever it is', () => {
    const directory = new MemoryDirectory()
    const { id } = directory.claim(facts())
    const token = directory.token(id)
    for (const [given, opened] of [
      ['x', undefined],
      [`${token.slice(0, -1)}.`, undefined],
      [token, id],
    ] as const) {
      vi.mocked(createHash).mockClear()
      expect(directory.redeem(given)).toBe(opened)
      expect(createHash).toHaveBeenCalled()
    }
  })

  it('is long, random and fit for an XML attribute', () => {
    const directory = new MemoryDirectory()
    const tokens = Array.from({ length: 1_000 }, () => directory.token(directory.claim(outbound()).id))
    expect(new Set(tokens).size).toBe(1_000)
    for (const token of tokens) expect(token).toMatch(/^[\w-]{32}$/)
  })

  it.each(['', 'nonsense', '__proto__'])('is not "%s"', (token) => {
    const directory = new MemoryDirectory()
    directory.token(directory.claim(facts()).id)
    expect(directory.redeem(token)).toBeUndefined()
  })

  it('opens nothing once the call is over, and one asked for after that opens nothing either', () => {
    const directory = new MemoryDirectory()
    const { id } = directory.claim(facts())
    const token = directory.token(id)
    directory.remove(id)
    expect(directory.redeem(token)).toBeUndefined()
    expect(directory.redeem(directory.token(id))).toBeUndefined()
    expect(directory.size).toBe(0)
  })
})

describe('removing a call', () => {
  it('forgets it by every name', () => {
    const directory = new MemoryDirectory()
    const { id } = directory.claim(facts())
    directory.token(id)
    directory.remove(id)
    directory.remove(id)
    expect(directory.find(id)).toBeUndefined()
    expect(directory.find(SID)).toBeUndefined()
    expect(directory.size).toBe(0)
  })

  it('leaves nothing, whatever was done before (property)', () => {
    const ids = ['call_a', 'call_b', 'call_c']
    const id = fc.constantFrom(...ids)
    const sid = fc.constantFrom('CA1', 'CA2', undefined)
    const step = fc.oneof(
      fc.record({ do: fc.constant('claim' as const), id, sid }),
      fc.record({ do: fc.constant('bind' as const), id, sid }),
      fc.record({ do: fc.constant('token' as const), id, sid }),
      fc.record({ do: fc.constant('redeem' as const), id, sid }),
      fc.record({ do: fc.constant('remove' as const), id, sid }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const directory = new MemoryDirectory()
        for (const { do: what, id: call, sid: callSid } of steps) {
          // An id is drawn once in the life of a directory, or after its call was forgotten.
          if (what === 'claim' && directory.find(call) === undefined) directory.claim(facts({ id: call, callSid }))
          if (what === 'bind' && callSid !== undefined) directory.bind(call, callSid)
          if (what === 'token') directory.token(call)
          if (what === 'redeem') directory.redeem(directory.token(call))
          if (what === 'remove') directory.remove(call)
          for (const each of ids) {
            const key = directory.find(each)?.callSid ?? each
            expect(directory.find(key)).toBe(directory.find(each))
          }
        }
        for (const each of ids) directory.remove(each)
        expect(directory.size).toBe(0)
      }),
    )
  })
})
