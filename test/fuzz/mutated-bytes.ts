import * as fc from 'fast-check'
import { type Change, changes, pick } from './mutated-text.ts'

/** Numbers that a length or a count had better not be. */
const ODD_NUMBERS = [
  0, 1, 2, 3, 7, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x10000, 0x7ffeffff, 0x7fff0000, 0x7fffffff, 0x80000000, 0xfffffffe,
  0xffffffff,
]

type Damage = (bytes: Buffer, at: number, what: number) => Buffer

/** One of the files, damaged; now and then as it is. @param pieces what may be put into it, whole. */
export function mutatedBytes(files: readonly Uint8Array[], pieces: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  const damages: readonly Damage[] = [
    (bytes, at, what) => changed(bytes, at, (bytes[at] ?? 0) ^ (1 << (what % 8))),
    (bytes, at, what) => changed(bytes, at, what % 256),
    // A number, as wide as most of them are and where most of them stand.
    (bytes, at, what) => putNumber(bytes, at & ~1, 4, pick(ODD_NUMBERS, what)),
    (bytes, at, what) => putNumber(bytes, at & ~1, 2, pick(ODD_NUMBERS, what) & 0xffff),
    // The same, in the beginning, where the file says what it is.
    (bytes, at, what) => putNumber(bytes, (at % 64) & ~1, 4, pick(ODD_NUMBERS, what)),
    (bytes, at, what) => putNumber(bytes, (at % 64) & ~1, 2, pick(ODD_NUMBERS, what) & 0xffff),
    // Broken off; something left out, there twice or put in.
    (bytes, at) => bytes.subarray(0, at),
    (bytes, at, what) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (what % 12))]),
    (bytes, at, what) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - (what % 60)))]),
    (bytes, at, what) => Buffer.concat([bytes.subarray(0, at & ~1), pick(pieces, what), bytes.subarray(at & ~1)]),
    (bytes, _, what) => Buffer.concat([bytes.subarray(0, 12), pick(pieces, what), bytes.subarray(12)]),
    (bytes, _, what) => Buffer.concat([bytes, pick(pieces, what)]),
  ]
  const apply = (bytes: Buffer, [how, where, what]: Change) =>
    pick(damages, how)(bytes, where % (bytes.length + 1), what)
  return fc.tuple(fc.nat(files.length - 1), changes).map(([index, all]) => {
    return all.reduce(apply, Buffer.from(pick(files, index)))
  })
}

function changed(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  if (at < copy.length) copy[at] = value
  return copy
}

function putNumber(bytes: Buffer, at: number, width: 2 | 4, value: number): Buffer {
  const copy = Buffer.from(bytes)
  if (at + width <= copy.length) copy.writeUIntLE(value, at, width)
  return copy
}
