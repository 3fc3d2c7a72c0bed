/**
 * Dining philosophers, as the other checkers have them: N philosophers in a ring, four states each. In the posted
 * form everyone takes the left fork first; in the fixed form the last one takes the right fork first, and every
 * combination of program points that the forks allow is reachable: 3^N states.
 */
import {
  type Actor,
  actor,
  machine,
  object,
  patch,
  scenario,
  set,
  struct,
  switchOf,
} from '../../checker/lang/index.ts';

const source = patch('dining philosophers of the peers')();

const order = switchOf('dining.order', 'which fork the last philosopher takes first', 'left', 'right');

const Fork = object('fork', { lock: struct('fork', { owner: actor() }, { spins: false }) }, { permanent: true });

const holders = (owner: Actor | null): Actor[] => (owner === null ? [] : [owner]);

const philosopher = machine(
  'philosopher',
  {
    source,
    params: { first: Fork, second: Fork },
    states: ['thinking', 'one fork', 'eating', 'leaving'],
    rest: [],
    waiting: {
      thinking: { kind: 'lock', lock: (f) => f.first.lock, owners: (f) => holders(f.first.lock.owner) },
      'one fork': { kind: 'lock', lock: (f) => f.second.lock, owners: (f) => holders(f.second.lock.owner) },
    },
  },
  [
    {
      label: 'take the first fork',
      from: 'thinking',
      to: 'one fork',
      when: (f) => f.first.lock.owner === null,
      do: (f, self) => {
        f.first.lock.owner = self;
      },
    },
    {
      label: 'take the second fork',
      from: 'one fork',
      to: 'eating',
      when: (f) => f.second.lock.owner === null,
      do: (f, self) => {
        f.second.lock.owner = self;
      },
    },
    {
      label: 'put the first fork down',
      from: 'eating',
      to: 'leaving',
      do: (f) => {
        f.first.lock.owner = null;
      },
    },
    {
      label: 'put the second fork down',
      from: 'leaving',
      to: 'thinking',
      do: (f) => {
        f.second.lock.owner = null;
      },
    },
  ],
);

export default scenario('peers-dining', {
  title: 'Dining philosophers',
  about: 'Each philosopher takes two forks, one after the other. When all take the left one first, all may wait.',
  systems: ['peers'],
  source,
  corpus: 'peer',
  bounds: { philosophers: 8 },
  variants: {
    posted: {
      about: 'everyone takes the left fork first',
      expect: { verdict: 'violated', kind: 'deadlock', length: 8, states: 4_006 },
    },
    fixed: {
      about: 'the last one takes the right fork first',
      settings: [set(order, 'right')],
      expect: { verdict: 'holds', states: 6_561, depth: 22 },
    },
    'fixed-10': {
      about: 'ten philosophers, the last one takes the right fork first',
      settings: [set(order, 'right')],
      bounds: { philosophers: 10 },
      expect: { verdict: 'holds', states: 59_049, depth: 28 },
    },
  },
  setup: (s) => {
    const n = s.bounds.philosophers;
    const forks = s.objects(Fork, 'fork', n);
    const philosophers: Actor[] = [];
    for (let i = 0; i < n; i++) {
      const left = forks[i] as (typeof forks)[number];
      const right = forks[(i + 1) % n] as (typeof forks)[number];
      const swapped = i === n - 1 && s.setting(order) === 'right';
      const forksOf = swapped ? { first: right, second: left } : { first: left, second: right };
      philosophers.push(s.actor(`phil${i}`, philosopher, forksOf));
    }
    // One who takes the other fork first is not like the rest.
    if (s.setting(order) === 'left')
      s.interchangeable(
        forks.map((fork, i) => [fork, ...philosophers.slice(i, i + 1)]),
        { by: 'rotation' },
      );
  },
});
