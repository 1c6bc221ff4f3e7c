import { INVARIANTS, type Breach } from './breach.ts'
import { type MemoryUse, usedMb } from './memory.ts'
import type { SoakOptions } from './options.ts'
import type { SoakResult } from './soak.ts'

/** A soak in words, for somebody at a terminal. */
export function describeSoak(result: SoakResult): string {
  const { tally, memory, tookMs, stalls, outages, options } = result
  const [third, end] = [memory[Math.ceil(memory.length / 3) - 1], memory.at(-1)]
  return [
    table('calls by direction and ending', tally.endings),
    table('calls by agent', tally.roles),
    table('what befell them', tally.troubles),
    ...tally.breaches.map((breach) => describeBreach(breach, options)),
    `${tally.calls} calls, ${tally.unharmed} that nothing was to befall; ${tally.heard} listened to, worst gap ${tally.worstGapMs.toFixed(0)} ms`,
    `the process was held up ${stalls} times, the carrier left alone ${outages} times`,
    `memory: ${mb(memory[0])} after the first act, ${mb(third)} after the first third, ${mb(end)} at the end`,
    `${(tookMs / 1_000).toFixed(0)} s of real time; course ${tally.digest}`,
    tally.breachCount === 0 ? 'all promises kept' : `${tally.breachCount} promises NOT KEPT`,
    `again: ${commandFor(options)}`,
    '',
  ].join('\n')
}

/** The same for a program. */
export function soakToJson({ tally, memory, tookMs, stalls, outages, options }: SoakResult): object {
  return {
    ...options,
    tookMs: Math.round(tookMs),
    calls: tally.calls,
    unharmed: tally.unharmed,
    heard: tally.heard,
    worstGapMs: tally.worstGapMs,
    endings: Object.fromEntries(tally.endings),
    roles: Object.fromEntries(tally.roles),
    troubles: Object.fromEntries(tally.troubles),
    stalls,
    outages,
    memoryMb: memory.map(usedMb),
    course: tally.digest,
    breachCount: tally.breachCount,
    breaches: tally.breaches.map((breach) => ({ ...breach, again: commandFor(options, breach.call) })),
  }
}

function mb(use: MemoryUse | undefined): string {
  return use === undefined ? '-' : `${usedMb(use).toFixed(1)} MB`
}

function describeBreach({ invariant, call, expected, got }: Breach, options: SoakOptions): string {
  return [
    `NOT KEPT: ${INVARIANTS[invariant]}${call === undefined ? '' : ` (call ${call})`}`,
    `  expected ${expected}`,
    `  got      ${got}`,
    `  again:   ${commandFor(options, call)}`,
  ].join('\n')
}

/** The whole run, or one call of it alone. */
function commandFor({ minutes, calls, seed, isSimulated, keepsArchive }: SoakOptions, call?: string): string {
  const words = [
    'npm run soak --',
    ...(isSimulated ? ['--simulated'] : []),
    ...(keepsArchive ? ['--archive'] : []),
    ...(call === undefined ? [`--minutes ${minutes} --calls ${calls}`] : []),
    `--seed ${seed}`,
    ...(call === undefined ? [] : [`--only ${call}`]),
  ]
  return words.join(' ')
}

function table(title: string, counts: ReadonlyMap<string, number>): string {
  const rows = [...counts].toSorted(([, one], [, other]) => other - one)
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return [title, ...rows.map(([name, count]) => `  ${name.padEnd(width)}  ${String(count).padStart(6)}`), ''].join('\n')
}
