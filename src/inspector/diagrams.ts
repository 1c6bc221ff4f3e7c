import { callMachine, carrierCommandMachine, DEFAULT_CALL_TIMING, switchboardMachine } from '../../machines/index.ts'
import { type Chart, createChart } from './chart-model.ts'
import { type DrawingOptions, toMermaid } from './mermaid.ts'

/** A chart that is drawn in `diagrams/`. */
export interface Diagram {
  /** Of the machine's file and of the diagram's. */
  readonly name: string
  readonly chart: Chart
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
      omit: ['noteCause', 'noteLeg', 'noteStream', 'noteLoss', 'noteSilence'],
    }),
    draw('carrier-command', createChart(carrierCommandMachine)),
    draw('switchboard', switchboard),
  ]
}

function draw(name: string, chart: Chart, options: DrawingOptions = {}): Diagram {
  const omitted = options.omit ? ` Not drawn: ${options.omit.join(', ')}.` : ''
  const heading = `%% Drawn from machines/${name}.ts by npm run diagrams; do not edit.${omitted}`
  return { name, chart, mermaid: `${heading}\n${toMermaid(chart, options)}` }
}
