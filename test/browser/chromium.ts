import { accessSync, constants } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/** Where Debian, Ubuntu, Fedora and macOS put it; CALLCHART_CHROMIUM names another. */
const PLACES = [
  process.env['CALLCHART_CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

export const CHROMIUM = PLACES.find((path): path is string => path !== undefined && isExecutable(path))

export const MISSING =
  'the browser tests need Chromium: apt-get install chromium, or name another in CALLCHART_CHROMIUM'

/** On a developer's machine the tests may be left out, and say so; in the gate they must not be. */
export const maySkip = CHROMIUM === undefined && process.env['CI'] !== 'true'

export function launch(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error(MISSING)
  return chromium.launch({
    executablePath: CHROMIUM,
    // As root, as in a container, the sandbox is not to be had; nothing but our own page on loopback is opened.
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
  })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
