#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { config as loadDotenv } from 'dotenv'
import { CallchartError, messageOf } from '../errors.ts'
import { addCallsCommands } from './calls-commands.ts'
import { CommandFailure } from './command-failure.ts'
import { inspectorUrl, webUrl, wholeNumber } from './option-values.ts'

/** The `callchart` command. Exit code 0: all as it should be; 1: not; 2: the command itself made no sense. */

// First of all, since options have defaults from the environment.
loadDotenv({ quiet: true })

/** Run from the built file, three folders below the root. */
function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { readonly version: unknown }).version)
}

const program = new Command('callchart')
  .description('Real phone calls as statecharts.')
  .version(version(), '-v, --version', 'print the version')
  .showHelpAfterError()
  // What stands after a command is that command's: `calls` and `calls show` have options of one name.
  .enablePositionalOptions()
  .configureOutput({ outputError: (text, write) => write(text) })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))

program
  .command('serve')
  .description('answer and place calls until told to stop (SIGTERM drains, a second one hangs up)')
  .option('--agents <file>', 'a module that exports agents by name')
  .option('--prompt <file>', 'the WAV file that the agent "prompt" plays')
  .option('--record <folder>', 'write each call to a file of JSON lines there, for callchart replay')
  .option('--record-without-audio', 'leave out what is said and which keys are pressed')
  .option('--record-numbers', 'write telephone numbers as they are, not masked')
  .option('--stately [url]', "show calls in Stately's hosted inspector, or in one that listens there", inspectorUrl)
  .action(async (options) => (await import('./serve.ts')).serve(options))

addCallsCommands(program, finish)

program
  .command('number')
  .description('the numbers of the Twilio account')
  .command('set')
  .description("point a number's voice webhook at a server")
  .argument('<number>', 'a number of the account, in E.164 form')
  .option('--server <url>', 'the public https origin of the server; PUBLIC_URL otherwise', webUrl)
  .action(async (number, options) => (await import('./number.ts')).setNumber(number, options))

program
  .command('simulate')
  .description("simulated callers against any server that speaks Twilio's webhooks and Media Streams")
  .requiredOption('--voice-url <url>', 'where the voice webhook is reached', webUrl)
  .option('--auth-token <token>', 'the token the server checks signatures with; TWILIO_AUTH_TOKEN otherwise')
  .option('--account-sid <sid>', 'the account the server believes in; TWILIO_ACCOUNT_SID otherwise')
  .option('--public-url <url>', 'the origin the server believes it is reached at', webUrl)
  .option('--wav <file>', 'what the caller says, over and over')
  .option('--record <file>', 'where to write what the caller heard')
  .option('--calls <n>', 'how many callers', wholeNumber, 1)
  .option('--seconds <n>', 'how long each stays on the line', wholeNumber, 10)
  .option('--digits <keys>', 'keys to press')
  .option('--replay <file>', "in their place, the carrier's side of a recorded call, as callchart replay does it")
  .option('--json', 'print one JSON object')
  .action(async ({ replay, ...options }) => {
    if (replay === undefined) return finish(await (await import('./simulate.ts')).simulate(options))
    finish(await (await import('./replay.ts')).replay(replay, options))
  })

program
  .command('replay')
  .description("play the carrier's side of a recorded call again, and tell where the course differs")
  .argument('<file>', 'what callchart serve --record has written')
  .option('--voice-url <url>', "a server's voice webhook; a server in this process otherwise", webUrl)
  .option('--auth-token <token>', 'the token that server checks signatures with; TWILIO_AUTH_TOKEN otherwise')
  .option('--account-sid <sid>', 'the account that server believes in; TWILIO_ACCOUNT_SID otherwise')
  .option('--public-url <url>', 'the origin that server believes it is reached at', webUrl)
  .option('--agents <file>', "a module that exports the recording's agent, for the server in this process")
  .option('--fast', 'in simulated time; ten times as fast against another server')
  .option('--json', 'print one JSON object')
  .action(async (file, options) => finish(await (await import('./replay.ts')).replay(file, options)))

program
  .command('demo')
  .description('carry calls both ways on loopback, with a simulated carrier and real speech')
  .option('--calls <n>', 'how many calls, inbound and outbound in turn', wholeNumber, 2)
  .option('--seconds <n>', 'how long each caller speaks', wholeNumber, 6)
  .option('--wav <file>', 'what the callers say')
  .option('--keep', 'stay up afterwards')
  .option('--json', 'print one JSON object')
  .action(async (options) => finish(await (await import('./demo.ts')).demo(options)))

function finish(isGood: boolean): void {
  process.exitCode = isGood ? 0 : 1
}

/** What was thrown on purpose, and what the system refused, explains itself; anything else is a bug and shows where. */
function explain(error: unknown): string {
  const isExplained = error instanceof CallchartError || error instanceof CommandFailure
  const isOfSystem = error instanceof Error && 'syscall' in error
  return isExplained || isOfSystem || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message)
}

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`callchart: ${explain(error)}\n`)
  process.exitCode = 1
}
