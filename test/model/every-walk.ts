import type { Direction } from '../../machines/reasons.ts'
import { conversation } from './conversation-run.ts'
import { directWalks } from './direct-walks.ts'
import { patienceWith } from './patience-run.ts'
import { returningWalks, simpleWalks, strayWalks } from './phone-call-walks.ts'
import { recording } from './recording-run.ts'
import { type SmallModel, smallWalks } from './small-model.ts'
import { transfer } from './transfer-run.ts'
import type { Walk } from './walk.ts'

/** All models of one concern each, and all walks along all models. */

export const SMALL_MODELS = [
  conversation,
  patienceWith('both'),
  patienceWith('agent'),
  transfer,
  recording,
] as unknown as readonly SmallModel[]

const DIRECTIONS: readonly Direction[] = ['inbound', 'outbound']

/** The shortest first. */
export function everyWalk(): Walk[] {
  return [
    ...DIRECTIONS.flatMap((direction) => [
      ...simpleWalks(direction),
      ...returningWalks(direction),
      ...strayWalks(direction),
    ]),
    ...SMALL_MODELS.flatMap(smallWalks),
    ...directWalks(),
  ].toSorted((one, other) => one.steps - other.steps)
}
