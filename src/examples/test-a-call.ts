/**
 * A test of an agent with a whole carrier and no waiting: `node --test dist/src/examples/test-a-call.js`. Sockets, HTTP
 * and signatures are real; only time is simulated, and stands still while anything is under way.
 */

// #region test-a-call
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSwitchboard, loadConfig, MemoryRecords } from '../index.ts'
import { createSimulatedCarrier, loadSpeech, VirtualClock } from '../simulator/index.ts'
import { phoneMenu } from './digits.ts'

await test('a caller who presses 1 hears the opening hours', async () => {
  const clock = new VirtualClock()
  const reach: Record<string, string> = {}
  const carrier = await createSimulatedCarrier({ clock, reach })
  const config = loadConfig({
    PORT: '0',
    PUBLIC_URL: 'https://calls.example.com',
    TWILIO_ACCOUNT_SID: carrier.accountSid,
    TWILIO_AUTH_TOKEN: carrier.authToken,
    TWILIO_API_URL: carrier.url,
    CALLCHART_AGENT: 'phoneMenu',
    CALLCHART_LOG_LEVEL: 'silent',
  })
  const switchboard = createSwitchboard({ config, clock, agents: { phoneMenu }, records: new MemoryRecords() })
  const { url } = await switchboard.listen()
  reach[config.publicUrl] = url // where the public address leads, in this test

  const caller = carrier.caller('+15551112222')
  await caller.dials('+15550100000', { voiceUrl: `${config.publicUrl}/twiml` })
  await caller.presses('1')
  await caller.hears(await loadSpeech('src/examples/speech/hours.wav'))
  await caller.presses('#')
  await caller.isHungUpOn()

  await carrier.until(() => switchboard.calls()[0]?.state === 'ended')
  assert.equal(switchboard.calls()[0]?.reason, 'agent finished')
  await switchboard.close()
  await carrier.close()
})
// #endregion
