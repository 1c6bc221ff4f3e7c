/**
 * Where in what was heard is what was sent, and how well did it survive? For proving calls: an echo, a recording, a
 * prompt at the far end. Not for the live path.
 */
/* oxlint-disable typescript/no-non-null-assertion -- sample loops: every index is inside the loop's bound */

export interface Alignment {
  /** How much later it was heard than sent, in samples; negative when `heard` begins in its middle. */
  readonly lagSamples: number
  /** Of the overlapping part, once aligned: 1 is the same but for loudness, 0 is unrelated. */
  readonly correlation: number
  /** Signal to noise in dB, the signal being what was sent, scaled by least squares; Infinity when nothing was lost. */
  readonly snrDb: number
}

export interface AlignOptions {
  /** The furthest lag to try, in samples, either way. */
  readonly maxLag: number
}

/** Coarse steps in samples. At 8 kHz it leaves the band below 500 Hz, where voices have their pitch. */
const COARSE_STEP = 8
/** Coarse lags looked at closely: the pitch makes its own maxima beside the true one. */
const CANDIDATES = 12

/**
 * Aligns by normalized cross-correlation: on averages of eight samples first, then to the sample around the best
 * candidates. Ten seconds at 8 kHz with lags of several seconds take a fraction of a second.
 *
 * Both at the same sample rate. Silence on either side gives a correlation of 0 and an SNR of -Infinity.
 */
export function alignSpeech(sent: Int16Array, heard: Int16Array, { maxLag }: AlignOptions): Alignment {
  const coarseLag = Math.ceil(maxLag / COARSE_STEP)
  const coarse = correlate(averaged(sent), averaged(heard), -coarseLag, coarseLag)
  const sentFloat = Float64Array.from(sent)
  const heardFloat = Float64Array.from(heard)
  let best: Scored = { lag: 0, score: -Infinity }
  for (const candidate of bestOf(coarse)) {
    const from = Math.max(-maxLag, (candidate.lag - 1) * COARSE_STEP)
    const to = Math.min(maxLag, (candidate.lag + 1) * COARSE_STEP)
    for (const fine of correlate(sentFloat, heardFloat, from, to)) if (fine.score > best.score) best = fine
  }
  return { lagSamples: best.lag, ...compare(sent, heard, best.lag) }
}

interface Scored {
  readonly lag: number
  readonly score: number
}

function averaged(samples: Int16Array): Float64Array {
  const averages = new Float64Array(Math.ceil(samples.length / COARSE_STEP))
  for (let i = 0; i < samples.length; i++) averages[Math.floor(i / COARSE_STEP)]! += samples[i]! / COARSE_STEP
  return averages
}

/**
 * Scores each lag by the product with the stretch of `heard` it would lie in, relative to that stretch's loudness. Not
 * relative to the overlapping part of what was sent: a lag that leaves only a little of it cannot win by chance.
 */
function correlate(sent: Float64Array, heard: Float64Array, fromLag: number, toLag: number): Scored[] {
  const heardEnergy = runningEnergy(heard)
  const scores: Scored[] = []
  for (let lag = fromLag; lag <= toLag; lag++) {
    const start = Math.max(0, -lag)
    const end = Math.min(sent.length, heard.length - lag)
    if (end <= start) continue
    const energy = heardEnergy[end + lag]! - heardEnergy[start + lag]!
    const score = energy > 0 ? product(sent, heard, start, end, lag) / Math.sqrt(energy) : 0
    scores.push({ lag, score })
  }
  return scores
}

function product(sent: Float64Array, heard: Float64Array, start: number, end: number, lag: number): number {
  let sum = 0
  for (let i = start; i < end; i++) sum += sent[i]! * heard[i + lag]!
  return sum
}

/** Element n is the energy of the first n samples. */
function runningEnergy(samples: Float64Array): Float64Array {
  const energy = new Float64Array(samples.length + 1)
  for (let i = 0; i < samples.length; i++) energy[i + 1] = energy[i]! + samples[i]! ** 2
  return energy
}

/** The highest local maxima: neighbours of one peak would only use up the candidates. */
function bestOf(scores: readonly Scored[]): Scored[] {
  const isPeak = (at: number, score: number): boolean =>
    score >= (scores[at - 1]?.score ?? -Infinity) && score >= (scores[at + 1]?.score ?? -Infinity)
  const peaks = scores.filter(({ score }, at) => isPeak(at, score))
  return peaks.toSorted((a, b) => b.score - a.score).slice(0, CANDIDATES)
}

function compare(sent: Int16Array, heard: Int16Array, lag: number): { correlation: number; snrDb: number } {
  const start = Math.max(0, -lag)
  const end = Math.min(sent.length, heard.length - lag)
  let ss = 0
  let hh = 0
  let sh = 0
  for (let i = start; i < end; i++) {
    ss += sent[i]! * sent[i]!
    hh += heard[i + lag]! * heard[i + lag]!
    sh += sent[i]! * heard[i + lag]!
  }
  if (ss === 0 || hh === 0) return { correlation: 0, snrDb: -Infinity }
  const gain = sh / ss
  let noise = 0
  for (let i = start; i < end; i++) noise += (heard[i + lag]! - gain * sent[i]!) ** 2
  return { correlation: sh / Math.sqrt(ss * hh), snrDb: 10 * Math.log10((gain * gain * ss) / noise) }
}
