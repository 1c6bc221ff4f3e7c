import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AnyStateNode } from 'xstate'
import { callMachine, REASONS } from '../machines/index.ts'
import { signUpgrade, signWebhook } from '../src/twilio/signature.ts'
import { build, callchart, ROOT } from './cli/program.ts'
import { openStage, PUBLIC_URL } from './scenarios/stage.ts'

/** What the README says, held against what the program does. */

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const readme = read('README.md')

/** The part under a heading, up to the next one of its kind. */
function section(heading: string): string {
  const [, text] = readme.split(`\n## ${heading}\n`)
  if (text === undefined) throw new Error(`expected a section "${heading}" in the README, got none`)
  return text.split('\n## ')[0] ?? ''
}

/** The rows of a section's first table, as trimmed cells, without its heading. */
function table(heading: string): string[][] {
  const rows = section(heading).match(/^\|.*\|$/gm) ?? []
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

/** What stands between backticks. */
const quoted = (text = ''): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, words]) => words ?? '')

/** Every block that is marked with where it comes from. */
const blocks = [...readme.matchAll(/^<!-- (\S+) -->\n\n```\w+\n([^]*?)^```$/gm)].map(([, source = '', text = '']) => ({
  source,
  text,
}))

describe("the README's snippets", () => {
  const snippets = blocks.filter(({ source }) => source.startsWith('src/examples/'))

  it('show every example', () => {
    const files = readdirSync(join(ROOT, 'src/examples')).filter((name) => name.endsWith('.ts'))
    expect(new Set(snippets.map(({ source }) => source.split(/[/#]/)[2]))).toEqual(new Set(files))
  })

  it.each(snippets)('are the compiled example, as a user would import it: $source', ({ source, text }) => {
    const [file = '', region = ''] = source.split('#')
    const inside = new RegExp(`^// #region ${region}\n([^]*?)^// #endregion$`, 'm').exec(read(file))?.[1]
    const asShown = inside
      ?.replaceAll("'../index.ts'", "'callchart'")
      .replaceAll("'../simulator/index.ts'", "'callchart/testing'")
    expect(text).toBe(asShown)
    expect(text).not.toContain("'../")
  })

  it('import what the package exports', () => {
    const { exports } = JSON.parse(read('package.json')) as { exports: Record<string, string> }
    expect(exports).toMatchObject({ '.': './dist/src/index.js', './testing': './dist/src/simulator/index.js' })
  })

  it('are the only code blocks but for shell commands and plain text', () => {
    const languages = [...readme.matchAll(/^```(\w+)$/gm)].map(([, language]) => language)
    expect(languages.filter((language) => language === 'ts')).toHaveLength(snippets.length)
    expect(new Set(languages)).toEqual(new Set(['ts', 'sh', 'mermaid']))
  })
})

describe("the README's charts", () => {
  it.each(['call', 'switchboard'])('are those of diagrams/: %s', (name) => {
    const shown = blocks.find(({ source }) => source === `diagrams/${name}.mmd`)
    expect(shown?.text, 'npm run diagrams draws it anew').toBe(read(`diagrams/${name}.mmd`))
  })

  const overview = /```mermaid\n([^]*?)```/.exec(readme)?.[1] ?? ''
  const top: Readonly<Record<string, AnyStateNode>> = callMachine.root.states
  const topOf = (node: AnyStateNode) => String(node.path[0])

  it('begin with an overview that has every way from one of the main states to another', () => {
    const edges = new Set(
      [callMachine.root, ...descendants(callMachine.root)].flatMap((node) =>
        [...node.transitions.values(), node.always ?? []]
          .flat()
          .flatMap(({ target }) => target ?? [])
          .map((target) => `${topOf(node)} --> ${topOf(target)}`)
          .filter((edge) => !/^(\w+) --> \1$/.test(edge)),
      ),
    )
    const drawn = [...overview.matchAll(/^ {2}(\w+ --> \w+)/gm)].map(([, edge]) => edge)
    expect(new Set(drawn)).toEqual(edges)
  })

  it('begin with an overview that names what is inside the main states', () => {
    const inside = (state: string) =>
      [...overview.matchAll(new RegExp(`^ {2}${state} : (.*)$`, 'gm'))].map(([, text]) => text)
    const names = (node?: AnyStateNode) => Object.keys(node?.states ?? {}).join(', ')
    expect(inside('connecting')).toEqual([names(top['connecting'])])
    expect(inside('stopping')).toEqual([names(top['stopping'])])
    const regions = Object.values(top['active']?.states ?? {})
    expect(inside('active')).toEqual(regions.map((region) => `${region.key} (${names(region)})`))
  })
})

function descendants(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendants(child)])
}

describe("the README's tables", () => {
  it('list every environment variable with its default, as .env.example does', () => {
    const example = parse(read('.env.example'))
    const required = new Set(['PUBLIC_URL', 'TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'])
    const defaults = Object.entries(example).map(([name, value]) => [name, required.has(name) ? 'required' : value])
    const listed = table('Environment').map(([name, value = '']) => [quoted(name)[0], value.replaceAll('`', '')])
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(defaults))
  })

  it('name every reason under the state that it ends in', () => {
    const listed = table('States and reasons').flatMap(([state, reasons]) =>
      quoted(reasons).map((reason) => [reason, quoted(state)[0]]),
    )
    expect(Object.fromEntries(listed)).toEqual(REASONS)
  })

  it('name every main state of a call', () => {
    const [sentence = ''] = section('States and reasons').split('.')
    expect(quoted(sentence)).toEqual(['state', ...Object.keys(callMachine.root.states)])
  })

  it('name what npm can run', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...readme.matchAll(/npm (?:run )?(\w+)/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !(name in scripts) && !['ci', 'writes'].includes(name))).toEqual([])
  })
})

describe("the README's commands", () => {
  beforeAll(build)
  const rows = table('Commands').map(([command, does]) => ({
    command: quoted(command)[0] ?? '',
    options: [...(does ?? '').matchAll(/`(--[\w-]+)/g)].map(([, option]) => option ?? ''),
  }))

  it('are all there are', async () => {
    const { stdout } = await callchart(['--help'])
    const known = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name)
    const named = rows.map(({ command }) => command.split(' ')[1])
    expect(new Set([...named, 'help'])).toEqual(new Set(known))
  })

  it.each(rows)('exist, with the options that are told and no others: $command', async ({ command, options }) => {
    const words = command.split(' ').filter((word) => /^[a-z]+$/.test(word))
    const { code, stdout } = await callchart([...words.slice(1), '--help'])
    expect(code).toBe(0)
    const known = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option)
    expect(new Set([...options, '--help'])).toEqual(new Set(known))
  })
})

describe("the README's routes", () => {
  const routes = table('HTTP').map(([route]) => quoted(route)[0]?.split(' ') ?? [])
  const ofCarrier = routes.filter(([, path = '']) => path === '/status' || path.startsWith('/twiml'))

  it('are answered by the server, and those that are not here yet are not', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const answerTo = async (method: string, path: string) => {
      const { status, body } = await stage.api(method, path.replace(':id', call.sid))
      return `${method} ${path} ${status === 405 || body['code'] === 'NOT_FOUND' ? 'unknown' : 'known'}`
    }
    // Once hung up, there would be no call to ask about.
    const asked = routes.filter((route) => !ofCarrier.includes(route) && route[1] !== '/ws' && route[0] !== 'DELETE')
    for (const [method = '', path = ''] of asked) {
      expect(await answerTo(method, path)).toBe(`${method} ${path} known`)
    }
    for (const route of quoted(section('Not here yet')).filter((words) => words.startsWith('GET '))) {
      const [method = '', path = ''] = route.split(' ')
      expect(await answerTo(method, path)).toBe(`${method} ${path} unknown`)
    }
    await caller.hangsUp()
    await stage.over(call.sid)
    expect(await stage.api('DELETE', `/calls/${call.sid}`)).toMatchObject({ status: 200 })
  })

  it("answer the carrier's own requests when they are signed, and refuse them when not", async () => {
    await using stage = await openStage()
    expect(ofCarrier).toHaveLength(3)
    for (const [, path = ''] of ofCarrier) {
      const params = {
        CallSid: `CA${'0'.repeat(32)}`,
        AccountSid: stage.carrier.accountSid,
        ApiVersion: '2010-04-01',
        CallStatus: 'ringing',
        Direction: 'inbound',
        From: '+15551110001',
        To: '+15550100000',
      }
      const ask = (token: string) =>
        fetch(`${stage.url}${path}`, {
          method: 'POST',
          headers: { 'x-twilio-signature': signWebhook({ url: `${PUBLIC_URL}${path}`, params, token }) },
          body: new URLSearchParams(params),
        })
      expect((await ask('another')).status).toBe(403)
      expect((await ask(stage.carrier.authToken)).ok).toBe(true)
    }
  })

  it('open the media socket to whoever signs its address, and to nobody else', async () => {
    expect(routes).toContainEqual(['GET', '/ws'])
    await using stage = await openStage()
    const signature = signUpgrade({ url: `${PUBLIC_URL.replace('http', 'ws')}/ws`, token: stage.carrier.authToken })
    expect(await upgrade(`${stage.url}/ws`, signature)).toBe(101)
    expect(await upgrade(`${stage.url}/ws`, 'forged')).toBe(403)
  })
})

/** The status that a request for a WebSocket is answered with. */
function upgrade(url: string, signature: string): Promise<number | undefined> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'x-twilio-signature': signature,
  }
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers })
    asking.on('error', reject)
    asking.on('response', (response) => resolve(response.resume().statusCode))
    asking.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response.statusCode)
    })
    asking.end()
  })
}

describe("the README's links", () => {
  it('lead to files that are there, and to headings of its own', () => {
    const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')
    const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(
      ([, words = '']) => `#${words.toLowerCase().replaceAll("'", '').replaceAll(' ', '-')}`,
    )
    const headings = new Set(anchors)
    const own = targets.filter((target) => !target.startsWith('https:'))
    const missing = own.filter((target) =>
      target.startsWith('#') ? !headings.has(target) : !existsSync(join(ROOT, target)),
    )
    expect(missing).toEqual([])
  })

  it('name every folder of the sources', () => {
    const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const lines = section('Development').match(/^- .*$/gm) ?? []
    const layout = new Set(lines.flatMap((line) => quoted(line)))
    expect(folders.map(({ name }) => `src/${name}/`).filter((name) => !layout.has(name))).toEqual([])
  })
})
