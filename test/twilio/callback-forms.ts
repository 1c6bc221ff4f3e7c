/** The checks that every parser of callbacks has to stand. */

import * as fc from 'fast-check'
import { expect } from 'vitest'
import { ProtocolError } from '../../src/errors.ts'
import type { FormParams } from '../../src/twilio/webhooks.ts'

const problem = (message: RegExp) =>
  expect.objectContaining({
    name: 'ProtocolError',
    code: 'WEBHOOK_INVALID',
    message: expect.stringMatching(message),
  })

const without = (form: FormParams, name: string): FormParams =>
  Object.fromEntries(Object.entries(form).filter(([key]) => key !== name))

/** Those of `names` that may be missing, odd or there twice without the form being refused on their account. */
export function notRequired(
  parse: (params: FormParams) => unknown,
  form: FormParams,
  names: readonly string[],
): readonly string[] {
  const refusal = (params: FormParams): string => {
    try {
      return `read as ${JSON.stringify(parse(params))}`
    } catch (error) {
      return error instanceof ProtocolError && error.code === 'WEBHOOK_INVALID' ? error.message : String(error)
    }
  }
  const twice = (name: string) => ({ ...form, [name]: [String(form[name]), String(form[name])] })
  return names.flatMap((name) =>
    [
      { said: refusal(without(form, name)), got: 'nothing' },
      { said: refusal(twice(name)), got: 'an array of 2' },
      { said: refusal({ ...form, [name]: 'x !' }), got: '"x !"' },
    ].flatMap(({ said, got }) =>
      said.startsWith(`expected ${name} to be `) && said.endsWith(`, got ${got}`) ? [] : [`${name}: ${said}`],
    ),
  )
}

/** The fields of `facts` that are not read when they are in order, or are read when they are odd or missing. */
export function notOptional<T extends object>(
  parse: (params: FormParams) => T,
  form: FormParams,
  facts: Readonly<Record<string, keyof T>>,
): readonly string[] {
  return Object.entries(facts).flatMap(([name, fact]) => {
    const odd = ['', 'x !', '-1', ['1', '1']].map((value) => parse({ ...form, [name]: value })[fact])
    const isRead = parse(form)[fact] !== undefined
    const isLeftOut = [...odd, parse(without(form, name))[fact]].every((value) => value === undefined)
    return isRead && isLeftOut ? [] : [name]
  })
}

/** Any form at all is read or refused with WEBHOOK_INVALID. */
export function expectNothingElse(parse: (params: FormParams) => unknown, form: FormParams): void {
  const value = fc.oneof(fc.string(), fc.array(fc.string()), fc.constantFrom('', '0', 'completed', 'human'))
  const forms = fc.oneof(
    fc.dictionary(fc.string(), value),
    fc.dictionary(fc.constantFrom(...Object.keys(form)), value).map((changed) => ({ ...form, ...changed })),
  )
  fc.assert(
    fc.property(forms, (params) => {
      try {
        parse(params)
      } catch (error) {
        expect(error).toEqual(problem(/^expected .*, got /))
      }
    }),
  )
}
