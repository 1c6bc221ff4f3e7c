import type { Meters } from '../wire.ts'
import { element, found, setText, svgElement } from './element.ts'
import { shareOfLevel, spanOf } from './figures.ts'

/** Half a minute of pulses. */
const HISTORY = 60
/** Of a bar that has no limit of its own, at its full length. */
const FULL_LEAD_MS = 400

class Level {
  readonly row: HTMLElement
  readonly #figure = element('b')
  readonly #bar = element('i', { class: 'bar level' })
  readonly #line = svgElement('polyline')
  readonly #history: number[] = []

  constructor(name: string) {
    const history = svgElement('svg', {
      class: 'history',
      viewBox: `0 0 ${HISTORY - 1} 1`,
      preserveAspectRatio: 'none',
    })
    history.setAttribute('aria-hidden', 'true')
    history.append(this.#line)
    this.row = element('div', {}, element('span', {}, name), this.#bar, history, this.#figure)
  }

  show(dbfs: number | null): void {
    const share = shareOfLevel(dbfs)
    this.#history.push(share)
    if (this.#history.length > HISTORY) this.#history.shift()
    const first = HISTORY - this.#history.length
    this.#line.setAttribute('points', this.#history.map((each, at) => `${first + at},${1 - each}`).join(' '))
    this.#bar.style.setProperty('--share', String(share))
    setText(this.#figure, dbfs === null ? 'silent' : `${dbfs.toFixed(0)} dBFS`)
  }

  forget(): void {
    this.#history.length = 0
  }
}

class Gauge {
  readonly row: HTMLElement
  readonly #figure = element('b')
  readonly #bar = element('i', { class: 'bar' })

  constructor(name: string, title: string, hasBar: boolean) {
    this.row = element('div', { title }, element('span', {}, name), ...(hasBar ? [this.#bar] : []), this.#figure)
  }

  show(figure: string, share = 0): void {
    setText(this.#figure, figure)
    this.#bar.style.setProperty('--share', String(Math.min(1, Math.max(0, share))))
  }
}

/** A call's media this moment. Nothing is shown that is not live. */
export class MetersView {
  readonly #place = found('#meters')
  readonly #levelIn = new Level('in')
  readonly #levelOut = new Level('out')
  readonly #lead = new Gauge('lead', 'Audio that the carrier holds', true)
  readonly #queue = new Gauge('queue', 'Audio that waits here, of how much at most', true)
  readonly #gap = new Gauge('worst gap', 'The longest pause between two sends', false)
  readonly #roundTrip = new Gauge('round trip', 'Of a ping to the carrier', false)
  readonly #underruns = new Gauge('underruns', 'How often the carrier ran dry while we spoke', false)
  readonly #frames = new Gauge('frames', 'In / out', false)

  constructor() {
    const gauges = [this.#lead, this.#queue, this.#gap, this.#roundTrip, this.#underruns, this.#frames]
    this.#place.append(this.#levelIn.row, this.#levelOut.row, ...gauges.map(({ row }) => row))
    this.show(undefined)
  }

  show(meters: Meters | undefined): void {
    this.#place.hidden = meters === undefined
    if (!meters) return
    const { queueMs, queueLimitMs, leadMs, roundTripMs } = meters
    this.#levelIn.show(meters.levelInDbfs)
    this.#levelOut.show(meters.levelOutDbfs)
    this.#lead.show(spanOf(leadMs), leadMs / FULL_LEAD_MS)
    this.#queue.show(`${spanOf(queueMs)} of ${spanOf(queueLimitMs)}`, queueMs / queueLimitMs)
    this.#gap.show(spanOf(meters.worstSendGapMs))
    this.#roundTrip.show(roundTripMs === null ? 'unknown' : spanOf(roundTripMs))
    this.#underruns.show(String(meters.underruns))
    this.#frames.show(`${meters.framesIn} / ${meters.framesOut}`)
  }

  /** Another call is shown. */
  forget(): void {
    this.#levelIn.forget()
    this.#levelOut.forget()
    this.show(undefined)
  }
}
