import type { Router } from '@koa/router'
import type { Context, Next } from 'koa'
import type { Logger } from '../log.ts'
import { API_DISABLED, type Deed, INSPECTOR_PATH, type Objection, type ViewerSession } from '../viewer-session.ts'
import { readForm, readJson } from './body.ts'
import {
  answerDial,
  answerHangUp,
  answerHold,
  answerRecording,
  answerTransfer,
  idOf,
  requireCall,
} from './calls-routes.ts'
import type { CallsDesk, InspectorDesk } from './desks.ts'
import { HttpProblem } from './problem.ts'
import type { RequestLimits } from './request-limits.ts'

/** What the page is made of, by its path: `index.html`, `login.html`, `assets/FILE` and `charts/FILE`. */
export interface InspectorFiles {
  /** `type` as in `Content-Type`. */
  find(path: string): { readonly type: string; readonly body: Buffer | string } | undefined
}

export interface InspectorRoutesOptions {
  readonly desk: InspectorDesk
  readonly calls: CallsDesk
  readonly session: ViewerSession
  readonly limits?: RequestLimits
  readonly files: InspectorFiles
  readonly logger: Logger
}

const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  // No script but our own, and nobody else's frame: the page shows telephone numbers and can place calls.
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
}

/** For every path of the inspector, those that do not exist among them. */
export function guardInspector(session: ViewerSession) {
  return async (context: Context, next: Next): Promise<void> => {
    // The router takes paths in any case.
    if (!/^\/inspector(?:\/|$)/i.test(context.path)) return next()
    context.set(HEADERS)
    if (!session.isEnabled) throw problemOf(API_DISABLED)
    await next()
  }
}

/** What the inspector's pages ask of us; {@link guardInspector} stands before them. */
export function addInspectorRoutes(router: Router, options: InspectorRoutesOptions): void {
  const { desk, calls, session, files } = options
  const [mayLook, mayAct, mayEnter] = [allow('look', session), allow('act', session), allow('enter', session)]
  const limited = limit(options)

  for (const path of ['', '/node', '/calls/:id']) router.get(at(path), (context) => sendPage(context, options))

  router.get(at('/login'), (context) => redirect(context, INSPECTOR_PATH))
  router.post(at('/login'), mayEnter, readForm, (context) => logIn(context, options))
  router.post(at('/logout'), mayEnter, (context) => {
    context.set('Set-Cookie', session.logOut(context.headers))
    redirect(context, INSPECTOR_PATH)
  })

  // Whoever is to log in shall see how it looks.
  router.get(at('/assets/inspector.css'), (context) => sendFile(context, files, 'assets/inspector.css'))
  router.get(at('/assets/:name'), mayLook, (context) => sendFile(context, files, `assets/${nameOf(context)}`))
  router.get(at('/charts/:name'), mayLook, (context) => sendFile(context, files, `charts/${nameOf(context)}`))

  router.get(at('/calls/:id/recording'), mayLook, limited, async (context) => {
    const id = idOf(context)
    // It becomes the name of a file, here and at the viewer's.
    const text = requireCall(context, /^\w{1,64}$/.test(id) ? await desk.recording(id) : undefined)
    context.type = 'application/x-ndjson'
    context.set('Content-Disposition', `attachment; filename="${id}.jsonl"`)
    context.body = text
  })

  router.post(at('/calls'), mayAct, limited, readJson, answerDial(calls))
  router.delete(at('/calls/:id'), mayAct, limited, answerHangUp(calls))
  router.post(at('/calls/:id/transfer'), mayAct, limited, readJson, answerTransfer(calls))
  router.post(at('/calls/:id/hold'), mayAct, limited, answerHold(calls, 'hold'))
  router.delete(at('/calls/:id/hold'), mayAct, limited, answerHold(calls, 'resume'))
  router.post(at('/calls/:id/recording'), mayAct, limited, readJson, answerRecording(calls, 'start'))
  router.delete(at('/calls/:id/recording'), mayAct, limited, answerRecording(calls, 'stop'))
}

function at(path: string): string {
  return INSPECTOR_PATH + path
}

/** What the API does, too, is limited like the API; the page and what it is made of are no more work than a refusal. */
function limit({ session, limits }: Pick<InspectorRoutesOptions, 'session' | 'limits'>) {
  return async (context: Context, next: Next): Promise<void> => {
    const credential = session.credentialOf(context.headers)
    if (credential !== undefined) limits?.admit(context, credential)
    await next()
  }
}

function allow(deed: Deed, session: ViewerSession) {
  return async (context: Context, next: Next): Promise<void> => {
    const objection = session.objectionTo(deed, context.headers)
    if (objection?.status === 401) context.set('WWW-Authenticate', 'Bearer')
    if (objection !== undefined) throw problemOf(objection)
    await next()
  }
}

function problemOf({ status, code, detail }: Objection): HttpProblem {
  return new HttpProblem(status, code, detail)
}

/** The page itself, or what leads to it. */
function sendPage(context: Context, { session, files }: InspectorRoutesOptions): void {
  if (session.objectionTo('look', context.headers) === undefined) return sendFile(context, files, 'index.html')
  sendLogin(context, files, { status: 401, message: '', next: context.url })
}

function logIn(context: Context, { session, files, logger }: InspectorRoutesOptions): void {
  const form = new URLSearchParams(context.request.rawBody ?? '')
  const next = form.get('next') ?? ''
  // A token that was copied brings a blank along now and then, and has none itself.
  const result = session.logIn((form.get('token') ?? '').trim(), context.headers)
  switch (result.outcome) {
    case 'admitted':
      logger.info('somebody logged in to the inspector')
      context.set('Set-Cookie', result.cookie)
      return redirect(context, toInspectorPath(next))
    case 'refused': {
      logger.warn('inspector login refused: expected the API token, got another')
      const message = "This is not the server's API token, the value of CALLCHART_API_TOKEN."
      return sendLogin(context, files, { status: 401, message, next })
    }
    case 'postponed': {
      const seconds = Math.ceil(result.retryAfterMs / 1_000)
      logger.warn({ seconds }, 'inspector login refused: too many have failed')
      context.set('Retry-After', String(seconds))
      const message = `Too many wrong tokens within a minute. Please try again in ${seconds} s.`
      return sendLogin(context, files, { status: 429, message, next })
    }
  }
}

interface LoginPage {
  readonly status: 401 | 429
  readonly message: string
  /** Where to go afterwards, as the browser says. */
  readonly next: string
}

function sendLogin(context: Context, files: InspectorFiles, { status, message, next }: LoginPage): void {
  sendFile(context, files, 'login.html')
  const values = { message, next: toInspectorPath(next) }
  const text = String(context.body)
  context.status = status
  if (status === 401) context.set('WWW-Authenticate', 'Bearer')
  context.body = text.replaceAll(/\{\{(message|next)\}\}/g, (_, name: keyof typeof values) => escapeHtml(values[name]))
}

function sendFile(context: Context, files: InspectorFiles, path: string): void {
  const file = files.find(path)
  if (file === undefined) {
    throw new HttpProblem(404, 'NOT_FOUND', `expected a file of the inspector, got ${context.method} ${context.path}`)
  }
  context.set('Content-Type', file.type)
  context.body = file.body
}

function redirect(context: Context, location: string): void {
  context.status = 303
  context.set('Location', location)
}

/** Nowhere but to a page of the inspector: what the browser sends back may have been put there by anybody. */
function toInspectorPath(text: string): string {
  const base = 'http://inspector.invalid'
  if (!URL.canParse(text, base)) return INSPECTOR_PATH
  const { origin, pathname, search } = new URL(text, base)
  const isBelow = pathname === INSPECTOR_PATH || pathname.startsWith(`${INSPECTOR_PATH}/`)
  return origin === base && isBelow ? pathname + search : INSPECTOR_PATH
}

function nameOf(context: Context): string {
  return String(context['params'].name)
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
