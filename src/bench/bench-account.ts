/** The account that the bench's carrier and servers have in common. The public URL is signed, and leads nowhere. */
export const BENCH_ACCOUNT = {
  publicUrl: 'https://calls.example.com',
  accountSid: `AC${'b'.repeat(32)}`,
  authToken: 'bench-auth-token',
} as const

/** For whoever looks at the inspector. */
export const BENCH_API_TOKEN = 'bench-api-token-of-32-characters'

/** More than any core carries. */
export const BENCH_MAX_CALLS = 20_000

/** The environment a server of ours is configured by. */
export function benchEnvironment(agent: string): Record<string, string> {
  return {
    PORT: '0',
    PUBLIC_URL: BENCH_ACCOUNT.publicUrl,
    TWILIO_ACCOUNT_SID: BENCH_ACCOUNT.accountSid,
    TWILIO_AUTH_TOKEN: BENCH_ACCOUNT.authToken,
    CALLCHART_API_TOKEN: BENCH_API_TOKEN,
    CALLCHART_AGENT: agent,
    CALLCHART_MAX_CALLS: String(BENCH_MAX_CALLS),
    // How much is too much is what is to be found out.
    CALLCHART_MAX_LATENESS_MS: '0',
  }
}
