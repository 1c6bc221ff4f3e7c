import { z } from 'zod'

/** For JSON from outside. Refined, since `max` would read a length off whatever came, an object that makes no number of it among them. */
export function boundedText(most: number) {
  return z.string().refine(({ length }) => length <= most, `expected at most ${most} characters`)
}
