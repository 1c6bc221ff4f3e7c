/** The load generator's process: `main.ts load SPEECH_FOLDER`. */

import { obey } from '../line-protocol.ts'
import type { LoadTarget } from './dialer.ts'
import { Fleet } from './fleet.ts'
import { loadLoadSpeech } from './speech.ts'

export async function runLoad(speechFolder: string): Promise<void> {
  const speech = await loadLoadSpeech(speechFolder)
  let fleet: Fleet | undefined
  const requireFleet = (): Fleet => {
    if (fleet === undefined) throw new Error('expected the command aim first')
    return fleet
  }
  await obey(
    { ready: true },
    {
      aim: ({ target }) => {
        fleet?.close()
        fleet = new Fleet(target as LoadTarget, speech)
        return {}
      },
      resize: async ({ calls }) => {
        await requireFleet().resize(Number(calls))
        return {}
      },
      measure: async ({ ms }) => ({ ...(await requireFleet().measure(Number(ms))) }),
      look: async () => {
        await requireFleet().look()
        return {}
      },
      lookAway: () => ({ ...requireFleet().lookAway() }),
      setUps: async ({ count, atOnce }) => requireFleet().setUps(Number(count), Number(atOnce)),
    },
  )
  fleet?.close()
}
