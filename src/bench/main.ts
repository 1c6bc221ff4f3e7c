/** `npm run bench`: the figures that matter, as ratios taken in one run. */
import { runAudioBench } from './audio.ts'

await runAudioBench()
