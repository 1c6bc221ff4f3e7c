/**
 * How the processes of a benchmark talk: a JSON object a line, commands on standard input and an answer to each, in
 * order, on standard output. A process whose input ends has lost its parent, and ends too.
 */

import { createInterface } from 'node:readline'
import { messageOf } from '../errors.ts'

export interface Command {
  readonly do: string
  readonly [field: string]: unknown
}

export interface Answer {
  /** Why the command was not obeyed; absent when it was. */
  readonly failure?: string
  readonly [field: string]: unknown
}
export type Answers = Readonly<Record<string, (command: Command) => Answer | Promise<Answer>>>

/** Says `ready`, then obeys, one command after the other, until the input ends. */
export async function obey(ready: Answer, answers: Answers): Promise<void> {
  say(ready)
  for await (const line of createInterface({ input: process.stdin })) {
    say(await answer(line, answers))
  }
}

async function answer(line: string, answers: Answers): Promise<Answer> {
  try {
    const command = JSON.parse(line) as Command
    const act = Object.hasOwn(answers, command.do) ? answers[command.do] : undefined
    if (act === undefined) throw new Error(`expected one of ${Object.keys(answers).join(', ')}; got ${command.do}`)
    return await act(command)
  } catch (error) {
    return { failure: messageOf(error) }
  }
}

function say(answered: Answer): void {
  process.stdout.write(`${JSON.stringify(answered)}\n`)
}
