import type { Capacity } from './capacity.ts'
import type { Check } from './checks.ts'
import type { Growth } from './growth.ts'
import { driftOf, type LongRun } from './long-run.ts'
import type { Machine } from './machine.ts'
import { type Column, figure, figures, markdownTable } from './markdown.ts'
import { checkAll, isLowerBound, type Results } from './results.ts'
import type { Window } from './session.ts'
import type { SettingUp } from './set-ups.ts'
import { medianOfTurns, type Viewing } from './viewing.ts'

/** What one run found, in Markdown: for the terminal and for the file. */

const KB = 1024
const MB = KB * KB

export function writeReport(results: Results): string {
  const { capacities, absent, audio, stages, growth, viewing, settingUp, longRun } = results
  return [
    `# Benchmark\n\n${machineLines(results.machine)}`,
    ...(capacities.length === 0 ? [] : [`## Calls a core carries\n\n${capacityText(capacities)}`]),
    ...absent.map(({ name, why }) => `Not measured: ${name}, ${why}.`),
    ...(audio
      ? [`## One frame's audio, as a multiple of JSON.parse + JSON.stringify\n\n${ratioTable(audio.rows)}`]
      : []),
    ...(stages
      ? [`## What each step costs, as a multiple of JSON.parse + JSON.stringify\n\n${stageTable(stages)}`]
      : []),
    ...(growth ? [`## Growth\n\n${growthText(growth)}`] : []),
    ...(viewing ? [`## Somebody looks\n\n${viewingText(viewing)}`] : []),
    ...(settingUp ? [`## Setting calls up\n\n${settingUpText(settingUp)}`] : []),
    ...(longRun ? [`## A long run\n\n${longText(longRun)}`] : []),
    `## Targets\n\n${checkTable(checkAll(results))}`,
  ].join('\n\n')
}

function machineLines({ date, cpu, cores, memoryGb, system, pinning, versions }: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    `- ${date}; ${cpu}, ${cores} cores, ${memoryGb} GB; ${system}`,
    `- ${pinning}`,
    `- ${programs.join(', ')}`,
    '- Absolute figures of a shared machine are worth little; ratios within this run are what counts.',
  ].join('\n')
}

const CAPACITY: readonly Column<Capacity>[] = [
  ['contender', ({ name }) => name],
  ['calls', (capacity) => (isLowerBound(capacity) ? `>= ${capacity.most}` : String(capacity.most))],
  ['then', ({ limit }) => limit ?? '-'],
  ['CPU us/frame', ({ steady }) => figure(steady.cpuUsPerFrame)],
  ['kB/call', ({ rssPerCall }) => figure(rssPerCall / KB)],
  ['heap kB/call', ({ heapPerCall }) => figure(heapPerCall / KB)],
  ['echo ms', ({ steady: { load } }) => figures(load.echoMs.count, load.echoMs.p50, load.echoMs.p99, load.echoMs.p999)],
  ['heard ms', ({ steady: { load } }) => figures(load.heardMs.count, load.heardMs.p50, load.heardMs.p99)],
  ['send late ms', ({ steady: { server } }) => lateness(server.latenessMs)],
  ['barge-in ms', ({ steady: { load } }) => figures(load.bargeInMs.count, load.bargeInMs.p50, load.bargeInMs.p99)],
  [
    'first audio ms',
    ({ steady: { load } }) => figures(load.firstAudioMs.count, load.firstAudioMs.p50, load.firstAudioMs.p99),
  ],
  ['set-ups/s', ({ setUp }) => figure(setUp.perSecond)],
  ['CPU ms/set-up', ({ setUp }) => figure(setUp.cpuMs)],
  ['generator CPU', ({ steady: { load } }) => figure(load.ownCpu)],
  ['deprived', ({ steady: { deprived } }) => figure(deprived)],
]

function lateness(late: Capacity['steady']['server']['latenessMs']): string {
  return figures(late?.count, late?.p50, late?.p99, late?.p999)
}

function capacityText(capacities: readonly Capacity[]): string {
  return [
    markdownTable(CAPACITY, capacities),
    '',
    ...capacities.map(({ name, what }) => `- ${name}: ${what}`),
    '- calls: the most at once, each 50 messages a second in and as much audio out, with p99 echo latency at most 20 ms above',
    '  what the design waits for on purpose (20 ms where a timer paces each call, else 0) and no gap of over 40 ms at a',
    '  caller; where nothing is echoed, the pong to a ping stands for the echo. `then`: what gave way just above.',
    '  A try that fails is made twice more, as long as there is time. `>=`: there may be more, but the load generator, the',
    '  machine or the time gave out first.',
    '- everything else at 70 % of those calls, in the middle one of three windows; quantiles are p50 / p99 (/ p99.9).',
    '- echo: from sending a frame with a 2 kHz tone in it to the arrival of the message that brings the tone back;',
    '  heard: to the moment at which the caller begins to hear it. barge-in: from sending a digit to the arrival of the',
    "  clear by which the agent answers it. first audio: from sending `start` to the first audio's arrival.",
    '- set-ups: webhook (where there is one), upgrade, start, first audio, stop; 32 at a time, while 8 calls stand.',
    '- frame: 20 ms in and 20 ms out. CPU is that of all threads of the server, as the system counts it. generator CPU: of',
    '  a core, by the load generator. deprived: for what share of the time the server was ready and its core was taken by',
    '  somebody else; past some hundredths the row says more about the machine than about the server.',
  ].join('\n')
}

function ratioTable(rows: readonly { readonly name: string; readonly ratio: number }[]): string {
  return markdownTable(
    [
      ['way', ({ name }) => name.trim()],
      ['ratio', ({ ratio }) => figure(ratio)],
    ],
    rows,
  )
}

function stageTable(stages: NonNullable<Results['stages']>): string {
  return markdownTable(
    [
      ['step', ({ name }) => name],
      ['plain', ({ plain }) => figure(plain)],
      ['here', ({ ours }) => figure(ours)],
      ['floor', ({ floor }) => figure(floor)],
    ],
    stages,
  )
}

const PERCENT = 100

function share(value: number): string {
  return `${(value * PERCENT).toFixed(1)} %`
}

function growthText({ steps, planes, allocatedPerFrame }: Growth): string {
  return [
    markdownTable(
      [
        ['calls', ({ calls }) => String(calls)],
        ['CPU of a core', ({ cpuShare }) => share(cpuShare)],
        ['CPU us/frame', ({ cpuUsPerFrame }) => figure(cpuUsPerFrame)],
        ['echo ms', ({ load }) => figures(load.echoMs.count, load.echoMs.p50, load.echoMs.p99, load.echoMs.p999)],
        ['send late ms', ({ server }) => lateness(server.latenessMs)],
        ['GC ms', ({ server }) => figures(1, server.gcMs, server.worstGcMs)],
        ['deprived', ({ deprived }) => figure(deprived)],
      ],
      steps,
    ),
    '',
    `At ${planes.calls} calls the busy time goes to: control plane ${share(planes.control)}, media plane ${share(planes.media)},`,
    `sockets and timers of Node ${share(planes.rest)}, collector ${share(planes.gc)}. A frame, in and out, takes`,
    `${figure(allocatedPerFrame)} bytes of JavaScript's heap in the whole server.`,
  ].join('\n')
}

const VIEWING: readonly (readonly [name: string, figureOf: (window: Window) => number | undefined])[] = [
  ['send late p50, ms', ({ server }) => server.latenessMs?.p50],
  ['send late p99, ms', ({ server }) => server.latenessMs?.p99],
  ['send late p99.9, ms', ({ server }) => server.latenessMs?.p999],
  ['echo p50, ms', ({ load }) => load.echoMs.p50],
  ['echo p99, ms', ({ load }) => load.echoMs.p99],
  ['gaps', ({ load }) => load.gaps],
  ['CPU us/frame', ({ cpuUsPerFrame }) => cpuUsPerFrame],
  ['worst GC ms', ({ server }) => server.worstGcMs],
  ['deprived', ({ deprived }) => deprived],
]

function viewingText(viewing: Viewing): string {
  const rows = VIEWING.map(([name, figureOf]) => {
    const of = (window: Window) => figureOf(window) ?? Number.NaN
    return {
      name,
      alone: medianOfTurns(viewing, ({ alone }) => of(alone)),
      watched: medianOfTurns(viewing, ({ watched }) => of(watched)),
      more: medianOfTurns(viewing, ({ alone, watched }) => of(watched) - of(alone)),
    }
  })
  return [
    markdownTable(
      [
        [`${viewing.calls} calls`, ({ name }) => name],
        ['nobody looks', ({ alone }) => figure(alone)],
        ['somebody does', ({ watched }) => figure(watched)],
        ['more', ({ more }) => figure(more)],
      ],
      rows,
    ),
    '',
    `Medians of ${viewing.turns.length} turns, each of a window with somebody at the inspector, watching one call, and one with nobody;`,
    '`more` is the median of what they differ by within a turn. Whoever looks got',
    `${figure(medianOfTurns(viewing, ({ seen }) => seen.messages))} messages, ${figure(medianOfTurns(viewing, ({ seen }) => seen.bytes / KB))} kB, in a window.`,
  ].join('\n')
}

function settingUpText(all: readonly SettingUp[]): string {
  return [
    markdownTable(
      [
        ['contender', ({ name }) => name],
        ['CPU ms/set-up at first', ({ first }) => figure(first.cpuMs)],
        ['later', ({ later }) => figure(later.cpuMs)],
        ['set-ups/s', ({ later }) => figure(later.perSecond)],
        ['heap kB/call', ({ heapPerCall }) => figure(heapPerCall / KB)],
      ],
      all,
    ),
    '',
    'Webhook (where there is one), upgrade, start, first audio, stop; 32 at a time, while 8 calls stand, whose cost is taken',
    'off. At first: in the first round of a process, which compiles as it goes. Later: the median of the other rounds.',
  ].join('\n')
}

function longText(longRun: LongRun): string {
  const { memory, latenessMs, worstGcMs } = driftOf(longRun.steps)
  return [
    `${longRun.calls} calls.`,
    '',
    markdownTable(
      [
        ['at s', ({ atMs }) => figure(atMs / 1_000)],
        ['RSS MB', ({ server }) => figure(server.rssBytes / MB)],
        ['heap MB', ({ server }) => figure(server.heapBytes && server.heapBytes / MB)],
        ['CPU us/frame', ({ cpuUsPerFrame }) => figure(cpuUsPerFrame)],
        ['echo ms', ({ load }) => figures(load.echoMs.count, load.echoMs.p50, load.echoMs.p99, load.echoMs.p999)],
        ['send late ms', ({ server }) => lateness(server.latenessMs)],
        ['worst GC ms', ({ server }) => figure(server.worstGcMs)],
        ['of those full', ({ server }) => figure(server.worstFullGcMs)],
        ['gaps', ({ load }) => String(load.gaps)],
        ['deprived', ({ deprived }) => figure(deprived)],
      ],
      longRun.steps,
    ),
    '',
    `Memory ${figure(memory)} of what it was after warm-up, lateness ${figure(latenessMs)} ms more, longest GC pause ${figure(worstGcMs)} ms.`,
  ].join('\n')
}

function checkTable(checks: readonly Check[]): string {
  return markdownTable(
    [
      ['what', ({ what }) => what],
      ['got', ({ got }) => figure(got)],
      ['target', ({ target }) => target],
      ['', ({ verdict, note }) => (note === undefined ? verdict : `${verdict}: ${note}`)],
    ],
    checks,
  )
}
