import { readFile, writeFile } from 'node:fs/promises'
import elk from 'elkjs/lib/elk.bundled.js'
import { createDiagrams, type Diagram, drawSvg } from '../inspector/diagrams.ts'

/**
 * `npm run diagrams`: draws the charts in `diagrams/` anew, and where the README shows them. The only file that needs
 * elkjs, which is there for development alone.
 */

// Run from the built file, three folders below the root.
const root = new URL('../../../', import.meta.url)
const readme = new URL('README.md', root)

const diagrams = createDiagrams()
const engine = new elk.default()
for (const diagram of diagrams) {
  await write(`diagrams/${diagram.name}.mmd`, diagram.mermaid)
  await write(`diagrams/${diagram.name}.svg`, await drawSvg(diagram, engine))
}
await writeFile(readme, diagrams.reduce(show, await readFile(readme, 'utf8')))

async function write(path: string, text: string): Promise<void> {
  await writeFile(new URL(path, root), text)
  process.stdout.write(`${path}\n`)
}

/** The text with the diagram in the block that is marked with its name, if there is one. */
function show(text: string, { name, mermaid }: Diagram): string {
  const block = new RegExp(`(<!-- diagrams/${name}\\.mmd -->\\n\\n\`\`\`mermaid\\n)[^\`]*`)
  return text.replace(block, (_, head: string) => head + mermaid)
}
