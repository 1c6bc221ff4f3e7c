/** `callchart/audio`: conversions between the telephone's audio and a speech model's. */
export { alignSpeech, type Alignment, type AlignOptions } from './align.ts'
export { DECIMATOR_24_DELAY_8K, Downsampler24to8 } from './decimator-24.ts'
export { detectDtmf } from './dtmf-detector.ts'
export {
  type AudioFormat,
  describeFormat,
  FRAME_MS,
  MODEL_RATE,
  MULAW_BYTES_PER_MS,
  PCM_SAMPLES_PER_MS,
  type PcmRate,
  requirePcmRate,
  requireTelephoneFormat,
  TELEPHONE_RATE,
} from './format.ts'
export { decodeMulaw, encodeMulaw, MULAW_SILENCE } from './g711.ts'
export { Downsampler16to8, HALF_BAND_DELAY_16K, UP_DOWN_DELAY_8K, Upsampler8to16 } from './half-band.ts'
export { peakDbfs, rmsDbfs } from './levels.ts'
export { PcmByteReader } from './pcm-bytes.ts'
export { loadPrompt, toModelRate } from './prompt.ts'
export { MAX_FLUSH_BYTES, TelephoneDecoder, TelephoneEncoder } from './telephone-codec.ts'
export { dtmfTones, MAX_DIGITS, type ToneOptions } from './tones.ts'
export { pcm16kToTwilio, twilioToPcm16k } from './twilio-payload.ts'
export { readWav, type WavAudio, writeWav } from './wav.ts'
export { doubleRate, halveRate } from './whole-buffer.ts'
