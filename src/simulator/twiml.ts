/** Reads the TwiML a server answers with, as far as a carrier needs it to carry a call with a media stream. */

import { type DialVerb, toDial } from './twiml-dial.ts'
import { type Element, type HttpMethod, readResponse, toMethod } from './twiml-element.ts'

export interface StreamNoun {
  readonly url: string
  readonly name?: string
  readonly track?: string
  readonly statusCallback?: string
  readonly statusCallbackMethod: HttpMethod
  readonly parameters: Readonly<Record<string, string>>
}

export type Verb =
  | { readonly verb: 'Connect'; readonly action?: string; readonly method: HttpMethod; readonly stream: StreamNoun }
  | DialVerb
  | { readonly verb: 'Pause'; readonly ms: number }
  | { readonly verb: 'Reject'; readonly reason: 'rejected' | 'busy' }
  | { readonly verb: 'Hangup' }
  /** A verb or noun this carrier does not execute; the call ends there. */
  | { readonly verb: 'Unknown'; readonly name: string }

/** The verbs of a document, in order. Throws ProtocolError TWIML_INVALID when it is no XML or has no `<Response>`. */
export function parseTwiml(xml: string): Verb[] {
  return readResponse(xml).map(toVerb)
}

function toVerb(element: Element): Verb {
  const { name, attributes } = element
  switch (name) {
    case 'Connect':
      return toConnect(element)
    case 'Dial':
      return toDial(element) ?? unknown(element)
    case 'Pause':
      return { verb: 'Pause', ms: 1_000 * toSeconds(attributes['length']) }
    case 'Reject':
      return { verb: 'Reject', reason: attributes['reason'] === 'busy' ? 'busy' : 'rejected' }
    case 'Hangup':
      return { verb: 'Hangup' }
    default:
      return { verb: 'Unknown', name }
  }
}

function toConnect(element: Element): Verb {
  const [noun] = element.children
  if (noun?.name !== 'Stream') return unknown(element)
  const { action } = element.attributes
  const method = toMethod(element.attributes['method'])
  return { verb: 'Connect', ...(action === undefined ? {} : { action }), method, stream: toStream(noun) }
}

/** A known verb with nouns that are not. */
function unknown({ name, children }: Element): Verb {
  return { verb: 'Unknown', name: `${name}/${children.map((noun) => noun.name).join('+')}` }
}

function toStream({ attributes, children }: Element): StreamNoun {
  const { name, track, statusCallback } = attributes
  const pairs = children
    .filter((child) => child.name === 'Parameter')
    .map((child) => [child.attributes['name'] ?? '', child.attributes['value'] ?? ''] as const)
  return {
    url: attributes['url'] ?? '',
    ...(name === undefined ? {} : { name }),
    ...(track === undefined ? {} : { track }),
    ...(statusCallback === undefined ? {} : { statusCallback }),
    statusCallbackMethod: toMethod(attributes['statusCallbackMethod']),
    parameters: Object.fromEntries(pairs),
  }
}

/** A pause without a usable length lasts one second: https://www.twilio.com/docs/voice/twiml/pause */
function toSeconds(value: string | undefined): number {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : 1
}
