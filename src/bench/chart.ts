import type { Capacity } from './capacity.ts'
import { isLowerBound } from './results.ts'

/** Calls a core carries, as bars: one SVG file that needs nothing else. */

const WIDTH = 720
const LABEL = 170
const BAR = 26
const STEP = 44
const TOP = 56
const VALUE_ROOM = 90

const STYLE = [
  'text{font:14px system-ui,sans-serif;fill:#1f2933}',
  '.title{font-weight:600}',
  '.small{font-size:12px;fill:#52606d}',
  '.bar{fill:#9fb3c8}',
  '.ours{fill:#2f6f4f}',
  '@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.small{fill:#9aa5b1}.bar{fill:#627d98}.ours{fill:#57a773}}',
].join('')

/** @param heading when and where it was taken. */
export function drawCapacities(capacities: readonly Capacity[], heading: string): string {
  const most = Math.max(1, ...capacities.map((capacity) => capacity.most))
  const height = TOP + capacities.length * STEP + 16
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Concurrent calls on one core">`,
    `<style>${STYLE}</style>`,
    '<text class="title" x="12" y="24">Concurrent calls on one core, echo within 20 ms and no gap over 40 ms</text>',
    `<text class="small" x="12" y="42">${escape(heading)}</text>`,
    ...capacities.map((capacity, index) => drawBar(capacity, TOP + index * STEP, most)),
    '</svg>',
    '',
  ].join('\n')
}

function drawBar(capacity: Capacity, y: number, full: number): string {
  const { name, most, steady } = capacity
  const width = Math.round(((WIDTH - LABEL - VALUE_ROOM) * most) / full)
  const isOurs = name.startsWith('callchart')
  const value = isLowerBound(capacity) ? `≥ ${most}` : String(most)
  return [
    `<g data-contender="${escape(name)}" data-calls="${most}">`,
    `<text x="12" y="${y + 18}">${escape(name)}</text>`,
    `<rect class="bar${isOurs ? ' ours' : ''}" x="${LABEL}" y="${y}" width="${width}" height="${BAR}" rx="3"/>`,
    `<text x="${LABEL + width + 8}" y="${y + 18}">${value}</text>`,
    `<text class="small" x="${LABEL}" y="${y + BAR + 12}">${Math.round(steady.cpuUsPerFrame)} µs of CPU a frame</text>`,
    '</g>',
  ].join('')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
