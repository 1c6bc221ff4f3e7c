/** Building what a page is made of. Text goes in as text: nothing here reads markup. */

type Attributes = Readonly<Record<string, string>>

export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  return furnish(document.createElement(tag), attributes, children)
}

export function svgElement<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[Tag] {
  return furnish(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

function furnish<Kind extends Element>(
  thing: Kind,
  attributes: Attributes,
  children: readonly (Node | string)[],
): Kind {
  for (const [name, value] of Object.entries(attributes)) thing.setAttribute(name, value)
  thing.append(...children)
  return thing
}

/** The one that the page must have. */
export function found(selector: string): HTMLElement
export function found<Kind extends HTMLElement>(selector: string, kind: new () => Kind): Kind
export function found(selector: string, kind: new () => HTMLElement = HTMLElement): HTMLElement {
  const thing = document.querySelector(selector)
  if (thing instanceof kind) return thing
  throw new Error(`expected a ${kind.name} at ${selector}, got ${thing?.tagName ?? 'nothing'}`)
}

/** Only what has changed is written: a page is read by others than eyes. */
export function setText(thing: Element, text: string): void {
  if (thing.textContent !== text) thing.textContent = text
}

/** A state as a coloured word. */
export function badge(state: string): HTMLElement {
  return element('span', { class: 'badge', 'data-state': state }, state)
}
