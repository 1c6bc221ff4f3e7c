#!/bin/sh
# Makes the recordings of this folder again: synthetic speech, 8 kHz, 16-bit, mono. Needs Debian's flite and sox.
set -eu
cd "$(dirname "$0")"
raw=$(mktemp --suffix=.wav)
trap 'rm -f "$raw"' EXIT

# speak VOICE TEXT FILE: without dither, so that the same programs make the same bytes.
speak() {
  flite -voice "$1" -t "$2" -o "$raw"
  sox "$raw" --no-dither --bits 16 --channels 1 "$3" gain -n -3 rate -v 8000
}

speak rms 'Hello, I am calling about my delivery. When will it be here?' caller.wav
speak slt 'Thank you for calling. Your parcel is on the van, and should be with you by five.' callee.wav
speak slt 'Hello. Say something, and I will say it back to you.' welcome.wav
speak slt 'For our opening hours, press one. To hear about your parcel, press two. To hang up, press the hash key.' menu.wav
speak slt 'We are open from nine to five.' hours.wav
speak slt 'Here is the weather. Tonight will be dry, with a clear sky. Tomorrow begins with fog, and ends with rain.' weather.wav
speak slt 'Welcome. Please key the two digits of the extension you want.' extension.wav
speak slt 'One moment. I will see who is there.' moment.wav
speak slt 'I am sorry, nobody answers there. You may try another extension.' sorry.wav
speak rms 'This is a message about your delivery. Your parcel comes tomorrow, between nine and five.' reminder.wav
