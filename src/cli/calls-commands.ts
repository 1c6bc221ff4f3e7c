import { type Command, Option } from 'commander'
import { moment, webUrl, wholeNumber } from './option-values.ts'

/** A page, for somebody who reads it. */
const ROWS = 50

/** The commands that ask a running server; its API token is in CALLCHART_API_TOKEN. */
export function addCallsCommands(program: Command, finish: (isGood: boolean) => void): void {
  addDial(program, finish)
  addCalls(program)
  addCallControl(program)
}

function serverOption(): Option {
  const option = new Option('--server <url>', 'the server').argParser(webUrl)
  return option.default(`http://127.0.0.1:${process.env['PORT'] ?? 8080}`)
}

function jsonOption(what: string): Option {
  return new Option('--json', `print ${what}`)
}

function addDial(program: Command, finish: (isGood: boolean) => void): void {
  program
    .command('dial')
    .description('place a call through a running server and show its progress')
    .argument('<number>', 'whom to call, in E.164 form such as +15551234567')
    .option('--agent <name>', 'the agent that talks')
    .option('--from <number>', 'the caller id')
    .addOption(
      new Option('--machine-detection [mode]', 'tell whether a machine answers; detectMessageEnd waits for the beep')
        .choices(['enable', 'detectMessageEnd'])
        .preset('enable'),
    )
    .option('--record', 'the server writes both sides of the call to a file')
    .addOption(jsonOption('each event as a line of JSON, and last the call'))
    .addOption(serverOption())
    .action(async (number, options) => finish(await (await import('./dial.ts')).dial(number, options)))
}

function addCalls(program: Command): void {
  const calls = program
    .command('calls')
    .description('the calls that a running server knows, newest first')
    .enablePositionalOptions()
    .option('--since <time>', 'that began at or after: 1h (ago), 2026-11-25, 2026-11-25T10:00', moment)
    .option('--until <time>', 'that began before', moment)
    .option('--number <number>', 'from this number, or to it')
    .option('--state <state>', 'in this state, e.g. active or ended')
    .option('--limit <n>', 'how many on a page', wholeNumber, ROWS)
    .option('--all', 'page after page, to the end')
    .addOption(jsonOption('one JSON object'))
    .addOption(serverOption())
    .action(async (options) => (await import('./calls.ts')).listCalls(options))
  calls
    .command('show')
    .description('what is known of one call')
    .argument('<id>', 'the id of a call, or its CallSid')
    .addOption(jsonOption('one JSON object'))
    .addOption(serverOption())
    .action(async (id, options) => (await import('./calls.ts')).showCall(id, options))
  calls
    .command('export')
    .description('write every call of a data folder as lines of JSON, a file for each day; a server may be running')
    .argument('<folder>', 'where to')
    .option('--data-dir <folder>', 'where the records are', process.env['CALLCHART_DATA_DIR'] ?? '.callchart')
    .action(async (to, { dataDir }) => (await import('./calls-export.ts')).exportCalls(dataDir, to))
}

function addCallControl(program: Command): void {
  const onCall = (name: string, description: string) =>
    program
      .command(name)
      .description(description)
      .argument('<id>', 'the id of a call that is under way, or its CallSid')
      .addOption(serverOption())

  onCall('hang-up', 'hang up').action(async (id, options) => (await import('./call-control.ts')).hangUp(id, options))
  onCall('hold', 'put on hold').action(async (id, options) => (await import('./call-control.ts')).hold(id, options))
  onCall('resume', 'take off hold').action(async (id, options) =>
    (await import('./call-control.ts')).resume(id, options),
  )
  onCall('transfer', 'hand the far end over to somebody else')
    .argument('<to>', 'in E.164 form, or a SIP URI')
    .option('--agent <name>', 'the agent that takes over when the far end comes back')
    .option('--from <number>', 'the caller id')
    .option('--ring-timeout <seconds>', 'how long it may ring', wholeNumber)
    .action(async (id, to, options) => (await import('./call-control.ts')).transfer(id, to, options))
}
