/**
 * Submission of invalidations: qi_submit_sync() waits for its own wait descriptor under a spinlock that it lets go now
 * and then, looks for faults meanwhile, and starts over when its submission was aborted.
 *
 * Source: dmar.c. cpu_relax() between two looks is one guard, because a look that finds nothing new changes nothing.
 * What the loop over desc_status[] aborts is what was fetched and has no status yet: submissions still in the queue
 * lie between head and tail, where it does not go.
 */
import { constant, EAGAIN, ETIMEDOUT, errno, type KernelKit, procedure, type Statement } from '../kernel/index.ts';
import { type Endpoint, hw, QInval, type Submission, type VtdIommu } from './objects.ts';
import { DMAR_C, giveUp, v6_8 } from './sources.ts';
import { iteHandling } from './switches.ts';

/** What every submission needs; `all` is what desc_status[] holds, of everybody. */
const queue = { iommu: hw<VtdIommu>(), qi: QInval, all: constant<readonly Submission[]>(), mine: hw<Submission>() };

/** What becomes of a submission that was aborted. */
function aborted<F extends { readonly mine: Submission }>(k: KernelKit<F>, label: string): Statement<F> {
  return k.test(label, (f) => f.mine.status === 'abort', [
    k.switch(iteHandling, {
      'retry always': [],
      'finder gives up': [],
      'owner gives up': [
        k.test(`${label}: the device of this submission is absent`, (f) => f.mine.endpoint?.present === false, [
          k.return(-ETIMEDOUT),
        ]),
      ],
    }),
    k.return(-EAGAIN),
  ]);
}

/** qi_check_fault(): called with the lock held. */
export const qiCheckFault = procedure(
  'qi_check_fault',
  { source: v6_8(DMAR_C), params: queue, locals: { absent: hw<Endpoint>() } },
  (k) => [
    aborted(k, 'desc_status[wait_index] == QI_ABORT'),
    k.test('readl(DMAR_FSTS_REG) & DMA_FSTS_ITE', (f) => f.iommu.ite, [
      k.step('ite_sid = readq(DMAR_IQER_REG)', (f) => {
        f.absent = f.iommu.ite_source as Endpoint;
      }),
      k.step(
        'writel(DMA_FSTS_ITE, DMAR_FSTS_REG): cleared',
        (f) => {
          f.iommu.ite = false;
          f.iommu.ite_source = null;
        },
        { indivisible: 'one write to a register; the hardware then forgets the source by itself' },
      ),
      k.step(
        'desc_status[] = QI_ABORT where it is QI_IN_USE',
        (f) => {
          const waiting = [...f.iommu.queue];
          for (const s of f.all) if (s.status === 'in use' && !waiting.includes(s)) s.status = 'abort';
        },
        {
          indivisible:
            'each submission is judged by itself: what the hardware does between two it may do before or after all',
        },
      ),
      k.switch(iteHandling, {
        'retry always': [],
        'finder gives up': [
          k.test('!pci_device_is_present(dev)', (f) => !f.absent.present, [k.return(-ETIMEDOUT)], [], {
            source: giveUp(DMAR_C),
          }),
        ],
        'owner gives up': [],
      }),
      aborted(k, 'desc_status[wait_index] == QI_ABORT after the time-out'),
    ]),
    k.return(0),
  ],
);

/** qi_submit_sync() of one invalidation. */
export const qiSubmitSync = procedure(
  'qi_submit_sync',
  { source: v6_8(DMAR_C), params: queue, locals: { rc: errno() } },
  (k) => [
    // restart:
    k.loop([
      k.spinLock((f) => f.qi.q_lock, { label: 'raw_spin_lock(&qi->q_lock)' }),
      k.step(
        'write the descriptors, desc_status = QI_IN_USE, writel(DMAR_IQT_REG)',
        (f) => {
          f.rc = 0;
          f.mine.status = 'in use';
          f.iommu.queue.push(f.mine);
        },
        { indivisible: 'the hardware looks at nothing before the tail register, which is written last' },
      ),
      k.loop([
        k.test('READ_ONCE(desc_status[wait_index]) == QI_DONE', (f) => f.mine.status === 'done', [k.break()]),
        k.call(
          qiCheckFault,
          (f) => ({ iommu: f.iommu, qi: f.qi, all: f.all, mine: f.mine }),
          (f, rc) => {
            f.rc = rc;
          },
        ),
        k.when((f) => f.rc !== 0, [k.break()]),
        k.spinUnlock((f) => f.qi.q_lock, { label: 'raw_spin_unlock(&qi->q_lock) while it waits' }),
        k.blockUntil('cpu_relax()', (f) => f.mine.status !== 'in use' || f.iommu.ite, {
          waiting: { kind: 'device', on: (f) => f.iommu },
          indivisible: 'the loop looks at one, then at the other, for ever: what a round misses the next one sees',
        }),
        k.spinLock((f) => f.qi.q_lock, { label: 'raw_spin_lock(&qi->q_lock) to look again' }),
      ]),
      k.step('desc_status = QI_FREE, reclaim_free_desc(qi)', (f) => {
        f.mine.status = 'free';
      }),
      k.spinUnlock((f) => f.qi.q_lock, { label: 'raw_spin_unlock(&qi->q_lock)' }),
      k.when((f) => f.rc !== -EAGAIN, [k.return((f) => f.rc)]),
    ]),
  ],
);
