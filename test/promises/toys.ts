/**
 * Small models for tests of the command line, one for each way a check can end. They are written to disk as a user's
 * model files and bundled by the program.
 */

/** A model file whose default export is a scenario with one actor a program. */
function toy(name: string, steps: string, rest = ''): string {
  return `import { does, int, object, patch, procedure, scenario, sometimes, Violation } from 'quiesce';

const source = patch('toy')('toy.c');
const Thing = object('thing', { value: int(0, 9) });

const run = procedure('run', { source, params: { thing: Thing } }, (k) => [
${steps}
]);

export default scenario('${name}', {
  title: '${name}',
  about: 'A toy.',
  systems: ['toy'],
  source,
  bounds: { actors: 2 },
  variants: { posted: { about: 'as it is', expect: { verdict: 'holds', states: 1, depth: 0 } } },
  setup: (s) => {
    const thing = s.object(Thing, 'thing');
    for (let i = 0; i < s.bounds.actors; i++) s.task(\`task\${i}\`, [does(run, { thing })]);
${rest}
  },
});
`;
}

export const toys = {
  holds: toy('toy-holds', "  k.step('write value', (f) => { f.thing.value = 1; }),"),
  deadlock: toy(
    'toy-deadlock',
    `  k.step('count', (f) => { f.thing.value++; }),
  k.blockUntil('wait for three', (f) => f.thing.value === 3),`,
  ),
  'use-after-free': toy('toy-uaf', "  k.free((f) => f.thing, { label: 'kfree(thing)' }),"),
  assertion: toy(
    'toy-assertion',
    `  k.step('count', (f) => { f.thing.value++; }),
  k.step('check', (f) => { if (f.thing.value === 2) throw new Violation('assertion', 'counted to two'); }),`,
  ),
  unreached: toy(
    'toy-unreached',
    "  k.step('write value', (f) => { f.thing.value = 1; }),",
    "    s.property(sometimes('nine', 'the value reaches nine', () => thing.value === 9));",
  ),
  liveness: `import { bool, does, eventually, object, patch, procedure, scenario } from 'quiesce';

const source = patch('toy')('toy.c');
const Lamp = object('lamp', { on: bool() }, { permanent: true });
const blink = procedure('blink', { source, params: { lamp: Lamp } }, (k) => [
  k.loop([k.step('switch', (f) => { f.lamp.on = !f.lamp.on; })]),
]);

export default scenario('toy-liveness', {
  title: 'A lamp that blinks',
  about: 'A toy.',
  systems: ['toy'],
  source,
  bounds: {},
  variants: { posted: { about: 'as it is', expect: { verdict: 'violated', kind: 'liveness', length: 2, states: 2 } } },
  setup: (s) => {
    const task = s.task('task', [does(blink, { lamp: s.object(Lamp, 'lamp') })]);
    s.property(eventually('ends', 'the task ends', (now) => now.ended(task)));
  },
});
`,
  throws: toy('toy-throws', "  k.step('broken', (f) => { (f.thing as any).value.missing.call(); }),"),
  range: toy('toy-range', "  k.loop([k.step('count', (f) => { f.thing.value++; })]),"),
  /** More states than anybody waits for: every actor counts in a byte of its own. */
  large: `import { does, int, object, patch, procedure, scenario } from 'quiesce';

const source = patch('toy')('toy.c');
const Thing = object('thing', { value: int(0, 99) }, { permanent: true });
const run = procedure('run', { source, params: { thing: Thing } }, (k) => [
  k.loop([
    k.step('count', (f) => { f.thing.value = (f.thing.value + 1) % 100; }),
  ]),
]);

export default scenario('toy-large', {
  title: 'Five counters',
  about: 'Ten thousand million states.',
  systems: ['toy'],
  source,
  bounds: { actors: 5 },
  variants: { posted: { about: 'as it is', expect: { verdict: 'holds', states: 1, depth: 0 } } },
  setup: (s) => {
    for (let i = 0; i < s.bounds.actors; i++)
      s.task(\`task\${i}\`, [does(run, { thing: s.object(Thing, \`thing\${i}\`) })]);
  },
});
`,
  syntax: "import { scenario } from 'quiesce';\n\nexport default scenario('x', {\n  title: ,\n});\n",
  'unknown import': "import { scenario } from 'quiesc';\nexport default scenario;\n",
  'no scenario': 'export const answer = 42;\n',
  'throws on import': "import { scenario } from 'quiesce';\n\nexport default scenario('x', (undefined as any).spec);\n",
  'bad name': "import { scenario } from 'quiesce';\n\nexport default scenario('Not A Name', {} as any);\n",
} as const;
