import type { CallRow, InspectorMessage, Pulse } from '../wire.ts'
import { ActivityView } from './activity-view.ts'
import { NODE_ADDRESS, pathOf, watchedOf } from './address.ts'
import { CallActions } from './call-actions.ts'
import { CallHead } from './call-head.ts'
import { filterCalls, isLive } from './call-filter.ts'
import { CallsList } from './calls-list.ts'
import { ChartTabs } from './chart-tabs.ts'
import { ChartView } from './chart-view.ts'
import { Connection, type ConnectionState } from './connection.ts'
import { DialDialog } from './dial-dialog.ts'
import { found, setText } from './element.ts'
import { Film } from './film.ts'
import { MessageBar } from './message-bar.ts'
import { MetersView } from './meters-view.ts'
import { Moment } from './moment.ts'
import { type Move, Projector } from './projector.ts'
import { acceptRecordings } from './recording-file.ts'
import { fetchPicture, isSessionOver } from './requests.ts'
import { SequenceView } from './sequence-view.ts'
import { listenForKeys } from './shortcuts.ts'
import { TimeTravel } from './time-travel.ts'
import { Viewport } from './viewport.ts'

/** Countdowns show tenths of a second. */
const TICK_MS = 100
const TICKS_A_SECOND = 10
const CHARTS_OF_NODE = ['switchboard'] as const
const CHARTS_OF_CALL = ['call', 'carrier-command', 'transfer', 'carrier-recording'] as const
const STANDING: Move = { passed: [], isNewFilm: false }

/** The page: what comes from the server goes into the film, and every view shows the film's present moment. */
export class InspectorPage {
  readonly #root = document.documentElement
  readonly #calls = new Map<string, CallRow>()
  readonly #projector = new Projector((move) => this.#show(move))
  readonly #moment = new Moment(this.#projector)
  readonly #message = new MessageBar()
  readonly #list = new CallsList((watched) => this.#go(watched))
  readonly #head = new CallHead()
  readonly #actions = new CallActions((problem) => this.#message.tell(problem))
  readonly #tabs = new ChartTabs(() => this.#showChart())
  readonly #viewport = new Viewport(found('#chart'), found('#map'), () => this.#showZoom())
  readonly #chart = new ChartView(this.#viewport, fetchPicture)
  readonly #activity = new ActivityView()
  readonly #meters = new MetersView()
  readonly #sequence = new SequenceView(this.#projector)
  readonly #time = new TimeTravel(this.#projector)
  readonly #dial = new DialDialog(
    (id) => this.#go(id),
    (problem) => this.#message.tell(problem),
  )
  readonly #connection: Connection
  #watched = watchedOf(location.pathname)
  /** Nobody has chosen anything yet: the first live call is as good as any. */
  #isUndecided = this.#watched === null
  /** The next list of calls is the whole list. */
  #isListNew = true
  #ticks = 0

  constructor() {
    this.#connection = new Connection({
      open: () => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/inspector/socket`),
      onMessage: (message) => this.#receive(message),
      onState: (state, why) => this.#showConnection(state, why),
      onRefused: () => void this.#askIfOver(),
    })
  }

  start(): void {
    this.#listen()
    this.#watch(this.#watched)
    setInterval(() => this.#tick(), TICK_MS)
  }

  #listen(): void {
    window.addEventListener('popstate', () => this.#watch(watchedOf(location.pathname)))
    acceptRecordings(
      (film) => this.#open(film),
      (problem) => this.#message.say(problem),
    )
    onClick('#close-recording', () => this.#watch(this.#watched))
    onClick('#copy-link', () => void this.#copyLink())
    onClick('#follow', () => this.#follow(!this.#viewport.isFollowing))
    onClick('#zoom-in', () => this.#viewport.zoomBy(1))
    onClick('#zoom-out', () => this.#viewport.zoomBy(-1))
    onClick('#zoom-fit', () => this.#viewport.zoomToFit())
    onClick('#zoom-reset', () => this.#viewport.zoomToRead())
    for (const part of ['calls', 'chart', 'sequence']) onClick(`[data-show=${part}]`, () => this.#turnTo(part))
    listenForKeys({
      j: () => this.#list.step(1),
      k: () => this.#list.step(-1),
      l: () => this.#projector.goLive(),
      f: () => this.#follow(!this.#viewport.isFollowing),
      ' ': () => this.#time.toggle(),
      '/': () => this.#list.focusSearch(),
      '+': () => this.#viewport.zoomBy(1),
      '-': () => this.#viewport.zoomBy(-1),
      0: () => this.#viewport.zoomToRead(),
      ArrowLeft: () => this.#projector.step(-1),
      ArrowRight: () => this.#projector.step(1),
    })
    this.#turnTo(this.#watched === null ? 'calls' : 'chart')
  }

  #receive(message: InspectorMessage): void {
    switch (message.type) {
      case 'welcome':
        return this.#dial.offer(message.agents, message.agent)
      case 'calls':
        return this.#noteCalls(message.calls, message.gone)
      case 'node':
        this.#moment.noteNode(message.node)
        return this.#list.showNode(message.node)
      default:
        // What was watched before may still have been on its way.
        if (message.watched === this.#watched && this.#projector.film?.file === undefined) this.#look(message)
    }
  }

  #look(message: Extract<InspectorMessage, { watched: string }>): void {
    switch (message.type) {
      case 'film':
        return this.#projector.load(new Film(message))
      case 'lines':
        this.#moment.noteLines()
        return this.#projector.add(message.lines)
      case 'pulse':
        return this.#notePulse(message.pulse)
      case 'unknown':
        this.#projector.load(undefined)
        return this.#message.say(message.detail)
    }
  }

  #noteCalls(calls: readonly CallRow[], gone: readonly string[]): void {
    if (this.#isListNew) this.#calls.clear()
    this.#isListNew = false
    for (const call of calls) this.#calls.set(call.id, call)
    for (const id of gone) this.#calls.delete(id)
    this.#list.show(this.#calls)
    const [newest] = filterCalls(this.#calls.values(), { state: 'live', text: '' })
    if (this.#isUndecided && newest) {
      history.replaceState(null, '', pathOf(newest.id))
      this.#watch(newest.id)
    } else this.#showHead()
  }

  #notePulse(pulse: Pulse): void {
    this.#moment.notePulse(pulse)
    if (this.#projector.isLive) this.#meters.show(pulse.meters)
    this.#showState()
  }

  /** Somebody has chosen. */
  #go(watched: string): void {
    if (watched !== this.#watched) history.pushState(null, '', pathOf(watched))
    this.#watch(watched)
    if (this.#root.dataset.pane === 'calls') this.#turnTo('chart')
  }

  #watch(watched: string | null): void {
    const isSame = watched === this.#watched && this.#projector.film !== undefined
    if (isSame && this.#projector.film?.file === undefined) return
    this.#watched = watched
    this.#isUndecided &&= watched === null
    this.#message.clear()
    this.#connection.watch(watched)
    this.#begin(undefined)
    this.#list.select(watched)
  }

  /** A film from a file: the server is not asked, and what it says is not shown. */
  #open(film: Film): void {
    this.#isUndecided = false
    this.#message.clear()
    this.#connection.watch(null)
    this.#list.select(null)
    this.#begin(film)
    this.#turnTo('chart')
  }

  #begin(film: Film | undefined): void {
    this.#moment.forgetPulse()
    this.#meters.forget()
    const isNode = film === undefined && this.#watched === NODE_ADDRESS
    this.#root.dataset.shows = film || this.#watched !== null ? 'something' : 'nothing'
    this.#tabs.offer(...(isNode ? CHARTS_OF_NODE : CHARTS_OF_CALL))
    this.#projector.load(film)
    this.#showChart()
  }

  #show(move: Move): void {
    const { isLive: isNow } = this.#projector
    if (!isNow || move.isNewFilm) this.#chart.dim()
    if (move.isNewFilm) this.#showHead()
    for (const taken of this.#moment.taken(this.#tabs.chosen, move)) this.#chart.flash(taken, isNow)
    if (!this.#moment.pulse) this.#meters.show(undefined)
    this.#showState()
    this.#sequence.update(move.isNewFilm)
    this.#time.update()
    this.#tick()
  }

  #showState(): void {
    const { state, children } = this.#moment
    this.#head.showState(state)
    this.#actions.showState(this.#projector.isLive ? state : undefined)
    this.#activity.showChildren(children)
    this.#chart.do(this.#moment.doing(this.#tabs.chosen))
  }

  #showHead(): void {
    const { film } = this.#projector
    const row = film?.file === undefined ? this.#calls.get(this.#watched ?? '') : undefined
    this.#head.show(film?.file === undefined ? this.#watched : film.watched, film, row)
    this.#actions.offer(row !== undefined && isLive(row) ? row.id : undefined)
  }

  #showChart(): void {
    const { film, cursor, isLive: isNow } = this.#projector
    this.#chart.show(this.#tabs.chosen).then(
      () => {
        this.#showState()
        const line = isNow ? undefined : film?.lines[cursor]
        const move = line ? { ...STANDING, passed: [line] } : STANDING
        for (const taken of this.#moment.taken(this.#tabs.chosen, move)) this.#chart.flash(taken, false)
      },
      (problem: unknown) => this.#message.tell(problem),
    )
  }

  #showConnection(state: ConnectionState, why?: string): void {
    if (state === 'open') this.#isListNew = true
    else {
      this.#moment.forgetPulse()
      this.#meters.show(undefined)
    }
    const place = found('#connection')
    place.dataset.state = state
    this.#root.dataset.connection = state
    setText(place, state === 'open' ? 'connected' : why ? `${state}: ${why}` : `${state}…`)
  }

  #showZoom(): void {
    setText(found('#zoom-reset'), `${Math.round(this.#viewport.zoom * 100)}%`)
    found('#follow').setAttribute('aria-pressed', String(this.#viewport.isFollowing))
  }

  #tick(): void {
    const { timers } = this.#moment
    this.#chart.count(timers)
    this.#activity.showTimers(timers)
    this.#time.tick()
    this.#root.dataset.stale = String(this.#moment.isStale)
    this.#ticks += 1
    if (this.#ticks % TICKS_A_SECOND !== 0 || this.#root.dataset.connection !== 'open') return
    this.#list.tick()
    this.#showHead()
    if (!this.#moment.pulse) this.#meters.show(undefined)
  }

  #turnTo(part: string): void {
    this.#root.dataset.pane = part
    for (const button of document.querySelectorAll<HTMLElement>('[data-show]')) {
      button.setAttribute('aria-pressed', String(button.dataset.show === part))
    }
    // Nothing can be measured while it is hidden.
    this.#chart.follow()
  }

  #follow(isFollowing: boolean): void {
    this.#viewport.isFollowing = isFollowing
    this.#chart.follow()
  }

  async #copyLink(): Promise<void> {
    const link = new URL(pathOf(this.#watched), location.href).href
    const button = found('#copy-link', HTMLButtonElement)
    try {
      await navigator.clipboard.writeText(link)
      setText(button, 'Copied')
      setTimeout(() => setText(button, 'Link'), 1_500)
    } catch {
      this.#message.say(`The browser does not let the link be copied from here: ${link}`)
    }
  }

  async #askIfOver(): Promise<void> {
    if (await isSessionOver()) this.#message.sayOver()
  }
}

function onClick(selector: string, act: () => void): void {
  found(selector).addEventListener('click', act)
}
