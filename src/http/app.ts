import { Router } from '@koa/router'
import Koa from 'koa'
import { addCallbackRoutes, type CallbackRoutesOptions } from './callback-routes.ts'
import { addCallsRoutes, type CallsRoutesOptions } from './calls-routes.ts'
import { addEventsRoute, type EventsRouteOptions } from './events-route.ts'
import { addInspectorRoutes, guardInspector, type InspectorRoutesOptions } from './inspector-routes.ts'
import { addMetricsRoute, type MetricsSource } from './metrics-route.ts'
import { answerProblems } from './problem.ts'
import { addVoiceRoutes, type VoiceRoutesOptions } from './voice-routes.ts'

export interface AppOptions {
  readonly voice: VoiceRoutesOptions
  readonly callbacks?: CallbackRoutesOptions
  readonly calls: CallsRoutesOptions
  readonly events?: EventsRouteOptions
  readonly inspector?: InspectorRoutesOptions
  readonly metrics?: MetricsSource
}

/** The HTTP side, as a Koa application that nobody has started yet. */
export function createApp({ voice, callbacks, calls, events, inspector, metrics }: AppOptions): Koa {
  const router = new Router()
  router.get('/healthz', (context) => {
    context.body = { status: 'alive' }
  })
  router.get('/readyz', (context) => {
    const status = calls.desk.readiness()
    context.status = status === 'ready' ? 200 : 503
    context.body = { status }
  })
  if (metrics) addMetricsRoute(router, metrics)
  addVoiceRoutes(router, voice)
  if (callbacks) addCallbackRoutes(router, callbacks)
  addCallsRoutes(router, calls)
  if (events) addEventsRoute(router, events)
  if (inspector) addInspectorRoutes(router, inspector)

  const app = new Koa()
  // A peer that goes away before it has its answer; without a listener Koa would write to the console.
  app.on('error', (error) => voice.logger.debug({ err: error }, 'an answer could not be sent'))
  app.use(answerProblems(voice.logger))
  if (inspector) app.use(guardInspector(inspector.session))
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}
