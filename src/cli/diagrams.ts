import { readFile, writeFile } from 'node:fs/promises'
import { createDiagrams, type Diagram } from '../inspector/diagrams.ts'

/** `npm run diagrams`: draws the charts in `diagrams/` anew, and where the README shows them. */

// Run from the built file, three folders below the root.
const root = new URL('../../../', import.meta.url)
const readme = new URL('README.md', root)

const diagrams = createDiagrams()
for (const { name, mermaid } of diagrams) {
  await writeFile(new URL(`diagrams/${name}.mmd`, root), mermaid)
  process.stdout.write(`diagrams/${name}.mmd\n`)
}
await writeFile(readme, diagrams.reduce(show, await readFile(readme, 'utf8')))

/** The text with the diagram in the block that is marked with its name, if there is one. */
function show(text: string, { name, mermaid }: Diagram): string {
  const block = new RegExp(`(<!-- diagrams/${name}\\.mmd -->\\n\\n\`\`\`mermaid\\n)[^\`]*`)
  return text.replace(block, (_, head: string) => head + mermaid)
}
