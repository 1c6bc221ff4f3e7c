import { parse } from 'node:querystring'
import * as fc from 'fast-check'
import { describe } from 'vitest'
import { type FormParams, parseFormBody } from '../../src/twilio/webhooks.ts'
import { barrage } from './barrage.ts'
import { growsLinearly } from './growth.ts'
import { type Form, formText, mutatedForm, mutatedFormText } from './mutated-form.ts'
import { mutatedText } from './mutated-text.ts'
import { throughUtf8 } from './utf8.ts'
import { must } from './verdict.ts'

const FORM: Form = [
  ['CallSid', `CA${'0123456789abcdef'.repeat(2)}`],
  ['From', '+15551234567'],
  ['CallerName', 'ANNA & BERT = 100% + a "half"'],
  ['FromCity', ''],
  ['__proto__', 'x'],
  ['Media', '1'],
  ['Media', '2'],
]

function pairsOf(params: FormParams): [string, string][] {
  return Object.entries(params).flatMap(([name, values]) =>
    (typeof values === 'string' ? [values] : values).map((value): [string, string] => [name, value]),
  )
}

const inOrder = (pairs: readonly (readonly [string, string])[]) => JSON.stringify(pairs.toSorted(byName))
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]) => (a < b ? -1 : Number(a > b))

describe('a form body', () => {
  barrage('gives back every field that was written into it, in order, blank ones and repeated ones too', {
    cases: fc.oneof(
      mutatedForm([FORM]),
      fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), { maxLength: 6 }),
    ),
    outcome: (form) => {
      const params = parseFormBody(formText(form))
      must(Object.getPrototypeOf(params) === null, 'expected fields without a prototype')
      const sent = form.map(([name, value]) => [throughUtf8(name), throughUtf8(value)] as const)
      must(inOrder(pairsOf(params)) === inOrder(sent), 'expected every field back, got others')
      return Object.values(params).some((value) => typeof value !== 'string') ? 'a repeated field' : 'fields'
    },
    outcomes: ['fields', 'a repeated field'],
  })

  barrage('is read whatever it is, like the form of any other server', {
    cases: fc.oneof(mutatedFormText([FORM]), mutatedText([formText(FORM)]), fc.string({ unit: 'binary' })),
    outcome: (text) => {
      const params = parseFormBody(text)
      must(Object.getPrototypeOf(params) === null, 'expected fields without a prototype')
      // A question mark in the beginning is taken for that of a URL.
      if (text.startsWith('?')) return 'fields'
      // Where every escape is UTF-8 the older parser of Node reads the same; it knows no more than 1,000 fields.
      if (/%(?![0-7][0-9a-fA-F])/.test(text)) return 'odd escapes'
      const others = parse(throughUtf8(text), '&', '=', { maxKeys: 0 })
      must(Object.keys(params).join() === Object.keys(others).join(), 'expected the names that others read')
      return Object.keys(params).length === 0 ? 'nothing' : 'fields'
    },
    outcomes: ['fields', 'odd escapes', 'nothing'],
  })

  growsLinearly(
    'takes time in proportion to its length',
    parseFormBody,
    {
      'one field, again and again': (size) => 'a=1&'.repeat(size / 4),
      'many fields': (size) => Array.from({ length: size / 8 }, (_, index) => `f${index}=1`).join('&'),
      'names that are numbers': (size) => Array.from({ length: size / 8 }, (_, index) => `${size - index}=1`).join('&'),
      'one long value': (size) => `a=${'x'.repeat(size)}`,
      'nothing but escapes': (size) => `a=${'%41'.repeat(size / 3)}`,
      'nothing but broken escapes': (size) => `a=${'%f'.repeat(size / 2)}`,
      'nothing but ampersands': (size) => '&'.repeat(size),
      'nothing but equals signs': (size) => '='.repeat(size),
    },
    8_000,
  )
})
