import { writeFile } from 'node:fs/promises'
import { createDiagrams } from '../inspector/diagrams.ts'

/** `npm run diagrams`: draws the charts in `diagrams/` anew. Run from the built file, three folders below the root. */

const folder = new URL('../../../diagrams/', import.meta.url)

for (const { name, mermaid } of createDiagrams()) {
  await writeFile(new URL(`${name}.mmd`, folder), mermaid)
  process.stdout.write(`diagrams/${name}.mmd\n`)
}
