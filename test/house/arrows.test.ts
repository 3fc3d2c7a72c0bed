/**
 * The arrows between layers. An import against an arrow would let a report compute, or the checker know the kernel;
 * both end the promise that a verdict depends on the model alone.
 */
import { describe, expect, test } from 'vitest';
import { type Import, importsOf, type SourceFile, sourceFiles } from './sources.ts';

/** What each layer may import, besides itself; a folder stands for everything in it. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  checker: [],
  properties: ['checker/lang'],
  hw: ['checker/lang'],
  model: ['checker/lang'],
  scenarios: ['checker/lang', 'model', 'hw', 'properties'],
  reports: ['checker'],
  cli: ['reports', 'checker', 'scenarios', 'explore'],
  explore: ['checker', 'model', 'hw', 'properties', 'scenarios'],
  bench: ['checker', 'scenarios', 'reports', 'model', 'hw', 'properties'],
  'index.ts': ['checker', 'reports', 'scenarios', 'explore'],
  'vitest.ts': ['checker', 'reports'],
};

/** `model` may also name the shared objects of `hw`, as types only. */
const typeArrows: Readonly<Record<string, readonly string[]>> = { model: ['hw'] };

/** Packages each layer may use. */
const packages: Readonly<Record<string, readonly string[]>> = {
  checker: ['graphology', 'graphology-components', 'graphology-types', 'seedrandom', 'valibot'],
  cli: ['commander', 'esbuild', 'valibot'],
  bench: ['playwright-core'],
  'vitest.ts': ['vitest'],
  explore: ['fast-check'],
  reports: ['valibot', 'graphology', 'graphology-gexf', 'sarif'],
};

function inside(target: string, folder: string): boolean {
  return target === folder || target.startsWith(`${folder}/`);
}

/** Why an import is not allowed; null when it is. */
function objection(file: Pick<SourceFile, 'layer'>, imported: Import): string | null {
  if (!imported.relative) {
    if (imported.target.startsWith('node:')) return null;
    return (packages[file.layer] ?? []).some((p) => inside(imported.target, p))
      ? null
      : `${file.layer} may not use the package ${imported.target}`;
  }
  const allowed = [file.layer, ...(arrows[file.layer] ?? [])];
  const asType = imported.typeOnly ? (typeArrows[file.layer] ?? []) : [];
  return [...allowed, ...asType].some((folder) => inside(imported.target, folder))
    ? null
    : `no arrow from ${file.layer} to ${imported.target}`;
}

describe('import arrows', () => {
  const files = sourceFiles();

  test('every layer is known', () => {
    expect(new Set(files.map((f) => f.layer))).toEqual(new Set(Object.keys(arrows)));
  });

  test('every import follows an arrow', () => {
    const objections = files.flatMap((f) =>
      f.imports.flatMap((i) => {
        const why = objection(f, i);
        return why === null ? [] : [`${f.path}: ${why}`];
      }),
    );
    expect(objections).toEqual([]);
  });

  test('imports end in .ts and lead to a file', () => {
    const known = new Set(files.map((f) => f.path));
    const lost = files.flatMap((f) =>
      f.imports.filter((i) => i.relative && !known.has(i.target)).map((i) => `${f.path} imports ${i.target}`),
    );
    expect(lost).toEqual([]);
  });

  test('what computes nothing does not reach for the system', () => {
    const reaching = files
      .filter((f) => ['model', 'hw', 'properties', 'scenarios', 'checker/lang'].some((l) => inside(f.path, l)))
      .flatMap((f) =>
        f.imports.filter((i) => i.target.startsWith('node:')).map((i) => `${f.path} imports ${i.target}`),
      );
    expect(reaching).toEqual([]);
  });

  describe('the test sees', () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['checker', "import { Mm } from '../model/kernel/index.ts';", false],
      ['checker', "import type { Mm } from '../model/kernel/index.ts';", false],
      ['checker', "export * from '../reports/index.ts';", false],
      ['checker', "const x = await import('../model/a.ts');", false],
      ['reports', "import { run } from '../cli/main.ts';", false],
      ['model', "import type { Device } from '../hw/pci.ts';", true],
      ['model', "import { type Device, type Atc } from '../hw/pci.ts';", true],
      ['model', "import { Device } from '../hw/pci.ts';", false],
      ['model', "import {\n  Device,\n  type Atc,\n} from '../hw/pci.ts';", false],
      ['model', "import { check } from '../checker/check.ts';", false],
      ['model', "import { object } from '../checker/lang/index.ts';", true],
      ['checker', "// import { Mm } from '../model/kernel/index.ts';\nimport { a } from './b.ts';", true],
      ['model', "import seedrandom from 'seedrandom';", false],
    ];
    test.each(cases)('%s: %s -> allowed %s', (layer, text, allowed) => {
      const imports = importsOf(`${layer}/file.ts`, text);
      expect(imports).not.toEqual([]);
      expect(imports.every((i) => objection({ layer }, i) === null)).toBe(allowed);
    });
  });
});
