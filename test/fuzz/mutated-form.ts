import * as fc from 'fast-check'
import { type Change, changes, damaged, pick } from './mutated-text.ts'
import { ODD_NAMES, ODD_TEXTS } from './odd-parts.ts'

type Field = readonly [name: string, value: string]
export type Form = readonly Field[]

type Alteration = (form: Form, at: number, what: number) => Form

const ALTERATIONS: readonly Alteration[] = [
  // Another value; one that is nearly right; none.
  (form, at, what) => changed(form, at, ([name]) => [name, pick(ODD_TEXTS, what)]),
  (form, at, what) => changed(form, at, ([name, value]) => [name, damaged(value, [what, what >> 4, what])]),
  (form, at) => changed(form, at, ([name]) => [name, '']),
  // Left out; there twice, the same or not; the value of another field.
  (form, at) => form.toSpliced(at, 1),
  (form, at) => form.toSpliced(at, 0, pick(form, at)),
  (form, at, what) => form.toSpliced(at, 0, [pick(form, at)[0], pick(ODD_TEXTS, what)]),
  (form, at, what) => changed(form, at, ([name]) => [name, pick(form, what)[1]]),
  // By another name, or something more by such a name.
  (form, at, what) => changed(form, at, ([, value]) => [pick(ODD_NAMES, what), value]),
  (form, _, what) => [...form, [pick(ODD_NAMES, what), pick(ODD_TEXTS, what >> 5)]],
  // The other way about.
  (form) => form.toReversed(),
]

/** The fields of one of the forms, altered; now and then as they are. */
export function mutatedForm(forms: readonly Form[]): fc.Arbitrary<Form> {
  return fc.tuple(fc.nat(forms.length - 1), changes).map(([index, alterations]) => {
    return alterations.reduce((form, change) => altered(form, change), pick(forms, index))
  })
}

/** Such a form as it is posted, and some of them damaged as texts on top. */
export function mutatedFormText(forms: readonly Form[]): fc.Arbitrary<string> {
  return fc.tuple(mutatedForm(forms), changes, fc.nat(2)).map(([form, damage, weight]) => {
    const text = formText(form)
    return weight > 0 ? text : damage.reduce((all, change) => damaged(all, change), text)
  })
}

export function formText(form: Form): string {
  return new URLSearchParams(form.map(([name, value]): [string, string] => [name, value])).toString()
}

function altered(form: Form, [how, where, what]: Change): Form {
  return form.length === 0 ? form : pick(ALTERATIONS, how)(form, where % form.length, what)
}

function changed(form: Form, at: number, change: (field: Field) => Field): Form {
  return form.with(at, change(pick(form, at)))
}
