/** Reads the TwiML a server answers with, as far as a carrier needs it to carry a call with a media stream. */

import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { ProtocolError } from '../errors.ts'

export interface StreamNoun {
  readonly url: string
  readonly name?: string
  readonly track?: string
  readonly statusCallback?: string
  readonly statusCallbackMethod: HttpMethod
  readonly parameters: Readonly<Record<string, string>>
}

export type HttpMethod = 'GET' | 'POST'

export type Verb =
  | { readonly verb: 'Connect'; readonly action?: string; readonly method: HttpMethod; readonly stream: StreamNoun }
  | { readonly verb: 'Pause'; readonly ms: number }
  | { readonly verb: 'Reject'; readonly reason: 'rejected' | 'busy' }
  | { readonly verb: 'Hangup' }
  /** A verb or noun this carrier does not execute; the call ends there. */
  | { readonly verb: 'Unknown'; readonly name: string }

interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
}

const PARSER_OPTIONS = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  // Without this, numeric character references such as &#39; stay as they are.
  htmlEntities: true,
} as const

/** The verbs of a document, in order. Throws ProtocolError TWIML_INVALID when it is no XML or has no `<Response>`. */
export function parseTwiml(xml: string): Verb[] {
  const validity = XMLValidator.validate(xml)
  if (validity !== true) throw invalid(`${validity.err.msg} (line ${validity.err.line})`)
  const root = elementsOf(new XMLParser(PARSER_OPTIONS).parse(xml)).find((element) => !element.name.startsWith('?'))
  if (root?.name !== 'Response') throw invalid(`expected the root element <Response>, got <${root?.name ?? ''}>`)
  return root.children.map(toVerb)
}

function toVerb(element: Element): Verb {
  const { name, attributes } = element
  switch (name) {
    case 'Connect':
      return toConnect(element)
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
  if (noun?.name !== 'Stream') return { verb: 'Unknown', name: `Connect/${noun?.name ?? ''}` }
  const { action } = element.attributes
  const method = toMethod(element.attributes['method'])
  return { verb: 'Connect', ...(action === undefined ? {} : { action }), method, stream: toStream(noun) }
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

function toMethod(value: string | undefined): HttpMethod {
  return value?.toUpperCase() === 'GET' ? 'GET' : 'POST'
}

/** From the parser's ordered form: one object per node, its name a key beside `:@` with the attributes. */
function elementsOf(nodes: unknown): Element[] {
  if (!Array.isArray(nodes)) return []
  return nodes.filter(isObject).flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text')
    if (name === undefined) return []
    return [{ name, attributes: attributesOf(node[':@']), children: elementsOf(node[name]) }]
  })
}

function attributesOf(attributes: unknown): Record<string, string> {
  if (!isObject(attributes)) return {}
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function invalid(complaint: string): ProtocolError {
  return new ProtocolError('TWIML_INVALID', `expected a TwiML document, got ${complaint}`)
}
