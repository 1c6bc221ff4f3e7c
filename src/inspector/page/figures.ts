/** Figures for people. */

/** `12.345`: seconds with their milliseconds. */
export function secondsOf(ms: number): string {
  return (ms / 1_000).toFixed(3)
}

/** `0:42`, `12:05`, `1:02:03`. */
export function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  const rest = String(seconds % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** What is left of a wait: `7.3 s`, and by the clock from a minute on. */
export function leftOf(ms: number): string {
  return ms < 60_000 ? `${(Math.max(0, ms) / 1_000).toFixed(1)} s` : clockOf(ms)
}

/** `140 ms`, `7.5 s`. */
export function spanOf(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1_000).toFixed(2))} s`
}

/** A level as a share of what a bar shows, from -60 dBFS (0) to full scale (1). Null: silence. */
export function shareOfLevel(dbfs: number | null): number {
  return dbfs === null ? 0 : Math.min(1, Math.max(0, 1 + dbfs / 60))
}
