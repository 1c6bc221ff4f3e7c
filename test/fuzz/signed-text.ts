import type { FormParams } from '../../src/twilio/webhooks.ts'

/**
 * What of a form is signed, by the documented algorithm once more: names and values in the order of the names, a value
 * that is there twice once. Two forms with the same text have the same signature, whoever reads what in them.
 */
export function signedText(params: FormParams): string {
  const parts = Object.keys(params)
    .toSorted()
    .flatMap((name) => {
      const values = params[name] ?? ''
      return typeof values === 'string' ? name + values : [...new Set(values)].toSorted().map((value) => name + value)
    })
  return parts.join('')
}
