import { isDeepStrictEqual } from 'node:util'

const WATCHED = [Object, Array, Function, String, Number, Boolean, RegExp, Map, Set, Promise, Error, Uint8Array]
/** What a hostile `__proto__` of the cases would leave on every object. */
const MARKS = ['polluted', 'isAdmin'] as const

/** Notices when what a parser was given ends up on the prototypes that every object has. */
export class PrototypeWatch {
  readonly #before = snapshot()
  readonly #keys = Reflect.ownKeys(Object.prototype).length

  /** Cheap enough for every case. */
  check(): void {
    const isTouched = Reflect.ownKeys(Object.prototype).length !== this.#keys || MARKS.some((mark) => mark in {})
    if (isTouched) throw new Error('expected Object.prototype to be left alone, got another property on it')
  }

  checkAll(): void {
    if (!isDeepStrictEqual(snapshot(), this.#before)) throw new Error('expected every prototype to be left alone')
  }
}

function snapshot(): unknown {
  return WATCHED.map(({ name, prototype }) => [name, Object.getOwnPropertyDescriptors(prototype)])
}
