import { describe, expect, it } from 'vitest'
import { type Config, loadConfig, VARIABLES } from '../src/config.ts'
import { ConfigurationError } from '../src/errors.ts'

const REQUIRED = {
  PUBLIC_URL: 'https://calls.example.com',
  TWILIO_ACCOUNT_SID: 'AC0123456789abcdef0123456789ABCDEF',
  TWILIO_AUTH_TOKEN: 'the-auth-token',
}
const KEY = 'SK0123456789abcdef0123456789abcdef'

const load = (env: Readonly<Record<string, string | undefined>>) => loadConfig({ ...REQUIRED, ...env })

/** What a refused start says, line by line. */
function complaints(env: Readonly<Record<string, string | undefined>>): string[] {
  try {
    loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigurationError) || error.code !== 'CONFIG_INVALID') throw error
    return error.message.split('\n').slice(1)
  }
  return []
}

const wrong = (env: Readonly<Record<string, string>>) => complaints({ ...REQUIRED, ...env })

interface Row {
  readonly name: string
  readonly read: (config: Config) => unknown
  readonly fallback: unknown
  readonly good: Readonly<Record<string, unknown>>
  readonly bad: readonly string[]
}

const whole = (least: number, most: number) => ({
  good: { [least]: least, [most]: most, '007': 7 },
  bad: [String(most + 1), '-1', '1.5', '1e3', '0x10', 'many', '1 000', '9999999999', ...(least > 0 ? ['0'] : [])],
})

const PREFIXES = { '+1': ['+1'], '+1,+4420': ['+1', '+4420'], ' +1 , ,+49, ': ['+1', '+49'], ',': [] }

const ROWS: readonly Row[] = [
  { name: 'PORT', read: ({ port }) => port, fallback: 8080, ...whole(0, 65_535) },
  {
    name: 'HOST',
    read: ({ host }) => host,
    fallback: '127.0.0.1',
    good: { '0.0.0.0': '0.0.0.0', '::1': '::1' },
    bad: [],
  },
  {
    name: 'PUBLIC_URL',
    read: ({ publicUrl }) => publicUrl,
    fallback: 'https://calls.example.com',
    good: {
      'https://a.example/': 'https://a.example',
      'https://a.example:8443': 'https://a.example:8443',
      'https://A.Example': 'https://A.Example',
      'HTTPS://a.example': 'https://a.example',
      'http://localhost:8080': 'http://localhost:8080',
      'http://127.0.0.1:8080/': 'http://127.0.0.1:8080',
      'http://127.9.9.9': 'http://127.9.9.9',
      'http://[::1]:8080': 'http://[::1]:8080',
    },
    bad: [
      'calls.example.com',
      'a.example:8080',
      '//a.example',
      'http://calls.example.com',
      'http://10.0.0.1',
      'http://localhost.example.com',
      'http://127.0.0.1.example.com',
      'http://127.1',
      'http://[::2]',
      'wss://a.example',
      'ftp://a.example',
      'https://a.example/path',
      'https://a.example//',
      'https://a.example/.',
      'https://a.example?',
      'https://a.example/?x=1',
      'https://a.example#',
      'https://a_b.example',
      'https://user:pass@a.example',
      'https:a.example',
      'https:/a.example',
      String.raw`https:\\a.example`,
      'https://',
      'https://a b.example',
      'https://bücher.example',
      'https://a.example:99999',
    ],
  },
  {
    name: 'TWILIO_ACCOUNT_SID',
    read: ({ twilio }) => twilio.accountSid,
    fallback: REQUIRED.TWILIO_ACCOUNT_SID,
    good: { [`AC${'0'.repeat(32)}`]: `AC${'0'.repeat(32)}` },
    bad: ['AC', KEY, `AC${'0'.repeat(31)}`, `AC${'0'.repeat(33)}`, `AC${'g'.repeat(32)}`, `x AC${'0'.repeat(32)}`],
  },
  {
    name: 'TWILIO_AUTH_TOKEN',
    read: ({ twilio }) => twilio.authToken,
    fallback: 'the-auth-token',
    good: { other: 'other', ' trimmed ': 'trimmed' },
    bad: [],
  },
  {
    name: 'TWILIO_AUTH_TOKEN_SECONDARY',
    read: ({ twilio }) => twilio.secondaryAuthToken,
    fallback: undefined,
    good: { second: 'second' },
    bad: [],
  },
  {
    name: 'TWILIO_FROM',
    read: ({ twilio }) => twilio.from,
    fallback: undefined,
    good: { '+15550100000': '+15550100000' },
    bad: ['15550100000', '+0555', '+1 555 010 0000', '+1555010000012345', 'sip:a@b', '+', '+١٢٣٤٥٦٧'],
  },
  {
    name: 'TWILIO_API_URL',
    read: ({ twilio }) => twilio.apiUrl,
    fallback: undefined,
    good: { 'http://127.0.0.1:9999': 'http://127.0.0.1:9999', 'https://a.example/base': 'https://a.example/base' },
    bad: ['a.example', 'ftp://a.example', 'https://a.example?x=1', 'https://a.example/#x'],
  },
  {
    name: 'CALLCHART_API_TOKEN',
    read: ({ apiToken }) => apiToken,
    fallback: undefined,
    good: { 'sixteen-letters!': 'sixteen-letters!' },
    bad: ['fifteen-letters', 'a token with spaces in it', 'a-töken-that-no-header-carries'],
  },
  {
    name: 'CALLCHART_ALLOWED_DESTINATIONS',
    read: ({ allowedDestinations }) => allowedDestinations,
    fallback: [],
    good: PREFIXES,
    bad: ['1', '+', '*', '+1;+2', '+1,44', '+0', '+1234567890123456'],
  },
  {
    name: 'CALLCHART_ALLOWED_SIP_DOMAINS',
    read: ({ allowedSipDomains }) => allowedSipDomains,
    fallback: [],
    good: { 'sip.example.com, *.Example.org': ['sip.example.com', '*.example.org'], pbx: ['pbx'] },
    bad: ['sip:a@example.com', 'example.com:5060', '*', 'a..b', 'exa mple.com', '*.*.com'],
  },
  {
    name: 'CALLCHART_CALLS_PER_SECOND',
    read: ({ callsPerSecond }) => callsPerSecond,
    fallback: 1,
    good: { '1': 1, '0.5': 0.5, '30': 30, '100': 100 },
    bad: ['0', '0.001', '101', '-1', '1e2', 'one', '1,5'],
  },
  { name: 'CALLCHART_DIAL_QUEUE', read: ({ dialQueue }) => dialQueue, fallback: 100, ...whole(0, 100_000) },
  {
    name: 'CALLCHART_MAX_DIALS_PER_HOUR',
    read: ({ maxDialsPerHour }) => maxDialsPerHour,
    fallback: 600,
    ...whole(0, 1_000_000),
  },
  {
    name: 'CALLCHART_MAX_DIALS_PER_NUMBER_PER_HOUR',
    read: ({ maxDialsPerNumberPerHour }) => maxDialsPerNumberPerHour,
    fallback: 30,
    ...whole(0, 1_000_000),
  },
  { name: 'CALLCHART_AGENT', read: ({ agent }) => agent, fallback: 'echo', good: { greeter: 'greeter' }, bad: [] },
  { name: 'CALLCHART_MAX_CALLS', read: ({ maxCalls }) => maxCalls, fallback: 150, ...whole(1, 100_000) },
  {
    name: 'CALLCHART_API_REQUESTS_PER_SECOND',
    read: ({ apiRequestsPerSecond }) => apiRequestsPerSecond,
    fallback: 100,
    ...whole(0, 100_000),
  },
  {
    name: 'CALLCHART_MAX_LATENESS_MS',
    read: ({ maxLatenessMs }) => maxLatenessMs,
    fallback: 100,
    ...whole(0, 60_000),
  },
  {
    name: 'CALLCHART_OVERFLOW',
    read: ({ overflow }) => overflow,
    fallback: 'wait',
    good: { wait: 'wait', 'drop-oldest': 'drop-oldest', 'end-call': 'end-call' },
    bad: ['drop', 'WAIT', 'drop-newest'],
  },
  { name: 'CALLCHART_DRAIN_SECONDS', read: ({ drainSeconds }) => drainSeconds, fallback: 300, ...whole(0, 86_400) },
  {
    name: 'CALLCHART_STREAM_SECONDS',
    read: ({ timers }) => timers.streamSeconds,
    fallback: 15,
    ...whole(1, 600),
  },
  {
    name: 'CALLCHART_SILENCE_SECONDS',
    read: ({ timers }) => timers.silenceSeconds,
    fallback: 7,
    ...whole(1, 3_600),
  },
  { name: 'CALLCHART_IDLE_SECONDS', read: ({ timers }) => timers.idleSeconds, fallback: 0, ...whole(0, 86_400) },
  {
    name: 'CALLCHART_AGENT_SILENCE_SECONDS',
    read: ({ timers }) => timers.agentSilenceSeconds,
    fallback: 0,
    ...whole(0, 86_400),
  },
  {
    name: 'CALLCHART_ORPHANS',
    read: ({ orphans }) => orphans,
    fallback: 'adopt',
    good: { adopt: 'adopt', 'hang-up': 'hang-up' },
    bad: ['Adopt', 'hangup', 'leave'],
  },
  { name: 'CALLCHART_RETENTION_DAYS', read: ({ retentionDays }) => retentionDays, fallback: 30, ...whole(0, 36_500) },
  {
    name: 'CALLCHART_EXPORT_DIR',
    read: ({ exportDir }) => exportDir,
    fallback: undefined,
    good: { '/var/lib/export': '/var/lib/export' },
    bad: [],
  },
  {
    name: 'CALLCHART_RECORD_AUDIO',
    read: ({ recordAudio }) => recordAudio,
    fallback: false,
    good: { off: false, all: true },
    bad: ['on', 'true', 'ALL'],
  },
  {
    name: 'CALLCHART_DATA_DIR',
    read: ({ dataDir }) => dataDir,
    fallback: '.callchart',
    good: { '/var/lib/callchart': '/var/lib/callchart' },
    bad: [],
  },
  {
    name: 'CALLCHART_LOG_LEVEL',
    read: ({ logLevel }) => logLevel,
    fallback: 'info',
    good: { trace: 'trace', silent: 'silent', fatal: 'fatal' },
    bad: ['verbose', 'INFO', '30'],
  },
]

describe.each(ROWS)('$name', ({ name, read, fallback, good }) => {
  it('has its default when it is not set, or blank', () => {
    expect(read(load({}))).toEqual(fallback)
    if (Object.hasOwn(REQUIRED, name)) return
    for (const blank of ['', '  ', '\t\n']) expect(read(load({ [name]: blank }))).toEqual(fallback)
    expect(read(load({ [name]: undefined }))).toEqual(fallback)
  })

  it.each(Object.entries(good))('may be %j', (value, expected) => {
    expect(read(load({ [name]: value }))).toEqual(expected)
  })
})

describe.each(ROWS.filter(({ bad }) => bad.length > 0))('$name', ({ name, bad }) => {
  it('may not be anything else, and is named in the one line that says so', () => {
    const answers = bad.map((value) => ({ value, lines: wrong({ [name]: value }) }))
    const line = expect.stringMatching(new RegExp(`^ {2}${name}: expected \\w`))
    expect(answers).toEqual(bad.map((value) => ({ value, lines: [line] })))
  })
})

describe('TWILIO_API_KEY and TWILIO_API_SECRET', () => {
  it('come together', () => {
    const { twilio } = load({ TWILIO_API_KEY: KEY, TWILIO_API_SECRET: 'the-api-secret' })
    expect(twilio).toMatchObject({ apiKey: KEY, apiSecret: 'the-api-secret' })
    expect(load({}).twilio).toMatchObject({ apiKey: undefined, apiSecret: undefined })
  })

  it('are each named when only the other one is there', () => {
    expect(wrong({ TWILIO_API_KEY: KEY })).toEqual([
      '  TWILIO_API_SECRET is missing: expected together with TWILIO_API_KEY',
    ])
    expect(wrong({ TWILIO_API_SECRET: 'the-api-secret' })).toEqual([
      '  TWILIO_API_KEY is missing: expected together with TWILIO_API_SECRET',
    ])
  })

  it('are refused when the key has another form', () => {
    expect(wrong({ TWILIO_API_KEY: 'SK123', TWILIO_API_SECRET: 'x' })).toEqual([
      '  TWILIO_API_KEY: expected SK and 32 hexadecimal digits',
    ])
  })
})

describe('a configuration', () => {
  it('is tested here for every variable there is', () => {
    const tested = [...ROWS.map(({ name }) => name), 'TWILIO_API_KEY', 'TWILIO_API_SECRET']
    expect(new Set(tested)).toEqual(new Set(VARIABLES))
  })

  it('takes no notice of other variables', () => {
    expect(load({ PATH: '/bin', CALLCHART_TYPO: '1' })).toEqual(load({}))
  })

  it('is refused with every missing variable named at once', () => {
    const lines = complaints({})
    expect(lines).toHaveLength(3)
    for (const name of Object.keys(REQUIRED)) {
      expect(lines.filter((line) => line.startsWith(`  ${name} is missing: expected `))).toHaveLength(1)
    }
  })

  it('counts a blank variable as missing', () => {
    expect(complaints({ ...REQUIRED, PUBLIC_URL: ' ', TWILIO_AUTH_TOKEN: '' })).toHaveLength(2)
  })

  it('is refused with every wrong and every missing variable in the same breath', () => {
    const bad = ROWS.flatMap(({ name, bad: [first] }) => (first === undefined ? [] : [[name, first] as const]))
    const lines = complaints({ ...Object.fromEntries(bad), TWILIO_API_SECRET: 'alone' })
    const named = lines.map((line) => /^ {2}(\w+)/.exec(line)?.[1])
    expect(named).toHaveLength(bad.length + 2)
    expect(new Set(named)).toEqual(new Set([...bad.map(([name]) => name), 'TWILIO_AUTH_TOKEN', 'TWILIO_API_KEY']))
  })

  it('shows what was wrong, so that it can be found', () => {
    expect(wrong({ PORT: 'eighty' })).toEqual(['  PORT: expected a whole number from 0 to 65535, got "eighty"'])
  })

  it('never shows a secret, however wrong it is or wherever it was put', () => {
    const canary = 'canary secret'
    const secrets = VARIABLES.filter((name) => /TOKEN|SECRET|KEY|SID/.test(name))
    expect(secrets).toHaveLength(6)
    const text = complaints(Object.fromEntries(secrets.map((name) => [name, canary]))).join('\n')
    expect(text).toContain('CALLCHART_API_TOKEN')
    expect(text).toContain('TWILIO_API_KEY')
    expect(text).toContain('TWILIO_ACCOUNT_SID')
    expect(text).not.toContain('canary')
    const inUrls = wrong({ PUBLIC_URL: 'https://user:canary@a.example', TWILIO_API_URL: 'ftp://canary@b.example' })
    expect(inUrls).toHaveLength(2)
    expect(inUrls.join('\n')).toContain('a.example')
    expect(inUrls.join('\n')).not.toContain('canary')
  })
})
