import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import { addCallsRoutes, type CallsRoutesOptions } from './calls-routes.ts'
import { answerProblems } from './problem.ts'
import { addVoiceRoutes, type VoiceRoutesOptions } from './voice-routes.ts'

/** Every documented body is a few hundred bytes. */
const BODY_LIMIT = '64kb'

export interface AppOptions {
  readonly voice: VoiceRoutesOptions
  readonly calls: CallsRoutesOptions
}

/** The HTTP side, as a Koa application that nobody has started yet. */
export function createApp({ voice, calls }: AppOptions): Koa {
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

  const app = new Koa()
  app.use(answerProblems(voice.logger))
  app.use(bodyParser({ enableTypes: ['json', 'form'], formLimit: BODY_LIMIT, jsonLimit: BODY_LIMIT }))
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}
