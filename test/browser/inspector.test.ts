import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { build, type Program, startCallchart, temporaryFolder } from '../cli/program.ts'
import { launch, maySkip, MISSING } from './chromium.ts'

/** The demo as it is started by hand, and its page in a real browser. */

const PATIENCE_MS = 15_000
/** Of a call that was answered, in their order. */
const WHOLE_LIFE = ['idle', 'connecting', 'active', 'stopping', 'ended'].map((state) => `call.${state}`)
/** Set it to keep what the browser showed. */
const SHOTS = process.env['CALLCHART_SCREENSHOTS']

interface Stage extends AsyncDisposable {
  readonly url: string
  readonly token: string
  readonly program: Program
}

let browser: Browser
/** What the pages complained of. */
const complaints: string[] = []

async function startDemo(): Promise<Stage> {
  const folder = await temporaryFolder()
  const program = startCallchart(['demo', '--keep', '--seconds', '6'], { cwd: folder.path })
  const line = /watch the calls at (\S+)\/inspector, with the token (\S+)/
  await program.says(line)
  const [, url = '', token = ''] = line.exec(program.stderr) ?? []
  return {
    url,
    token,
    program,
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

async function open(stage: Stage, path = '/inspector', options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, acceptDownloads: true, ...options })
  page.setDefaultTimeout(PATIENCE_MS)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  await page.goto(stage.url + path)
  return page
}

async function logIn(page: Page, token: string): Promise<void> {
  await page.getByLabel(/token/i).fill(token)
  await page.locator('form button[type=submit]').click()
  await page.locator('#connection[data-state=open]').waitFor()
  // What a browser says of the page before it: the form is answered with 401.
  complaints.length = 0
}

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return
  await mkdir(SHOTS, { recursive: true })
  await page.screenshot({ path: join(SHOTS, `${name}.png`) })
}

/** A call in the list, by its state. */
function rowIn(state: string, direction = ''): string {
  const isOfDirection = direction === '' ? '' : `:has(.${direction})`
  return `#call-list [data-call]:has([data-state=${state}])${isOfDirection}`
}

/** Shows the newest call of that direction that is live. */
async function showLive(page: Page, direction: 'inbound' | 'outbound'): Promise<string> {
  const row = page.locator(rowIn('active', direction)).first()
  await row.waitFor()
  const id = (await row.getAttribute('data-call')) ?? ''
  await row.click()
  await page.waitForURL(`**/inspector/calls/${id}`)
  return id
}

const lit = (page: Page, state: string) => page.locator(`#chart [data-id="${state}"].active`)

/** The top-level states that are lit, from the first line to the last. */
async function statesFromTheBeginning(page: Page): Promise<string[]> {
  const scrubber = page.locator('#scrubber')
  const last = Number(await scrubber.getAttribute('max'))
  const states: string[] = []
  for (let at = 0; at <= last; at += 1) {
    await scrubber.fill(String(at))
    const state = (await page.locator('#chart .top.active').getAttribute('data-id')) ?? ''
    if (state !== states.at(-1)) states.push(state)
  }
  return states
}

describe.skipIf(maySkip)(`the inspector in a browser${maySkip ? ` (left out: ${MISSING})` : ''}`, () => {
  let stage: Stage

  beforeAll(async () => {
    await build()
    browser = await launch()
    stage = await startDemo()
  }, 60_000)

  afterAll(async () => {
    await browser.close()
    await stage[Symbol.asyncDispose]()
  })

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    const told = complaints.splice(0)
    if (told.length > 0) throw new Error(`the page complained: ${told.join('; ')}`)
  })

  it('asks for the token, takes no other, and then shows what was asked for', async () => {
    const page = await open(stage, '/inspector/node')
    await page.getByLabel(/token/i).fill('not the right one')
    await page.locator('form button[type=submit]').click()
    await page.getByRole('alert').getByText('This is not the server').waitFor()
    expect(page.url()).toContain('/inspector')
    await shoot(page, 'login')
    await logIn(page, stage.token)
    expect(page.url()).toBe(`${stage.url}/inspector/node`)
    await lit(page, 'switchboard.accepting').waitFor()
    const [cookie] = await page.context().cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/inspector' })
    expect(await page.evaluate('document.cookie')).toBe('')
  })

  it.each(['inbound', 'outbound'] as const)(
    'lights an %s call’s states while it goes on, and again when one looks back',
    async (direction) => {
      const page = await open(stage)
      await logIn(page, stage.token)
      const id = await showLive(page, direction)
      await lit(page, 'call.active').waitFor()
      await page.locator('#children').getByText('agent').first().waitFor()
      await page.locator('#timers').getByText('timeLimit').waitFor()
      await page.locator('#meters').getByText(/lead/i).waitFor()
      await page.waitForTimeout(1_500)
      await shoot(page, `live-${direction}`)
      // The demo's people hang up by themselves.
      await lit(page, 'call.ended').waitFor()
      await page.locator(`#call-list [data-call="${id}"] [data-state=ended]`).waitFor()
      expect(await statesFromTheBeginning(page)).toEqual(WHOLE_LIFE)
      await page.locator('#scrubber').fill('3')
      await shoot(page, `back-${direction}`)
      await page.locator('#live').click()
      await lit(page, 'call.ended').waitFor()
    },
    40_000,
  )

  it('gives a recording away, and shows it again to somebody who has nothing else', async () => {
    const page = await open(stage)
    await logIn(page, stage.token)
    await page.locator(rowIn('ended')).first().click()
    await lit(page, 'call.ended').waitFor()
    const count = await page.locator('#scrubber').getAttribute('max')
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('#download').click()])
    expect(download.suggestedFilename()).toMatch(/^call_[a-z2-7]{20}\.jsonl$/)
    await page.goto(`${stage.url}/inspector/node`)
    await lit(page, 'switchboard.accepting').waitFor()
    await page.locator('#open-recording').setInputFiles(await download.path())
    await lit(page, 'call.ended').waitFor()
    expect(await page.locator('#scrubber').getAttribute('max')).toBe(count)
    expect(await statesFromTheBeginning(page)).toEqual(WHOLE_LIFE)
    await page.locator('#sequence [data-line]').first().click()
    await shoot(page, 'recording')
    await page
      .locator('#open-recording')
      .setInputFiles({ name: 'no.jsonl', mimeType: 'text/plain', buffer: Buffer.from('{"what":"nothing"}\n') })
    await page.locator('#message').getByText('line 1').waitFor()
  })

  it('places a call, hangs it up, and says in words what is refused', async () => {
    const page = await open(stage)
    await logIn(page, stage.token)
    await page.locator('#place-call').click()
    await page.locator('#dial-to').fill('+15559990001')
    await shoot(page, 'dial')
    await page.locator('#dial-go').click()
    await page.waitForURL(/\/inspector\/calls\/call_/)
    await lit(page, 'call.active').waitFor()
    await page.locator('#hang-up').click()
    await lit(page, 'call.ended').waitFor()
    await page.locator('#facts').getByText('hung up by API').waitFor()

    await page.locator('#place-call').click()
    await page.locator('#dial-to').fill('+442079460000')
    await page.locator('#dial-go').click()
    await page.locator('#dial-message').waitFor()
    expect(await page.locator('#dial-message').textContent()).toContain('CALLCHART_ALLOWED_DESTINATIONS')
    await shoot(page, 'refused')
    // The browser itself tells of the 403.
    complaints.length = 0
  })

  it('puts a call on hold, records it and hands it over, and shows each in the chart', async () => {
    const page = await open(stage)
    await logIn(page, stage.token)
    await page.locator('#place-call').click()
    await page.locator('#dial-to').fill('+15559990001')
    await page.locator('#dial-go').click()
    await lit(page, 'call.active').waitFor()

    await page.locator('#hold').getByText('Hold').click()
    await lit(page, 'call.active.hold.held').waitFor()
    await shoot(page, 'on-hold')
    await page.locator('#hold').getByText('Resume').click()
    await lit(page, 'call.active.hold.talking').waitFor()

    await page.locator('#record').getByText('Record').click()
    await lit(page, 'call.active.recording.on').waitFor()
    await page.locator('#tab-recording').click()
    await lit(page, 'recording.rolling').waitFor()
    await shoot(page, 'recording-chart')
    await page.locator('#record').getByText('Stop recording').click()
    await lit(page, 'recording.over').waitFor()
    await page.locator('#tab-call').click()

    await page.locator('#transfer').click()
    await page.locator('#hand-over-to').fill('+442079460000')
    await page.locator('#hand-over-go').click()
    await page.locator('#hand-over-message').getByText('CALLCHART_ALLOWED_DESTINATIONS').waitFor()
    await shoot(page, 'transfer-refused')
    // The browser itself tells of the 403.
    complaints.length = 0
    await page.locator('#hand-over-to').fill('+15559990002')
    await page.locator('#hand-over-go').click()
    await lit(page, 'call.active.transfer.away').waitFor()
    await page.locator('#tab-transfer').click()
    await lit(page, 'transfer.bridged').waitFor()
    await shoot(page, 'transfer-chart')
    await page.locator('#hang-up').click()
    await page.locator('#facts').getByText('hung up by API').waitFor()
    expect(await page.locator('#hold').isVisible()).toBe(false)
  }, 40_000)

  it('is a page for the dark, and for a telephone', async () => {
    const dark = await open(stage, '/inspector', { colorScheme: 'dark' })
    await logIn(dark, stage.token)
    await showLive(dark, 'inbound')
    await lit(dark, 'call.active').waitFor()
    await dark.waitForTimeout(1_500)
    await shoot(dark, 'dark')
    const background = await dark.evaluate('getComputedStyle(document.body).backgroundColor')
    expect(String(background)).toMatch(/^rgb\((?:[0-5]?\d, ?){2}[0-5]?\d\)$/)

    const size = { width: 390, height: 844 }
    const phone = await open(stage, '/inspector', { viewport: size, hasTouch: true, isMobile: true })
    await logIn(phone, stage.token)
    await shoot(phone, 'phone-calls')
    await phone.locator('#call-list [data-call]').first().click()
    await phone.locator('#chart .active').first().waitFor()
    await phone.waitForTimeout(SHOTS === undefined ? 0 : 2_000)
    await shoot(phone, 'phone-chart')
    await phone.locator('[data-show=sequence]').click()
    await phone.locator('#sequence [data-line]').first().waitFor()
    await shoot(phone, 'phone-sequence')
    for (const page of [dark, phone]) {
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(overflow).toBeLessThanOrEqual(0)
    }
  }, 40_000)

  it('can be used by keyboard alone', async () => {
    const page = await open(stage)
    await logIn(page, stage.token)
    await page.locator(rowIn('ended')).first().waitFor()
    await page.keyboard.press('j')
    await page.waitForURL(/\/inspector\/calls\/call_/)
    await page.locator('#sequence [data-line]').first().waitFor()
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    const max = Number(await page.locator('#scrubber').getAttribute('max'))
    expect(Number(await page.locator('#scrubber').inputValue())).toBeLessThan(max)
    await page.keyboard.press('l')
    expect(await page.locator('#scrubber').inputValue()).toBe(String(max))
    await page.keyboard.press('?')
    await page.locator('#help[open]').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement !== document.body')).toBe(true)
  })
})
