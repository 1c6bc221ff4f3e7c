import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { beforeAll, describe, expect, it } from 'vitest'
import type { AnyStateNode } from 'xstate'
import { callMachine, REASONS } from '../machines/index.ts'
import type { Call, CallEdge } from '../src/agents/agent.ts'
import { COLUMNS } from '../src/archive/row.ts'
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

/** The rows of a section's one table, as trimmed cells, without its heading. */
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
    // What registers a tracing SDK is no part of this program.
    expect(languages.filter((language) => language === 'js')).toHaveLength(1)
    expect(new Set(languages)).toEqual(new Set(['ts', 'js', 'sh', 'mermaid']))
  })
})

describe("the README's charts", () => {
  it('are those of diagrams/, where it shows them as text', () => {
    const shown = blocks.filter(({ source }) => source.startsWith('diagrams/'))
    expect(shown.map(({ source }) => source)).toEqual(['diagrams/switchboard.mmd'])
    for (const { source, text } of shown) expect(text, 'npm run diagrams draws it anew').toBe(read(source))
  })

  it('are all that are drawn, as text or as a picture', () => {
    const names = readdirSync(join(ROOT, 'machines')).map((file) => file.replace(/\.ts$/, ''))
    const drawn = names.filter((name) => existsSync(join(ROOT, `diagrams/${name}.svg`)))
    expect(drawn.length).toBeGreaterThan(0)
    expect(drawn.filter((name) => !new RegExp(`diagrams/${name}\\.(svg|mmd)`).test(readme))).toEqual([])
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

  it('name everything that a call can do', () => {
    const told = table('Writing an agent').flatMap(([verbs]) => quoted(verbs).map((verb) => /^\w+/.exec(verb)?.[0]))
    expect(new Set(told)).toEqual(new Set([...Object.keys(VERBS), 'collectDigits', 'leaveMessageAfterBeep']))
  })

  it('name every edge that an agent can listen for', () => {
    const [, edges] = table('Writing an agent').find(([verb]) => verb === '`on(edge, listener)`') ?? []
    expect(new Set(quoted(edges))).toEqual(new Set(Object.keys(EDGES)))
  })

  it('name every metric, with its labels', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    await stage.meanwhile(stage.switchboard.dial({ to: stage.carrier.callee('+15551234567').number }))
    await caller.hangsUp()
    await stage.over(call.sid)
    const text = await stage.meanwhile(fetch(`${stage.url}/metrics`).then((response) => response.text()))
    const labels = new Map(
      [...text.matchAll(/^# TYPE (callchart_\w+)/gm)].map(([, name = '']) => [name, new Set<string>()]),
    )
    for (const [, series = '', given = ''] of text.matchAll(/^(callchart_\w+)\{(.*)\} /gm)) {
      const name = labels.has(series) ? series : series.replace(/_(?:bucket|sum|count)$/, '')
      for (const [, label = ''] of given.matchAll(/(\w+)="/g)) if (label !== 'le') labels.get(name)?.add(label)
    }
    const listed = table('Metrics and traces').map(([name, labelled]) => [quoted(name)[0], new Set(quoted(labelled))])
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(labels))
  })

  it('name what npm can run', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = [...readme.matchAll(/npm (?:run )?(\w+)/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !(name in scripts) && !['ci', 'writes'].includes(name))).toEqual([])
  })
})

/** All there are, by the compiler's word. */
const VERBS: Readonly<Record<keyof Call, true>> = {
  id: true,
  callSid: true,
  direction: true,
  from: true,
  to: true,
  parameters: true,
  adopted: true,
  signal: true,
  stats: true,
  answeredBy: true,
  ended: true,
  on: true,
  onAudio: true,
  audio: true,
  play: true,
  clear: true,
  digits: true,
  sendDigits: true,
  hold: true,
  resume: true,
  transfer: true,
  recording: true,
  sleep: true,
  hangUp: true,
}

const EDGES: Readonly<Record<CallEdge['type'], true>> = {
  'speech.started': true,
  'speech.ended': true,
  'playback.started': true,
  'playback.drained': true,
  'playback.cleared': true,
  'media.silent': true,
  'media.resumed': true,
  'queue.crowded': true,
  'queue.relieved': true,
  'queue.stalled': true,
  'queue.overflowed': true,
  'audio.dropped': true,
  'audio.skipped': true,
  'digit.received': true,
  'stream.lost': true,
  'stream.started': true,
  'answered.by': true,
  'hold.started': true,
  'hold.ended': true,
  'hold.faulted': true,
  'transfer.started': true,
  'transfer.ended': true,
  'recording.changed': true,
}

describe("the README's account of a call", () => {
  const listOf = (heading: string, sentence: RegExp) => quoted(sentence.exec(section(heading))?.[1])

  it('names every field that the API shows, in their order', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    await caller.hangsUp()
    expect(listOf('HTTP', /A call reads ([^.]*)\./)).toEqual(Object.keys(await stage.over(call.sid)))
  })

  it('names every column of its record, in their order', () => {
    const columns = listOf('Records', /columns ([^]*?), which is JSON/)
    expect(columns).toEqual(COLUMNS.map((column) => column.replaceAll('"', '')))
  })
})

describe("the README's commands", () => {
  beforeAll(build)
  const rows = table('Commands').map(([command, does]) => ({
    words: (quoted(command)[0] ?? '').split(' ').filter((word) => /^[a-z-]+$/.test(word)),
    options: [...(does ?? '').matchAll(/`(--[\w-]+)/g)].map(([, option]) => option ?? ''),
  }))
  const told = rows.map(({ words }) => words.join(' '))

  it.each(['callchart', 'callchart calls', 'callchart number'])('are all there are: %s', async (group) => {
    const { stdout } = await callchart([...group.split(' ').slice(1), '--help'])
    const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) /gm)]
      .map(([, name]) => name)
      .filter((name) => name !== 'help')
    expect(names.length).toBeGreaterThan(0)
    // One that only gathers others is told by them.
    const isTold = (words: string) => told.some((each) => each === words || each.startsWith(`${words} `))
    expect(names.filter((name) => !isTold(`${group} ${name}`))).toEqual([])
  })

  it.each(rows)('exist, with the options that are told and no others: $words', async ({ words, options }) => {
    const { code, stdout } = await callchart([...words.slice(1), '--help'])
    expect(code).toBe(0)
    const known = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option)
    expect(new Set([...options, '--help'])).toEqual(new Set(known))
  })
})

describe("the README's routes", () => {
  const routes = table('HTTP').map(([route]) => quoted(route)[0]?.split(' ') ?? [])
  const ofCarrier = routes.filter(([, path = '']) => /^\/(?:status|detected|dialled|recorded|twiml)\b/.test(path))
  const ofUsers = routes.filter((route) => !ofCarrier.includes(route) && route[1] !== '/ws')

  it('are answered by the server', async () => {
    await using stage = await openStage()
    const { caller, call } = await stage.caller()
    const answerTo = async (method: string, path: string) => {
      // An answer that goes on as long as the call.
      if (path.endsWith('/events')) return `${method} ${path} ${await beginningOf(path)}`
      const { status, body } = await stage.api(method, path.replace(':id', call.sid))
      return `${method} ${path} ${status === 405 || body['code'] === 'NOT_FOUND' ? 'unknown' : 'known'}`
    }
    const beginningOf = async (path: string) => {
      const headers = { authorization: `Bearer ${stage.apiToken}` }
      const response = await stage.meanwhile(fetch(stage.url + path.replace(':id', call.sid), { headers }))
      await response.body?.cancel()
      return response.headers.get('content-type') === 'text/event-stream' ? 'known' : 'unknown'
    }
    for (const [method = '', path = ''] of ofUsers) {
      // Once hung up, there would be no call to ask about.
      if (`${method} ${path}` === 'DELETE /calls/:id') continue
      expect(await answerTo(method, path)).toBe(`${method} ${path} known`)
    }
    await caller.hangsUp()
    await stage.over(call.sid)
    expect(await stage.api('DELETE', `/calls/${call.sid}`)).toMatchObject({ status: 200 })
  })

  it('are told with every method that they have', async () => {
    await using stage = await openStage()
    for (const path of new Set([...ofUsers, ...ofCarrier].map(([, each = '']) => each))) {
      const told = routes.filter((route) => route[1] === path).map(([method]) => method)
      const response = await fetch(stage.url + path, { method: 'OPTIONS' })
      const known = (response.headers.get('allow') ?? '').split(', ').filter((method) => method !== 'HEAD')
      expect([path, new Set(known)]).toEqual([path, new Set(told)])
    }
  })

  it("answer the carrier's own requests when they are signed, and refuse them when not", async () => {
    await using stage = await openStage()
    expect(ofCarrier).toHaveLength(7)
    for (const [, path = ''] of ofCarrier) {
      const params = {
        CallSid: `CA${'0'.repeat(32)}`,
        AccountSid: stage.carrier.accountSid,
        ApiVersion: '2010-04-01',
        CallStatus: 'ringing',
        Direction: 'inbound',
        From: '+15551110001',
        To: '+15550100000',
        AnsweredBy: 'human',
        ParentCallSid: `CA${'1'.repeat(32)}`,
        DialCallStatus: 'busy',
        RecordingSid: `RE${'0'.repeat(32)}`,
        RecordingStatus: 'completed',
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
