import * as fc from 'fast-check'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { CarrierError } from '../src/errors.ts'
import { createLogger, type Logger, maskNumber } from '../src/log.ts'

const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const
const NUMBER = '+15551234567'
const CANARY = 'canary-7f3a'
/** A frame of 20 ms, as it comes. */
const PAYLOAD = Buffer.from(Array.from({ length: 160 }, (_, index) => (index * 37) % 256)).toString('base64')

/** The lines that `write` brought to paper, as text and as values. */
function logged(write: (logger: Logger) => void, level = 'trace') {
  const lines: string[] = []
  write(createLogger(level, { write: (line) => lines.push(line) }))
  return { text: lines.join(''), lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('maskNumber', () => {
  it.each([
    ['+15551234567', '+1•••67'],
    ['call +15551234567 now', 'call +1•••67 now'],
    ['15551234567', '15•••67'],
    ['+1 (555) 123-4567', '+1•••67'],
    ['+49.30.1234567', '+4•••67'],
    ['To=%2B15551234567', 'To=+1•••67'],
    ['To%3D%2B2908123', 'To%3D+2•••23'],
    ['tel+2908123x', 'tel+2•••23x'],
    ['+2908123', '+2•••23'],
    ['sip:+15551234567@example.com', 'sip:+1•••67@example.com'],
    ['+15551234567,+442012345678', '+1•••67,+4•••78'],
  ])('hides %s', (text, masked) => {
    expect(maskNumber(text)).toBe(masked)
  })

  it.each([
    'nothing here',
    'HTTP 400, 21211',
    'CA01234567890123456789012345678901',
    'call_23456723456723456723',
    '2026-11-01T10:20:30.123Z',
    '127.0.0.1:8080',
    '',
  ])('leaves "%s" alone', (text) => {
    expect(maskNumber(text)).toBe(text)
  })

  it('hides any E.164 number, whatever stands around it (property)', () => {
    const around = fc.string().map((text) => text.replaceAll(/[\d+%]/g, ' '))
    const digits = fc.stringMatching(/^[1-9]\d{7,14}$/)
    fc.assert(
      fc.property(around, digits, around, (before, number, after) => {
        expect(maskNumber(`${before}+${number}${after}`)).not.toContain(number.slice(1, -2))
      }),
    )
  })
})

describe.each(LEVELS)('a line at level %s', (level) => {
  it('shows no phone number: not in a field, not in a sentence, not in an error', () => {
    const { text, lines } = logged((logger) => {
      logger.child({ from: NUMBER, to: NUMBER })[level]({ any: { nested: [NUMBER] } }, `dialling ${NUMBER}`)
      logger[level]('dialling %s', NUMBER)
      logger[level]({ err: new Error(`no such number ${NUMBER}`) }, 'failed')
      logger[level](new Error(`no such number ${NUMBER}`))
      logger[level]({ err: `thrown text about ${NUMBER}` }, 'failed')
    })
    expect(lines).toHaveLength(5)
    expect(lines[0]).toMatchObject({ from: '+1•••67', to: '+1•••67', msg: 'dialling +1•••67' })
    expect(text).not.toContain('5551234')
  })

  it('shows no secret', () => {
    const { text, lines } = logged((logger) => {
      logger.child({ token: CANARY, apiSecret: CANARY })[level]({
        token: CANARY,
        authToken: CANARY,
        config: { twilio: { authToken: CANARY, apiSecret: CANARY, apiKey: CANARY } },
        headers: { authorization: CANARY, cookie: CANARY, 'x-twilio-signature': CANARY },
        start: { customParameters: { token: CANARY, name: CANARY } },
        parameters: [CANARY],
        password: CANARY,
      })
    })
    expect(lines).toHaveLength(1)
    expect(text).not.toContain(CANARY)
  })

  it('shows no digits that somebody keyed, and says how many there were', () => {
    const { text, lines } = logged((logger) => {
      logger[level]({ digits: '4711', message: { digit: '8' }, stats: { digits: 12 } }, 'keyed')
    })
    expect(text).not.toContain('4711')
    expect(text).not.toContain('"8"')
    expect(lines[0]).toMatchObject({ stats: { digits: 12 } })
  })

  it('shows no audio', () => {
    const { text } = logged((logger) => {
      logger[level]({ media: { payload: PAYLOAD.slice(0, 8) }, frame: PAYLOAD }, `got ${PAYLOAD}`)
      logger[level]({ err: new Error(`expected JSON, got ${PAYLOAD}`) })
    })
    expect(text).not.toContain(PAYLOAD.slice(0, 8))
    expect(text).toContain(`[${PAYLOAD.length} characters]`)
  })
})

describe('a line of any shape', () => {
  const digits = fc.stringMatching(/^[0-9]{6,15}$/)
  const number = fc
    .tuple(fc.constantFrom('', '+', '%2B', '%2b', '+1 (', 'x', '.', ':', '\n', '\u0000', '\\'), digits, digits)
    .map(([before, ...parts]) => before + parts.join('-'))
  const audio = fc.integer({ min: 100, max: 240 }).map((length) => PAYLOAD.padEnd(240, 'A').slice(0, length))
  const plain = fc.constantFrom(CANARY, 'call_23456723456723456723', '"', '{"token":"', '\\', 'é😀', ',', 'a token', '')
  const text = fc.array(fc.oneof(number, audio, plain), { maxLength: 4 }).map((parts) => parts.join(' '))
  const guarded = fc.constantFrom(
    'token',
    'authTokenHash',
    'x-twilio-signature',
    'apiKey',
    'api_key',
    'digits',
    'Digit',
    'payload',
    'customParameters',
    'Cookie',
  )
  const harmless = fc.constantFrom('a', 'digitsIn', 'payloads', 'framesIn', 'x-parameters-x', '12345678901', '"q"', 'é')
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant(123_456_789_012)),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(guarded, harmless), tie('value'), { maxKeys: 3 }),
    ),
  })).value
  const fields = fc.dictionary(fc.oneof(guarded, harmless), value, { maxKeys: 5, noNullPrototype: true })

  it('says what is left when it is read as a whole, and each of its values is looked through (property)', () => {
    const raw: string[] = []
    const unguarded = pino({ level: 'info', base: null, timestamp: false }, { write: (line) => raw.push(line) })
    fc.assert(
      fc.property(fields, fields, text, (bindings, line, message) => {
        unguarded.child(bindings).info(line, '%s', message)
        const { lines } = logged((logger) => logger.child(bindings).info(line, '%s', message))
        const [{ time: _, ...told } = { time: '' }] = lines
        expect(told).toEqual(readAsAWhole(raw.pop() ?? ''))
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a log', () => {
  it('is a JSON object a line, with level, time and message', () => {
    const { text, lines } = logged((logger) => logger.info({ callId: 'call_x' }, 'two\nlines'))
    expect(text.endsWith('\n')).toBe(true)
    expect(text.trimEnd()).not.toContain('\n')
    expect(lines).toEqual([
      { level: 30, time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/), callId: 'call_x', msg: 'two\nlines' },
    ])
  })

  it('has what is needed to find a call again', () => {
    const ids = { callId: 'call_23456723456723456723', callSid: 'CA01234567890123456789012345678901' }
    const { lines } = logged((logger) => logger.child(ids).info({ framesIn: 123_456_789, isDone: true, none: null }))
    expect(lines[0]).toMatchObject({ ...ids, framesIn: 123_456_789, isDone: true, none: null })
  })

  it('tells of an error its type, code, message and stack, and nothing that hangs on it', () => {
    const error = Object.assign(new CarrierError('CARRIER_REFUSED', 'refused'), {
      config: { headers: { auth: CANARY } },
      response: { data: CANARY },
    })
    const { text, lines } = logged((logger) => logger.error({ err: error }, 'failed'))
    expect(lines[0]?.['err']).toEqual({
      type: 'CarrierError',
      code: 'CARRIER_REFUSED',
      message: 'refused',
      stack: expect.stringContaining('log.test.ts'),
    })
    expect(text).not.toContain(CANARY)
  })

  it('keeps quiet below its level', () => {
    const levels = (level: string) =>
      logged((logger) => LEVELS.forEach((each) => logger[each]('x')), level).lines.map((line) => line['level'])
    expect(levels('warn')).toEqual([60, 50, 40])
    expect(levels('silent')).toEqual([])
  })

  it('goes to stderr unless told otherwise', () => {
    const destination = Reflect.get(createLogger('info'), pino.symbols.streamSym) as { fd: number }
    expect(destination.fd).toBe(2)
  })
})

/** The plain way, and the meaning of the quick one: taken apart, looked through, put together. */
function readAsAWhole(line: string): unknown {
  return JSON.parse(line, (name, value: unknown) => {
    const isGuarded = /token|secret|password|authorization|cookie|signature|^api_?key$|^digits?$|^payload$|parameters$/i
    if (isGuarded.test(name) && (typeof value === 'string' || (typeof value === 'object' && value !== null))) {
      return '[redacted]'
    }
    if (typeof value !== 'string') return value
    return maskNumber(value.replaceAll(/[A-Za-z0-9+/]{108,}={0,2}/g, (blob) => `[${blob.length} characters]`))
  })
}
