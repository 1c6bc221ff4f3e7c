import * as fc from 'fast-check'
import { ODD_TEXTS } from './odd-parts.ts'

/**
 * How, where, with what: a change is three numbers, which shrink to a few small ones, and take no time to make.
 */
export type Change = readonly [how: number, where: number, what: number]

const MOST = 0xffff
const MOST_CHANGES = 4

/** A few changes. */
export const changes: fc.Arbitrary<Change[]> = fc.array(fc.tuple(fc.nat(MOST), fc.nat(MOST), fc.nat(MOST)), {
  maxLength: MOST_CHANGES,
})

/** One of the texts, damaged; now and then as it is. */
export function mutatedText(texts: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.nat(texts.length - 1), changes).map(([index, damage]) => {
    return damage.reduce((text, change) => damaged(text, change, texts), texts[index] ?? '')
  })
}

type Damage = (text: string, at: number, what: number, others: readonly string[]) => string

/** Of which most are short: the longest are past every limit there is. */
const LENGTHS = [17, 100, 300, 1_000, 5_000]
const LONGEST = 70_000
const LONGEST_EVERY = 61

const DAMAGES: readonly Damage[] = [
  // A bit the other way.
  (text, at, what) => put(text, at, 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << (what % 16)))),
  // Broken off; a few characters less.
  (text, at) => text.slice(0, at),
  (text, at, what) => put(text, at, 1 + (what % 9), ''),
  // Something odd between, or instead of, a few characters.
  (text, at, what) => put(text, at, 0, pick(ODD_TEXTS, what)),
  (text, at, what) => put(text, at, 1 + (what % 5), pick(ODD_TEXTS, what)),
  // The same stretch again.
  (text, at, what) => put(text, at, 0, text.slice(at, at + 1 + (what % 60))),
  // On with another one.
  (text, at, what, others) => text.slice(0, at) + pick(others, what).slice(at),
  // A number that is far too long.
  (text, at, what) => text.slice(0, at) + text.slice(at).replace(/\d+/, (digits) => digits.repeat(1 + (what % 40))),
  // A character very many times.
  (text, at, what) => put(text, at, 0, (text[at] ?? 'a').repeat(lengthOf(what))),
  (text, at, what) => put(text, at, 0, pick(ODD_TEXTS, what).repeat(1 + (lengthOf(what) >> 4))),
  // The other case.
  (text, at) => put(text, at, 1, swapCase(text.charAt(at))),
]

export function damaged(text: string, [how, where, what]: Change, others: readonly string[] = [text]): string {
  return pick(DAMAGES, how)(text, where % (text.length + 1), what, others)
}

export function pick<T>(all: readonly T[], index: number): T {
  const one = all[index % all.length]
  if (one === undefined) throw new Error('expected something to pick from, got nothing')
  return one
}

function put(text: string, at: number, length: number, other: string): string {
  return text.slice(0, at) + other + text.slice(at + length)
}

function lengthOf(what: number): number {
  return what % LONGEST_EVERY === LONGEST_EVERY - 1 ? LONGEST : pick(LENGTHS, what)
}

function swapCase(character: string): string {
  const small = character.toLowerCase()
  return character === small ? character.toUpperCase() : small
}
