import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { CHART_STYLE } from '../../src/inspector/chart-style.ts'
import { createPageFiles, type PageFiles } from '../../src/inspector/page-files.ts'
import { build, ROOT, temporaryFolder } from '../cli/program.ts'

const CHARTS = ['call', 'carrier-command', 'transfer', 'carrier-recording', 'switchboard']

beforeAll(build, 120_000)

function read(files: PageFiles, path: string): string {
  const file = files.find(path)
  if (file === undefined) throw new Error(`expected ${path} among the files, found nothing`)
  return file.body
}

/** What a page or a script asks the server for. */
function linksIn(html: string): string[] {
  return [...html.matchAll(/(?:href|src)="(\/inspector\/assets\/[^"]+)"/g)].map(([, link]) => link ?? '')
}

/** What a script imports while it runs. */
function importsIn(script: string): string[] {
  const found = script.matchAll(/^(?:import|export)\b[^'";]*\bfrom\s*'([^']+)'|\bimport\s*\(?\s*'([^']+)'/gm)
  return [...found].map(([, from, bare]) => from ?? bare ?? '')
}

describe('the files of the page', () => {
  it.each<readonly [path: string, type: string]>([
    ['index.html', 'text/html; charset=utf-8'],
    ['login.html', 'text/html; charset=utf-8'],
    ['assets/inspector.css', 'text/css; charset=utf-8'],
    ['assets/chart.css', 'text/css; charset=utf-8'],
    ['assets/main.js', 'text/javascript; charset=utf-8'],
    ...CHARTS.map((name) => [`charts/${name}.svg`, 'image/svg+xml; charset=utf-8'] as const),
  ])('are there, as what they are: %s', (path, type) => {
    const file = createPageFiles().find(path)
    expect(file?.type).toBe(type)
    expect(file?.body.length).toBeGreaterThan(50)
  })

  it.each(['index.html', 'login.html'])('include all that is asked for by %s', (page) => {
    const files = createPageFiles()
    const links = linksIn(read(files, page))
    expect(links.length).toBeGreaterThan(0)
    expect(links.filter((link) => files.find(link.replace('/inspector/', '')) === undefined)).toEqual([])
  })

  it('include all that the scripts import, and nothing that lies elsewhere', () => {
    const files = createPageFiles()
    const seen = new Set<string>()
    const missing: string[] = []
    const walk = (name: string) => {
      if (seen.has(name)) return
      seen.add(name)
      for (const imported of importsIn(read(files, `assets/${name}`))) {
        const target = /^\.\/([\w-]+\.js)$/.exec(imported)?.[1]
        if (target === undefined || files.find(`assets/${target}`) === undefined) missing.push(`${name}: ${imported}`)
        else walk(target)
      }
    }
    walk('main.js')
    expect(missing).toEqual([])
    expect(seen.size).toBeGreaterThan(1)
  })

  it('hold nothing that the policy of the page forbids', () => {
    const files = createPageFiles()
    for (const page of ['index.html', 'login.html']) {
      const html = read(files, page)
      expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)|<base\b/i)
      expect(html).not.toMatch(/(?:href|src|action)="(?:https?:)?\/\//i)
    }
  })

  it('have a place in the login page for what it says and where it leads', () => {
    const html = read(createPageFiles(), 'login.html')
    for (const placeholder of ['{{message}}', '{{next}}']) expect(html.split(placeholder)).toHaveLength(2)
    expect(html).toContain('action="/inspector/login"')
    for (const name of ['token', 'next']) expect(html).toContain(`name="${name}"`)
  })

  it.each(CHARTS)('bring the chart as it is drawn, without a style of its own: %s', async (name) => {
    const drawn = await readFile(join(ROOT, `diagrams/${name}.svg`), 'utf8')
    const svg = read(createPageFiles(), `charts/${name}.svg`)
    expect(drawn).toContain('<style>')
    expect(svg).not.toMatch(/<\/?style|:where\(/)
    expect(svg).toMatch(/^<svg [^>]*class="chart"/)
    expect(svg).toMatch(/<\/svg>\s*$/)
    expect(svg.match(/data-id=/g)?.length).toBe(drawn.match(/data-id=/g)?.length)
  })

  it("bring the charts' style as a file of its own", () => {
    expect(read(createPageFiles(), 'assets/chart.css')).toBe(CHART_STYLE)
  })

  it('are small before they are compressed: the page less than 110 kB, and with all charts less than 220 kB', async () => {
    const files = createPageFiles()
    const scripts = (await readdir(join(ROOT, 'dist/src/inspector/page'))).filter((name) => name.endsWith('.js'))
    const sizeOf = (paths: readonly string[]) =>
      paths.map((path) => Buffer.byteLength(read(files, path))).reduce((sum, size) => sum + size)
    const assets = ['inspector.css', 'chart.css', ...scripts].map((name) => `assets/${name}`)
    const page = sizeOf(['index.html', 'login.html', ...assets])
    expect(page).toBeLessThan(110_000)
    expect(page + sizeOf(CHARTS.map((name) => `charts/${name}.svg`))).toBeLessThan(220_000)
  })

  it.each([
    'assets/main.ts',
    'assets/main.d.ts',
    'assets/main.js.map',
    'assets/tsconfig.json',
    'assets/tsconfig.tsbuildinfo',
    'assets/README.md',
    'assets/index.html',
    'assets/../index.html',
    'charts/call.mmd',
    'charts/README.md',
    '../package.json',
    '/etc/passwd',
    '__proto__',
    'constructor',
    '',
  ])('are no more than that: %s', (path) => {
    expect(createPageFiles().find(path)).toBeUndefined()
  })

  it('are the same to the compiled program', async () => {
    const compiled = (await import(pathToFileURL(join(ROOT, 'dist/src/inspector/page-files.js')).href)) as {
      readonly createPageFiles: typeof createPageFiles
    }
    const [ours, theirs] = [createPageFiles(), compiled.createPageFiles()]
    for (const path of ['index.html', 'assets/main.js', 'assets/chart.css', 'charts/call.svg']) {
      expect(theirs.find(path)).toEqual(ours.find(path))
    }
  })
})

describe('a package', () => {
  const NEEDED = [
    'src/inspector/page/index.html',
    'src/inspector/page/login.html',
    'src/inspector/page/inspector.css',
    'dist/src/inspector/page/main.js',
    ...CHARTS.map((name) => `diagrams/${name}.svg`),
  ]

  async function pack() {
    const folder = await temporaryFolder()
    for (const path of NEEDED) {
      await mkdir(dirname(join(folder.path, path)), { recursive: true })
      await writeFile(join(folder.path, path), path)
    }
    return folder
  }

  it('is read once: what comes later is not served, and what goes is', async () => {
    await using folder = await pack()
    const files = createPageFiles(pathToFileURL(`${folder.path}/`))
    await writeFile(join(folder.path, 'dist/src/inspector/page/later.js'), 'later')
    await rm(join(folder.path, 'src'), { recursive: true })
    expect(files.find('assets/later.js')).toBeUndefined()
    expect(files.find('index.html')?.body).toBe('src/inspector/page/index.html')
  })

  it.each(NEEDED)('without a file that is needed says which, and what to do: %s', async (path) => {
    await using folder = await pack()
    await rm(join(folder.path, path))
    expect(() => createPageFiles(pathToFileURL(`${folder.path}/`))).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(`${path.replaceAll('.', '\\.')}.*npm run build`),
      }),
    )
  })

  it('that was never built says so', async () => {
    await using folder = await pack()
    await rm(join(folder.path, 'dist'), { recursive: true })
    expect(() => createPageFiles(pathToFileURL(`${folder.path}/`))).toThrow('npm run build')
  })
})
