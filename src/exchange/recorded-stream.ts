import { Buffer } from 'node:buffer'
import type { StreamPort } from '../media/stream-port.ts'
import type { AttachedStream } from '../sockets/stream-desk.ts'
import type { StreamTape } from './call-story.ts'

/** Only calls that are recorded have these around their streams: the others pay nothing. */

/** The stream as it is written to, with what is written told. */
export function recordedPort(port: StreamPort, tape: StreamTape): StreamPort {
  return {
    streamSid: port.streamSid,
    bufferedBytes: () => port.bufferedBytes(),
    sendMedia(mulaw) {
      tape.sent({ event: 'media', bytes: mulaw.length, payload: Buffer.from(mulaw).toString('base64') })
      port.sendMedia(mulaw)
    },
    sendMark(name) {
      tape.sent({ event: 'mark', name })
      port.sendMark(name)
    },
    sendClear() {
      tape.sent({ event: 'clear' })
      port.sendClear()
    },
    close() {
      tape.sent({ event: 'close' })
      port.close()
    },
  }
}

/** The call's ear for a stream, with what it hears told. */
export function recordedStream(stream: AttachedStream, tape: StreamTape): AttachedStream {
  return {
    media(message) {
      const { sequenceNumber: sequence, timestampMs, payload } = message
      tape.received({ event: 'media', sequence, timestampMs, bytes: Buffer.byteLength(payload, 'base64'), payload })
      return stream.media(message)
    },
    dtmf(message) {
      tape.received({ event: 'dtmf', sequence: message.sequenceNumber, digit: message.digit })
      stream.dtmf(message)
    },
    mark(message) {
      tape.received({ event: 'mark', sequence: message.sequenceNumber, name: message.name })
      stream.mark(message)
    },
    stopped() {
      tape.received({ event: 'stop' })
      stream.stopped()
    },
    lost(cause) {
      tape.lost(cause)
      stream.lost(cause)
    },
    malformed() {
      tape.malformed()
      stream.malformed()
    },
    roundTrip: (ms) => stream.roundTrip(ms),
  }
}
