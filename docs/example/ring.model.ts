/** ring.c: the device is removed while its interrupt handler runs. */
import { does, int, object, patch, scenario, set, switchOf } from 'quiesce';
import { procedure, ptr } from 'quiesce/model/kernel';

const source = patch('the example')('ring.c');

const Ring = object('ring', { done: int(0, 3) });
const RingDev = object('ring_dev', { ring: ptr(Ring), handlers: int(0, 3) }, { permanent: true });

const removal = switchOf('ring.removal', 'what ring_remove() waits for', 'nothing', 'handlers');

/** ring_irq(); `handlers` counts those that run, as the interrupt core does. */
const ringIrq = procedure('ring_irq', { source, params: { dev: RingDev }, locals: { ring: ptr(Ring) } }, (k) => [
  k.step('enter', (f) => {
    f.dev.handlers++;
  }),
  k.step('ring = READ_ONCE(dev->ring)', (f) => {
    f.ring = f.dev.ring as typeof f.ring;
  }),
  k.when(
    (f) => f.ring !== null,
    [
      k.step('ring->done++', (f) => {
        f.ring.done++;
      }),
    ],
  ),
  k.step('leave', (f) => {
    f.dev.handlers--;
  }),
]);

/** ring_remove() */
const ringRemove = procedure('ring_remove', { source, params: { dev: RingDev }, locals: { ring: ptr(Ring) } }, (k) => [
  k.step('ring = dev->ring', (f) => {
    f.ring = f.dev.ring as typeof f.ring;
  }),
  k.step('WRITE_ONCE(dev->ring, NULL)', (f) => {
    f.dev.ring = null as never;
  }),
  k.switch(removal, {
    nothing: [],
    handlers: [k.blockUntil('free_irq(dev->irq, dev)', (f) => f.dev.handlers === 0)],
  }),
  k.kfree((f) => f.ring),
]);

export default scenario('ring-remove-vs-irq', {
  title: 'the device is removed while its interrupt handler runs',
  about: 'The handler has read the pointer to the ring when the device is removed; it counts in freed memory.',
  systems: ['ring'],
  source,
  bounds: { interrupts: 1 },
  variants: {
    posted: {
      about: 'as it is: nobody waits for handlers',
      expect: { verdict: 'violated', kind: 'use-after-free', length: 6, states: 23 },
    },
    fixed: {
      about: 'free_irq() waits for them',
      settings: [set(removal, 'handlers')],
      bounds: { interrupts: 2 },
      expect: { verdict: 'holds', states: 138, depth: 11 },
    },
  },
  setup: (s) => {
    const ring = s.object(Ring, 'ring');
    const dev = s.object(RingDev, 'dev', { ring });
    for (let i = 0; i < s.bounds.interrupts; i++) s.task(`irq${i}`, [does(ringIrq, { dev })], { role: 'irq' });
    s.task('remover', [does(ringRemove, { dev })]);
  },
});
