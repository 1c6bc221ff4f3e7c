import { InvalidArgumentError } from 'commander'
import { isInspectorUrl } from '../inspector/stately-address.ts'
import { parseMoment } from './times.ts'

/** What options of several commands may say. Each throws InvalidArgumentError, which is a sentence. */

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number from 1.')
}

export function webUrl(text: string): string {
  if (/^https?:\/\/./i.test(text) && URL.canParse(text)) return text
  throw new InvalidArgumentError('expected a URL such as http://127.0.0.1:8080.')
}

export function inspectorUrl(text: string): string {
  if (isInspectorUrl(text)) return text
  throw new InvalidArgumentError('expected a wss:// URL, or on this machine a ws:// one such as ws://127.0.0.1:8080.')
}

export function moment(text: string): Date {
  const parsed = parseMoment(text, Date.now())
  if (parsed !== undefined) return parsed
  throw new InvalidArgumentError('expected how long ago (90s, 15m, 1h, 2d, 1w), a date or a time (2026-11-25T10:00).')
}
