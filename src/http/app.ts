import { Router } from '@koa/router'
import Koa from 'koa'
import { addCallsRoutes, type CallsRoutesOptions } from './calls-routes.ts'
import { addInspectorRoutes, guardInspector, type InspectorRoutesOptions } from './inspector-routes.ts'
import { answerProblems } from './problem.ts'
import { addVoiceRoutes, type VoiceRoutesOptions } from './voice-routes.ts'

export interface AppOptions {
  readonly voice: VoiceRoutesOptions
  readonly calls: CallsRoutesOptions
  readonly inspector?: InspectorRoutesOptions
}

/** The HTTP side, as a Koa application that nobody has started yet. */
export function createApp({ voice, calls, inspector }: AppOptions): Koa {
  const router = new Router()
  router.get('/healthz', (context) => {
    context.body = { status: 'alive' }
  })
  router.get('/readyz', (context) => {
    const status = calls.desk.readiness()
    context.status = status === 'ready' ? 200 : 503
    context.body = { status }
  })
  addVoiceRoutes(router, voice)
  addCallsRoutes(router, calls)
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
