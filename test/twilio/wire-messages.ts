/** Messages as the documentation and recorded calls show them, for the tests of this folder. */

import { parseStreamSid } from '../../src/twilio/ids.ts'

const HEX = '0123456789abcdef0123456789abcdef'
export const STREAM_SID = parseStreamSid(`MZ${HEX}`)
export const CALL_SID = `CA${HEX}`
export const ACCOUNT_SID = `AC${HEX}`

export const CONNECTED = { event: 'connected', protocol: 'Call', version: '1.0.0' }

export const START = {
  event: 'start',
  sequenceNumber: '1',
  start: {
    accountSid: ACCOUNT_SID,
    streamSid: STREAM_SID,
    callSid: CALL_SID,
    tracks: ['inbound'],
    mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
    customParameters: { token: 'one-shot' },
  },
  streamSid: STREAM_SID,
}

export const MEDIA = {
  event: 'media',
  sequenceNumber: '2',
  media: { track: 'inbound', chunk: '1', timestamp: '155', payload: Buffer.alloc(160, 0xff).toString('base64') },
  streamSid: STREAM_SID,
}

export const DTMF = {
  event: 'dtmf',
  streamSid: STREAM_SID,
  sequenceNumber: '5',
  dtmf: { track: 'inbound_track', digit: '1' },
}

export const MARK = { event: 'mark', sequenceNumber: '4', streamSid: STREAM_SID, mark: { name: 'my label' } }

export const STOP = {
  event: 'stop',
  sequenceNumber: '5',
  streamSid: STREAM_SID,
  stop: { accountSid: ACCOUNT_SID, callSid: CALL_SID },
}

/** Every known message, by name. */
export const MESSAGES: Readonly<Record<string, object>> = {
  connected: CONNECTED,
  start: START,
  media: MEDIA,
  dtmf: DTMF,
  mark: MARK,
  stop: STOP,
}
