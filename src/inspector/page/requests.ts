import { pathOf } from './address.ts'

const UNAUTHORIZED = 401

/** What the server would not do, in its words. */
export class RequestProblem extends Error {
  /** It wants to know again who we are. */
  readonly isSessionOver: boolean

  constructor(message: string, status = 0) {
    super(message)
    this.isSessionOver = status === UNAUTHORIZED
  }
}

const TIMEOUT_MS = 15_000

/** What can be done to a call that goes on. */
export type CallAction = 'hang up' | 'hold' | 'resume' | 'record' | 'stop recording'

const ACTIONS: Readonly<Record<CallAction, { readonly method: string; readonly path: string }>> = {
  'hang up': { method: 'DELETE', path: '' },
  hold: { method: 'POST', path: '/hold' },
  resume: { method: 'DELETE', path: '/hold' },
  record: { method: 'POST', path: '/recording' },
  'stop recording': { method: 'DELETE', path: '/recording' },
}

/** Throws {@link RequestProblem}. */
export async function act(id: string, action: CallAction): Promise<void> {
  const { method, path } = ACTIONS[action]
  await request(pathOf(id) + path, { method })
}

/** Hands the far end over. Throws {@link RequestProblem}. */
export async function transfer(id: string, to: string): Promise<void> {
  await post(`${pathOf(id)}/transfer`, { to })
}

/** The id of the new call. Waits for the carrier's verdict. Throws {@link RequestProblem}. */
export async function placeCall(to: string, agent: string): Promise<string> {
  const response = await post('/inspector/calls', { to, agent })
  const call = (await response.json()) as { readonly id: string }
  return call.id
}

/** Throws {@link RequestProblem}. */
export async function fetchPicture(name: string): Promise<SVGSVGElement> {
  const response = await request(`/inspector/charts/${name}.svg`)
  const { documentElement } = new DOMParser().parseFromString(await response.text(), 'image/svg+xml')
  if (documentElement instanceof SVGSVGElement) return document.importNode(documentElement, true)
  throw new RequestProblem(`expected ${name}.svg to be a picture, got ${documentElement.tagName}`)
}

/** Whether we are still let in. False also when nobody answers. */
export async function isSessionOver(): Promise<boolean> {
  try {
    await request('/inspector/charts/call.svg', { method: 'HEAD', cache: 'no-store' })
    return false
  } catch (problem) {
    return problem instanceof RequestProblem && problem.isSessionOver
  }
}

function post(path: string, body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return request(path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function request(path: string, options: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(TIMEOUT_MS)
  const response = await fetch(path, { ...options, signal }).catch((cause: unknown) => {
    throw new RequestProblem(`expected an answer from the server, got none (${String(cause)})`)
  })
  if (response.ok) return response
  throw new RequestProblem(await problemOf(response), response.status)
}

async function problemOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { readonly detail?: unknown }
  return typeof problem.detail === 'string' ? problem.detail : `the server answered ${response.status}`
}
