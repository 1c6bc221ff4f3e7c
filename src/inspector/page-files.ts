import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ConfigurationError } from '../errors.ts'
import { CHART_STYLE } from './chart-style.ts'

/** Something a browser is given; `type` as in `Content-Type`. */
export interface PageFile {
  readonly type: string
  readonly body: string
}

/** What the inspector's page is made of: `index.html`, `login.html`, `assets/FILE` and `charts/FILE`. */
export interface PageFiles {
  find(path: string): PageFile | undefined
}

/** Compiled, this file lies in `dist/src/inspector`, its source in `src/inspector`: the rest is at one place for both. */
const ROOT = new URL(import.meta.url.endsWith('.js') ? '../../../' : '../../', import.meta.url)

const HTML = 'text/html; charset=utf-8'
const CSS = 'text/css; charset=utf-8'
const SCRIPT = 'text/javascript; charset=utf-8'
const SVG = 'image/svg+xml; charset=utf-8'
const CHARTS = ['call.svg', 'carrier-command.svg', 'transfer.svg', 'carrier-recording.svg', 'switchboard.svg']

/**
 * Reads all of it, once: what was not there then is never served, whatever a path may say.
 * Throws ConfigurationError `CONFIG_INVALID` when something is missing.
 *
 * @param root of the package, as a `file:` URL with a slash at its end.
 */
export function createPageFiles(root: URL = ROOT): PageFiles {
  const page = new URL('src/inspector/page/', root)
  const files = new Map<string, PageFile>([
    ['index.html', { type: HTML, body: read('index.html', page) }],
    ['login.html', { type: HTML, body: read('login.html', page) }],
    ['assets/inspector.css', { type: CSS, body: read('inspector.css', page) }],
    ['assets/chart.css', { type: CSS, body: CHART_STYLE }],
  ])
  const compiled = new URL('dist/src/inspector/page/', root)
  for (const name of scriptsIn(compiled)) files.set(`assets/${name}`, { type: SCRIPT, body: read(name, compiled) })
  const diagrams = new URL('diagrams/', root)
  for (const name of CHARTS) files.set(`charts/${name}`, { type: SVG, body: forPage(read(name, diagrams)) })
  return { find: (path) => files.get(path) }
}

function scriptsIn(folder: URL): string[] {
  const names = attempt(folder, () => readdirSync(folder)).filter((name) => name.endsWith('.js'))
  if (!names.includes('main.js')) throw missing(new URL('main.js', folder))
  return names
}

function read(name: string, folder: URL): string {
  const file = new URL(name, folder)
  // A sixth of it all is indentation. No text of the page's has a line that begins with a blank and means it.
  return attempt(file, () => readFileSync(file, 'utf8').replaceAll(/^ +/gm, ''))
}

function attempt<T>(file: URL, reading: () => T): T {
  try {
    return reading()
  } catch (error) {
    throw missing(file, error)
  }
}

function missing(file: URL, cause?: unknown): ConfigurationError {
  const message = `expected ${fileURLToPath(file)} for the inspector, found none that can be read: run npm run build, or npm run diagrams for a chart`
  return new ConfigurationError('CONFIG_INVALID', message, { cause })
}

/** The page brings the same style as a file of its own, since its policy forbids any other; the rest it does not read. */
function forPage(svg: string): string {
  return svg
    .replaceAll(/<style\b[^]*?<\/style>\s*/g, '')
    .replaceAll(/ data-(?:from|to)="[^"]*"/g, '')
    .replaceAll('>\n<', '><')
}
