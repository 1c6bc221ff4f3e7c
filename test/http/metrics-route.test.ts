import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Router } from '@koa/router'
import Koa from 'koa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { addMetricsRoute } from '../../src/http/metrics-route.ts'
import { parseExposition } from '../telemetry/exposition.ts'
import { openTelemetry } from '../telemetry/telemetry-rig.ts'

async function openMetrics() {
  const { telemetry, admit } = openTelemetry()
  const router = new Router()
  addMetricsRoute(router, telemetry)
  const handle = new Koa().use(router.routes()).callback()
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { admit, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics` }
}

describe('GET /metrics', () => {
  it('answers anybody in Prometheus’s text format, and nobody keeps the answer', async () => {
    const { url, admit } = await openMetrics()
    admit()
    const response = await fetch(url)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const { samples } = parseExposition(await response.text())
    expect(samples.get('callchart_calls_active{direction="inbound"}')).toBe(1)
  })

  it('answers HEAD without a body', async () => {
    const { url } = await openMetrics()
    const response = await fetch(url, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })
})
