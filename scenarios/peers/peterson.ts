/**
 * Peterson's filter lock for N processes, as the other checkers have it: the waiting condition is evaluated one
 * process at a time.
 */
import { array, int, object, patch, procedure, racy, scenario, Violation } from '../../checker/lang/index.ts';

const source = patch('filter lock of the peers', 'Peterson 1981')();

const MAX = 4;

const Filter = object(
  'filter',
  {
    pos: array(int(0, MAX), MAX),
    step: racy(array(int(0, MAX), MAX), 'the algorithm has nothing but loads and stores'),
    inside: int(0, MAX),
  },
  { permanent: true },
);

const process = procedure(
  'process',
  {
    source,
    params: { filter: Filter, me: int(0, MAX), n: int(0, MAX) },
    locals: { j: int(0, MAX), k: int(0, MAX) },
  },
  (k) => [
    k.loop([
      k.step('leave the non-critical section', (f) => {
        f.j = 1;
      }),
      k.loop([
        k.when(
          (f) => f.j < f.n,
          [
            k.step('pos[me] = j', (f) => f.filter.pos.set(f.me, f.j)),
            k.step('step[j] = me', (f) => {
              f.filter.step.set(f.j - 1, f.me);
              f.k = 0;
            }),
            k.loop([
              k.choose('filter', [
                {
                  name: 'next process',
                  when: (f) => f.k < f.n && (f.k === f.me || f.filter.pos.at(f.k) < f.j),
                  act: (f) => {
                    f.k++;
                  },
                },
                {
                  name: 'next level',
                  when: (f) => f.filter.step.at(f.j - 1) !== f.me || f.k === f.n,
                  act: (f) => {
                    f.j++;
                  },
                  body: [k.break()],
                },
              ]),
            ]),
          ],
          [k.break()],
        ),
      ]),
      k.step('enter the critical section', (f) => {
        f.filter.inside++;
        if (f.filter.inside > 1) throw new Violation('assertion', 'two processes are in the critical section');
      }),
      k.step(
        'leave the critical section',
        (f) => {
          f.filter.pos.set(f.me, 0);
          f.filter.inside--;
        },
        { indivisible: 'one statement in the models of the other checkers; the count is theirs, for the assertion' },
      ),
    ]),
  ],
);
export default scenario('peers-peterson', {
  title: "Peterson's filter lock",
  about: 'Processes pass a filter of N - 1 levels; at each one the last to come waits for those before it.',
  systems: ['peers'],
  source,
  corpus: 'peer',
  bounds: { processes: 3 },
  variants: {
    fixed: {
      about: 'three processes',
      expect: { verdict: 'holds', states: 12_498, depth: 53 },
    },
    'fixed-4': {
      about: 'four processes',
      bounds: { processes: 4 },
      expect: { verdict: 'holds', states: 1_119_560, depth: 103 },
    },
  },
  setup: (s) => {
    const filter = s.object(Filter, 'filter');
    for (let me = 0; me < s.bounds.processes; me++) s.actor(`p${me}`, process, { filter, me, n: s.bounds.processes });
  },
});
