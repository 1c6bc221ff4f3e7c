import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** A program that speaks and one that listens, neither of them ours: flite and pocketsphinx, as Debian packs them. */

const SPEAKER = 'flite'
const LISTENER = 'pocketsphinx_batch'
const MODEL = '/usr/share/pocketsphinx/model/en-us'
/** A sentence is spoken in 0.1 s and twenty are recognised in two; a busy machine may need many times that. */
const PATIENCE_MS = 60_000
/** What stands before the samples in a plain WAV file. */
const WAV_HEADER_BYTES = 44

const isInstalled = isOnPath(SPEAKER) && isOnPath(LISTENER) && existsSync(MODEL)

export const MISSING = 'the speech tests need a voice and an ear: apt-get install flite pocketsphinx pocketsphinx-en-us'

/** On a developer's machine the tests may be left out, and say so; in the gate they must not be. */
export const maySkip = !isInstalled && process.env['CI'] !== 'true'

/** Has a sentence spoken into a WAV file, 16 kHz mono. */
export function speak(voice: string, sentence: string, path: string): Promise<void> {
  return run(SPEAKER, ['-voice', voice, '-t', sentence, '-o', path])
}

/**
 * What is understood of each `NAME.wav` in a folder (16 kHz mono), in the order of the names; '' is nothing. Only the
 * sentences are listened for: lower case, no punctuation, every word in the CMU dictionary. Leaves files of its own.
 */
export async function recognise(
  folder: string,
  names: readonly string[],
  sentences: readonly string[],
): Promise<string[]> {
  const file = (name: string): string => join(folder, name)
  await writeFile(
    file('sentences.jsgf'),
    `#JSGF V1.0;\ngrammar telephone;\npublic <sentence> = ${sentences.join(' | ')};\n`,
  )
  await writeFile(file('names.txt'), `${names.join('\n')}\n`)
  const audio = ['-adcin', 'yes', '-adchdr', `${WAV_HEADER_BYTES}`, '-cepdir', folder, '-cepext', '.wav']
  const model = ['-hmm', join(MODEL, 'en-us'), '-dict', join(MODEL, 'cmudict-en-us.dict')]
  const lists = ['-jsgf', file('sentences.jsgf'), '-ctl', file('names.txt'), '-hyp', file('understood.txt')]
  await run(LISTENER, [...audio, ...model, ...lists])
  const understood = new Map((await readFile(file('understood.txt'), 'utf8')).split('\n').map(fromHypothesis))
  return names.map((name) => understood.get(name) ?? '')
}

/** From a line such as `i have lost my credit card (slt-3 -2923)`. */
function fromHypothesis(line: string): [name: string, words: string] {
  const [, words = '', name = ''] = /^(.*?) ?\((\S+) -?\d+\)$/.exec(line) ?? []
  return [name, words]
}

async function run(program: string, args: readonly string[]): Promise<void> {
  if (!isInstalled) throw new Error(MISSING)
  await promisify(execFile)(program, args, { timeout: PATIENCE_MS, maxBuffer: 2 ** 24 }).catch((thrown: unknown) => {
    // The listener tells its whole life besides.
    const complaints = String(thrown).match(/^(?:ERROR|FATAL).*$/gm)
    throw new Error(complaints === null ? `${program} failed` : complaints.join('\n'), { cause: thrown })
  })
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)))
}
