/** A TwiML document as elements, before anybody has asked what they mean. */

import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { messageOf, ProtocolError } from '../errors.ts'

export type HttpMethod = 'GET' | 'POST'

export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  /** What stands between the tags, without the space around it. */
  readonly text: string
  readonly children: readonly Element[]
}

const LONGEST_COMPLAINT = 200

const PARSER_OPTIONS = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  // Space at the ends of an attribute belongs to it.
  trimValues: false,
  // Without this, numeric character references such as &#39; stay as they are.
  htmlEntities: true,
} as const

/** What `<Response>` holds, in order. Throws ProtocolError TWIML_INVALID when it is no XML or has no `<Response>`. */
export function readResponse(xml: string): readonly Element[] {
  const validity = XMLValidator.validate(xml)
  if (validity !== true) throw invalid(`${validity.err.msg} (line ${validity.err.line})`)
  const root = elementsOf(parse(xml)).find((element) => !element.name.startsWith('?'))
  if (root?.name !== 'Response') throw invalid(`expected the root element <Response>, got <${root?.name ?? ''}>`)
  return root.children
}

/** The parser refuses what its validator lets by, such as a declaration without an end. */
function parse(xml: string): unknown {
  try {
    return new XMLParser(PARSER_OPTIONS).parse(xml)
  } catch (error) {
    throw invalid(messageOf(error))
  }
}

export function toMethod(value: string | undefined): HttpMethod {
  return value?.toUpperCase() === 'GET' ? 'GET' : 'POST'
}

/** From the parser's ordered form: one object per node, its name a key beside `:@` with the attributes. */
function elementsOf(nodes: unknown): Element[] {
  return objectsIn(nodes).flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text')
    if (name === undefined) return []
    const children = elementsOf(node[name])
    return [{ name, attributes: attributesOf(node[':@']), text: textOf(node[name]), children }]
  })
}

function textOf(nodes: unknown): string {
  const texts = objectsIn(nodes).map((node) => node['#text'] ?? '')
  return texts.map(String).join('').trim()
}

function attributesOf(attributes: unknown): Record<string, string> {
  if (!isObject(attributes)) return {}
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]))
}

function objectsIn(nodes: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(nodes) ? nodes.filter(isObject) : []
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** A complaint of the parser's may quote the whole document. */
function invalid(complaint: string): ProtocolError {
  return new ProtocolError('TWIML_INVALID', `expected a TwiML document, got ${complaint.slice(0, LONGEST_COMPLAINT)}`)
}
