/** Times as people type and read them. Without an offset they are meant in the zone of this machine. */

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }
const AGO = /^(\d{1,6})([smhdw])$/
const DATE = /^(\d{4})-(\d\d)-(\d\d)/
const TIME_OF_DAY = /^[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,3})?)?(Z|[+-]\d\d:?\d\d)?$/

/**
 * Reads `90s`, `15m`, `1h`, `2d`, `1w` (ago), `2026-11-25` (its first moment), `2026-11-25T10:00` and
 * `2026-11-25T10:00:00+01:00`. Undefined for anything else.
 * @param now epoch milliseconds.
 */
export function parseMoment(text: string, now: number): Date | undefined {
  const [, count, unit = ''] = AGO.exec(text) ?? []
  if (count !== undefined) return new Date(now - Number(count) * (UNITS[unit] ?? 0))
  const [date = '', year, month, day] = DATE.exec(text) ?? []
  // `new Date` would take the 31st of February for a day in March.
  if (!isDay(Number(year), Number(month), Number(day))) return undefined
  const rest = text.slice(date.length)
  if (rest !== '' && !TIME_OF_DAY.test(rest)) return undefined
  const moment = new Date(rest === '' ? `${date}T00:00` : text.replace(' ', 'T'))
  return Number.isNaN(moment.getTime()) ? undefined : moment
}

function isDay(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate()
}

/** `2026-11-25T10:00:00`, in the zone of this machine; `-` for what has not come to pass. */
export function toLocalTime(iso: string | null): string {
  if (iso === null) return '-'
  const at = new Date(iso)
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('-')
  return `${date}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':')}`
}

/** `1:23`, `1:02:03`: minutes and seconds, after an hour with the hours before them. */
export function toDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  const rest = twoDigits(seconds % 60)
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${twoDigits(minutes)}:${rest}`
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
