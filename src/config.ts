import { z } from 'zod'
import { ConfigurationError } from './errors.ts'
import { isLoopback } from './loopback.ts'
import { OVERFLOW_POLICIES, type OverflowPolicy } from './overflow-policy.ts'

/** What the environment says, checked as a whole: a start that is refused names everything that is wrong at once. */
export interface Config {
  readonly port: number
  readonly host: string
  /** The public origin, without a trailing slash: what Twilio was given, and therefore signs. */
  readonly publicUrl: string
  readonly twilio: {
    readonly accountSid: string
    readonly authToken: string
    /** Also accepted for signatures, while tokens are being rotated. */
    readonly secondaryAuthToken: string | undefined
    readonly apiKey: string | undefined
    readonly apiSecret: string | undefined
    /** Default caller id. */
    readonly from: string | undefined
    /** Another REST base than Twilio's. */
    readonly apiUrl: string | undefined
  }
  readonly apiToken: string | undefined
  /** Requests to the API in a second, twice as many at once; 0: as many as come. */
  readonly apiRequestsPerSecond: number
  /** E.164 prefixes that may be dialled; none means nothing may. */
  readonly allowedDestinations: readonly string[]
  /** Domains of SIP addresses that calls may be handed over to; none means none. */
  readonly allowedSipDomains: readonly string[]
  /** Outgoing calls begun in any second; Twilio's own default is one. */
  readonly callsPerSecond: number
  /** Outgoing calls that may wait for their turn. */
  readonly dialQueue: number
  readonly maxDialsPerHour: number
  readonly maxDialsPerNumberPerHour: number
  /** The agent for inbound calls. */
  readonly agent: string
  readonly maxCalls: number
  /** How late the event loop may be before new calls are refused; 0: as late as it will. */
  readonly maxLatenessMs: number
  readonly drainSeconds: number
  readonly timers: {
    /** From the answer to the media stream's start. */
    readonly streamSeconds: number
    /** Without media before the stream counts as lost, counted from when that is noticed. */
    readonly silenceSeconds: number
    /** How long both sides may be quiet; 0: for ever. */
    readonly idleSeconds: number
    /** How long the agent may say nothing; 0: for ever. */
    readonly agentSilenceSeconds: number
  }
  /** What becomes of calls whose process died: they go on with a fresh stream, or are hung up. */
  readonly orphans: 'adopt' | 'hang-up'
  /** What becomes of more speech while too much waits, in calls that do not say otherwise. */
  readonly overflow: OverflowPolicy
  readonly dataDir: string
  /** How long records of calls are kept; 0: for ever. */
  readonly retentionDays: number
  /** Where each call that is over is written to as a line of JSON, too. */
  readonly exportDir: string | undefined
  /** Whether both sides of every call are written to a WAV file in the data folder. */
  readonly recordAudio: boolean
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
const ORIGIN = /^https?:\/\/([^/?#@\s\\]+)\/?$/i

const wholeNumber = (fallback: number, least: number, most: number) => {
  const expected = `a whole number from ${least} to ${most}`
  return z
    .string()
    .regex(/^\d{1,9}$/, expected)
    .transform(Number)
    .refine((value) => value >= least && value <= most, expected)
    .default(fallback)
}

const required = (expected: string) => z.string(`is missing: expected ${expected}`)

/** The text itself is what gets signed, so it must be spelled as it is understood: nothing that a URL parser mends. */
function isPublicOrigin(text: string): boolean {
  const host = ORIGIN.exec(text)?.[1]
  if (host === undefined || !URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  const isAsWritten = host.replace(/:\d+$/, '').toLowerCase() === hostname
  // Underscores in a host are refused by Twilio's status callbacks.
  return isAsWritten && !hostname.includes('_') && (protocol === 'https:' || isLoopback(hostname))
}

/** Without the closing slash, and with a scheme in small letters; the host keeps its case, since it is signed so. */
function toOrigin(text: string): string {
  return text.replace(/^https?/i, (scheme) => scheme.toLowerCase()).replace(/\/$/, '')
}

function isRestBase(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && search === '' && hash === ''
}

const PUBLIC_URL = 'the public https origin, such as https://calls.example.com (http only for a loopback host), no path'

const CALLS_PER_SECOND = 'a number from 0.01 to 100'

const variables = z.object({
  PORT: wholeNumber(8080, 0, 65_535),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: required(PUBLIC_URL).refine(isPublicOrigin, PUBLIC_URL).transform(toOrigin),
  TWILIO_ACCOUNT_SID: required('AC and 32 hexadecimal digits').regex(
    /^AC[0-9a-fA-F]{32}$/,
    'AC and 32 hexadecimal digits',
  ),
  TWILIO_AUTH_TOKEN: required("the account's auth token"),
  TWILIO_AUTH_TOKEN_SECONDARY: z.string().optional(),
  TWILIO_API_KEY: z
    .string()
    .regex(/^SK[0-9a-fA-F]{32}$/, 'SK and 32 hexadecimal digits')
    .optional(),
  TWILIO_API_SECRET: z.string().optional(),
  TWILIO_FROM: z
    .string()
    .regex(/^\+[1-9]\d{1,14}$/, 'an E.164 number such as +15550100000')
    .optional(),
  TWILIO_API_URL: z.string().refine(isRestBase, 'an http(s) URL without a query').optional(),
  CALLCHART_API_TOKEN: z
    .string()
    // What a header can carry.
    .regex(/^[!-~]{16,}$/, 'at least 16 ASCII characters without spaces')
    .optional(),
  CALLCHART_API_REQUESTS_PER_SECOND: wholeNumber(100, 0, 100_000),
  CALLCHART_ALLOWED_DESTINATIONS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((prefix) => prefix.trim() || []))
    .refine(
      (prefixes) => prefixes.every((prefix) => /^\+[1-9]\d{0,14}$/.test(prefix)),
      'comma-separated E.164 prefixes such as +1,+4420',
    ),
  CALLCHART_ALLOWED_SIP_DOMAINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((domain) => domain.trim().toLowerCase() || []))
    .refine(
      (domains) => domains.every((domain) => /^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(domain)),
      'comma-separated domains such as sip.example.com,*.example.org',
    ),
  CALLCHART_CALLS_PER_SECOND: z
    .string()
    .regex(/^\d{1,3}(?:\.\d{1,3})?$/, CALLS_PER_SECOND)
    .transform(Number)
    .refine((rate) => rate >= 0.01 && rate <= 100, CALLS_PER_SECOND)
    .default(1),
  CALLCHART_DIAL_QUEUE: wholeNumber(100, 0, 100_000),
  CALLCHART_MAX_DIALS_PER_HOUR: wholeNumber(600, 0, 1_000_000),
  CALLCHART_MAX_DIALS_PER_NUMBER_PER_HOUR: wholeNumber(30, 0, 1_000_000),
  CALLCHART_AGENT: z.string().default('echo'),
  CALLCHART_MAX_CALLS: wholeNumber(150, 1, 100_000),
  CALLCHART_MAX_LATENESS_MS: wholeNumber(100, 0, 60_000),
  CALLCHART_DRAIN_SECONDS: wholeNumber(300, 0, 86_400),
  CALLCHART_STREAM_SECONDS: wholeNumber(15, 1, 600),
  CALLCHART_SILENCE_SECONDS: wholeNumber(7, 1, 3_600),
  CALLCHART_IDLE_SECONDS: wholeNumber(0, 0, 86_400),
  CALLCHART_AGENT_SILENCE_SECONDS: wholeNumber(0, 0, 86_400),
  CALLCHART_ORPHANS: z.enum(['adopt', 'hang-up'], 'adopt or hang-up').default('adopt'),
  CALLCHART_OVERFLOW: z.enum(OVERFLOW_POLICIES, `one of ${OVERFLOW_POLICIES.join(', ')}`).default('wait'),
  CALLCHART_DATA_DIR: z.string().default('.callchart'),
  CALLCHART_RETENTION_DAYS: wholeNumber(30, 0, 36_500),
  CALLCHART_EXPORT_DIR: z.string().optional(),
  CALLCHART_RECORD_AUDIO: z.enum(['off', 'all'], 'off or all').default('off'),
  CALLCHART_LOG_LEVEL: z.enum(LOG_LEVELS, `one of ${LOG_LEVELS.join(', ')}`).default('info'),
})

/** Names of the variables that are read, as an operator writes them. */
export const VARIABLES: readonly string[] = Object.keys(variables.shape)

const environment = variables.superRefine(
  ({ TWILIO_API_KEY: key, TWILIO_API_SECRET: secret }, context) => {
    if ((key === undefined) === (secret === undefined)) return
    const [missing, given] =
      key === undefined ? ['TWILIO_API_KEY', 'TWILIO_API_SECRET'] : ['TWILIO_API_SECRET', 'TWILIO_API_KEY']
    context.addIssue({ code: 'custom', path: [missing], message: `is missing: expected together with ${given}` })
  },
  // Whatever else is wrong, since everything is to be named at once.
  { when: () => true },
)

/** Values that must never be echoed, however wrong they are: a token may have been put into the wrong variable. */
const SECRET = /TOKEN|SECRET|KEY|SID/
const USER_INFO = /\/\/[^/]*@/

/**
 * Reads the configuration from environment variables; blank ones count as unset.
 * Throws {@link ConfigurationError} `CONFIG_INVALID` with a line for every missing or wrong variable.
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const trimmed = Object.entries(env).map(([name, value]) => [name, value?.trim() || undefined] as const)
  const present: Record<string, string | undefined> = Object.fromEntries(trimmed)
  const parsed = environment.safeParse(present)
  if (parsed.success) return toConfig(parsed.data)
  const lines = parsed.error.issues.map((issue) => {
    const name = String(issue.path[0])
    const got = present[name]
    if (got === undefined) return `  ${name} ${issue.message}`
    const echo = SECRET.test(name) ? '' : `, got ${JSON.stringify(got.replace(USER_INFO, '//...@'))}`
    return `  ${name}: expected ${issue.message}${echo}`
  })
  throw new ConfigurationError('CONFIG_INVALID', `the environment is not complete:\n${lines.join('\n')}`)
}

function toConfig(env: z.infer<typeof environment>): Config {
  return {
    port: env.PORT,
    host: env.HOST,
    publicUrl: env.PUBLIC_URL,
    twilio: {
      accountSid: env.TWILIO_ACCOUNT_SID,
      authToken: env.TWILIO_AUTH_TOKEN,
      secondaryAuthToken: env.TWILIO_AUTH_TOKEN_SECONDARY,
      apiKey: env.TWILIO_API_KEY,
      apiSecret: env.TWILIO_API_SECRET,
      from: env.TWILIO_FROM,
      apiUrl: env.TWILIO_API_URL,
    },
    apiToken: env.CALLCHART_API_TOKEN,
    apiRequestsPerSecond: env.CALLCHART_API_REQUESTS_PER_SECOND,
    allowedDestinations: env.CALLCHART_ALLOWED_DESTINATIONS,
    allowedSipDomains: env.CALLCHART_ALLOWED_SIP_DOMAINS,
    callsPerSecond: env.CALLCHART_CALLS_PER_SECOND,
    dialQueue: env.CALLCHART_DIAL_QUEUE,
    maxDialsPerHour: env.CALLCHART_MAX_DIALS_PER_HOUR,
    maxDialsPerNumberPerHour: env.CALLCHART_MAX_DIALS_PER_NUMBER_PER_HOUR,
    agent: env.CALLCHART_AGENT,
    maxCalls: env.CALLCHART_MAX_CALLS,
    maxLatenessMs: env.CALLCHART_MAX_LATENESS_MS,
    drainSeconds: env.CALLCHART_DRAIN_SECONDS,
    timers: {
      streamSeconds: env.CALLCHART_STREAM_SECONDS,
      silenceSeconds: env.CALLCHART_SILENCE_SECONDS,
      idleSeconds: env.CALLCHART_IDLE_SECONDS,
      agentSilenceSeconds: env.CALLCHART_AGENT_SILENCE_SECONDS,
    },
    orphans: env.CALLCHART_ORPHANS,
    overflow: env.CALLCHART_OVERFLOW,
    dataDir: env.CALLCHART_DATA_DIR,
    retentionDays: env.CALLCHART_RETENTION_DAYS,
    exportDir: env.CALLCHART_EXPORT_DIR,
    recordAudio: env.CALLCHART_RECORD_AUDIO === 'all',
    logLevel: env.CALLCHART_LOG_LEVEL,
  }
}
