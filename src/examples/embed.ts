/** A program of one's own that calls somebody: `node dist/src/examples/embed.js +15551234567`. */

// #region embed
import { type Agent, createSwitchboard, loadConfig, loadPrompt } from '../index.ts'

const message = await loadPrompt('src/examples/speech/hours.wav')
const messenger: Agent = async (call) => {
  await call.play(message).finished
}

const config = loadConfig({ ...process.env, CALLCHART_AGENT: 'messenger' }) // for whoever calls back
const switchboard = createSwitchboard({ config, agents: { messenger } })
await switchboard.listen()

const call = await switchboard.dial({ to: process.argv[2] ?? '', agent: 'messenger' })
const { state, reason } = await call.ended
process.stdout.write(`${call.id} ${state}: ${reason}\n`)

await switchboard.close()
// #endregion
