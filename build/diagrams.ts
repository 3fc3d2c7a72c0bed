/**
 * `npm run diagrams`: writes the state diagrams of the pages about the models anew. A page says what is drawn in a comment
 * before the diagram: scenario, variant, object, and its fields.
 *
 * ```text
 * <!-- states: sva-unbind-vs-exit fixed iommu_bond#0 refs.counter mm_exit_active -->
 * ```
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projection } from '../checker/analyse/projection.ts';
import { stateDiagram } from '../reports/markdown/states.ts';
import { scenarios } from '../scenarios/index.ts';

const MARK = /<!-- states: (\S+) (\S+) (\S+) ([^>]+?) -->\n```mermaid\n[\s\S]*?```/g;

/** A page with its diagrams drawn anew. */
export function drawn(page: string): string {
  return page.replace(MARK, (_, name: string, variant: string, object: string, list: string) => {
    const scenario = scenarios.find((s) => s.name === name);
    if (scenario === undefined) throw new Error(`a diagram is of ${name}, and there is no such scenario`);
    const fields = list.split(' ');
    const diagram = stateDiagram(projection(scenario, variant, object, fields), fields);
    return `<!-- states: ${name} ${variant} ${object} ${list} -->\n\`\`\`mermaid\n${diagram}\n\`\`\``;
  });
}

/** Pages about the models. */
export function modelPages(root: string): string[] {
  return readdirSync(join(root, 'model'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'kernel')
    .map((entry) => join(root, 'model', entry.name, 'README.md'));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  for (const path of modelPages(join(import.meta.dirname, '..', '..')))
    writeFileSync(path, drawn(readFileSync(path, 'utf8')));
