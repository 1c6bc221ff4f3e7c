import { describe, expect, it } from 'vitest'
import {
  isAccountSid,
  isCallSid,
  isRecordingSid,
  isStreamSid,
  parseAccountSid,
  parseCallSid,
  parseStreamSid,
} from '../../src/twilio/ids.ts'

const HEX = '0123456789abcdefABCDEF0123456789'

describe.each([
  { prefix: 'CA', is: isCallSid, parse: parseCallSid, name: 'a CallSid' },
  { prefix: 'MZ', is: isStreamSid, parse: parseStreamSid, name: 'a StreamSid' },
  { prefix: 'AC', is: isAccountSid, parse: parseAccountSid, name: 'an AccountSid' },
])('$name', ({ prefix, is, parse, name }) => {
  it(`is ${prefix} and 32 hexadecimal digits of either case`, () => {
    expect(is(prefix + HEX)).toBe(true)
    expect(parse(prefix + HEX)).toBe(prefix + HEX)
  })

  it.each([
    ['another prefix', `XX${HEX}`],
    ['a small prefix', prefix.toLowerCase() + HEX],
    ['a digit too few', prefix + HEX.slice(1)],
    ['a digit too many', `${prefix}${HEX}0`],
    ['a letter that is no digit', `${prefix}g${HEX.slice(1)}`],
    ['a line break at the end', `${prefix}${HEX}\n`],
    ['a path in it', `${prefix}/../${HEX.slice(4)}`],
    ['nothing', undefined],
    ['an array that reads like one', [prefix + HEX]],
  ])('is not %s', (_, value) => {
    expect(is(value)).toBe(false)
    expect(() => parse(value)).toThrow(
      expect.objectContaining({
        code: 'MESSAGE_INVALID',
        message: expect.stringContaining(`expected ${name} (${prefix} and`),
      }),
    )
  })
})

describe('a RecordingSid', () => {
  it('is RE and 32 hexadecimal digits, and not the word for the current one', () => {
    expect(isRecordingSid(`RE${HEX}`)).toBe(true)
    const others = [`CA${HEX}`, `RE${HEX}0`, `RE${HEX.slice(1)}`, 'Twilio.CURRENT', `RE/../${HEX.slice(4)}`, undefined]
    expect(others.filter((other) => isRecordingSid(other))).toEqual([])
  })
})
