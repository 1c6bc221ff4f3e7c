import { readFile, writeFile } from 'node:fs/promises'
import createWabt from 'wabt'

/**
 * `npm run kernel`: translates `src/audio/half-band.wat` and writes the file that holds its bytes. The only file that needs
 * wabt, which is there for development alone.
 */

// Run from the built file, three folders below the root.
const audio = new URL('../../../src/audio/', import.meta.url)

const wabt = await createWabt()
const source = wabt.parseWat('half-band.wat', await readFile(new URL('half-band.wat', audio), 'utf8'), { simd: true })
const bytes = source.toBinary({}).buffer
await writeFile(
  new URL('half-band-wasm.ts', audio),
  `// Generated from half-band.wat by \`npm run kernel\`; not to be edited.

/** The bytes of the kernel in base64. */
export const HALF_BAND_WASM =
  '${Buffer.from(bytes).toString('base64')}'
`,
)
process.stdout.write(`src/audio/half-band-wasm.ts: ${bytes.length} bytes of WebAssembly\n`)
