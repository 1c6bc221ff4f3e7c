import type { Router } from '@koa/router'

/** Where a scrape's answer comes from. */
export interface MetricsSource {
  readonly contentType: string
  text(): Promise<string>
}

/**
 * `GET /metrics`. It is open, like `/healthz`: scrapers as a rule bring no token, and the answer names nobody, no number
 * and no call. Whoever shows the server to the world and wants it kept in closes the path at the load balancer.
 */
export function addMetricsRoute(router: Router, source: MetricsSource): void {
  router.get('/metrics', async (context) => {
    context.body = await source.text()
    context.set('Content-Type', source.contentType)
    context.set('Cache-Control', 'no-store')
  })
}
