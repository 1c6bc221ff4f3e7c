import {
  callMachine,
  carrierCommandMachine,
  carrierRecordingMachine,
  circuitMachine,
  DEFAULT_CALL_TIMING,
  switchboardMachine,
  transferMachine,
} from '../../machines/index.ts'
import type { DrawingOptions } from './chart-drawing.ts'
import { type LayoutEngine, layOut } from './chart-layout.ts'
import { type Chart, createChart } from './chart-model.ts'
import { createPlan } from './chart-plan.ts'
import { toSvg } from './chart-svg.ts'
import { toMermaid } from './mermaid.ts'

/** A chart that is drawn in `diagrams/`. */
export interface Diagram {
  /** Of the machine's file and of the diagram's. */
  readonly name: string
  readonly chart: Chart
  readonly options: DrawingOptions
  /** The first line of its files: where it comes from, and what it leaves out. */
  readonly heading: string
  /** The text of `diagrams/NAME.mmd`. */
  readonly mermaid: string
}

/** All of them, with the delays that a node has unless it is configured otherwise. */
export function createDiagrams(): readonly Diagram[] {
  const call = createChart(callMachine, { id: 'call', direction: 'inbound', timing: DEFAULT_CALL_TIMING })
  const switchboard = createChart(switchboardMachine, { maxCalls: 150, drainMs: 300_000 })
  return [
    draw('call', call, {
      gather: 'call.stopping',
      omit: [
        'noteCause',
        'noteDoubt',
        'noteLeg',
        'noteStream',
        'noteLoss',
        'noteSilence',
        'noteTransfer',
        'forgetBridge',
      ],
    }),
    draw('carrier-command', createChart(carrierCommandMachine)),
    draw('transfer', createChart(transferMachine, { callId: '', callSid: undefined, ringMs: 40_000 })),
    draw('carrier-recording', createChart(carrierRecordingMachine)),
    draw('circuit', createChart(circuitMachine, {})),
    draw('switchboard', switchboard),
  ]
}

/** The text of `diagrams/NAME.svg`. Takes some hundred milliseconds: not for a process that carries calls. */
export async function drawSvg({ chart, options, heading }: Diagram, engine: LayoutEngine): Promise<string> {
  return toSvg(await layOut(createPlan(chart, options), engine), heading, options)
}

function draw(name: string, chart: Chart, options: DrawingOptions = {}): Diagram {
  const omitted = options.omit ? ` Not drawn: ${options.omit.join(', ')}.` : ''
  const heading = `Drawn from machines/${name}.ts by npm run diagrams; do not edit.${omitted}`
  return { name, chart, options, heading, mermaid: `%% ${heading}\n${toMermaid(chart, options)}` }
}
