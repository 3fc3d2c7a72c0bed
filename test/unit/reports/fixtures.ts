/**
 * Verdicts and counterexamples as the checker gives them, written by hand: the shapes follow the bug corpus, the counts
 * are made up.
 */
import type { Counterexample } from '../../../checker/trace/counterexample.ts';
import type { Verdict } from '../../../checker/verdict.ts';
import { counterexample, type Move } from './trace-builder.ts';

const vfio = {
  patch: 'v2 13/40',
  file: 'drivers/vfio/vfio_iommu_type1.c',
  ref: '20180511190641.23008-14-jean-philippe.brucker@arm.com',
};
const sva = {
  patch: 'v2 05/40',
  file: 'drivers/iommu/iommu-sva.c',
  ref: '20180511190641.23008-6-jean-philippe.brucker@arm.com',
};
const smmu = { patch: 'v2 40/40', file: 'drivers/iommu/arm-smmu-v3.c' };
const mm = { patch: 'mainline', file: 'kernel/fork.c' };
const core = { patch: 'mainline', file: 'drivers/iommu/iommu.c' };

const sources = {
  vfio_iommu_type1_detach_group: vfio,
  vfio_iommu_mm_exit: vfio,
  vfio_iommu_type1_bind_process: vfio,
  vfio_iommu_type1_unbind_process: vfio,
  iommu_sva_bind_device: sva,
  iommu_sva_unbind_device: sva,
  __iommu_sva_unbind_dev_all: sva,
  iommu_sva_device_shutdown: sva,
  iommu_notifier_release: sva,
  io_mm_detach_locked: sva,
  io_mm_attach: sva,
  iommu_detach_group: core,
  arm_smmu_priq_thread: smmu,
  arm_smmu_detach_dev: smmu,
  iopf_queue_flush_dev: { patch: 'v2 07/40', file: 'drivers/iommu/io-pgfault.c' },
  mmput: mm,
  exit_mmap: { patch: 'mainline', file: 'mm/mmap.c' },
};

const attach = ['vfio_iommu_type1_bind_process', 'iommu_sva_bind_device', 'io_mm_attach'];
const detach = [
  'vfio_iommu_type1_detach_group',
  'iommu_detach_group',
  'arm_smmu_detach_dev',
  '__iommu_sva_unbind_dev_all',
];
const exit = ['mmput', 'exit_mmap', 'iommu_notifier_release'];

const bindMoves: readonly Move[] = [
  { actor: 'owner', in: attach.slice(0, 1), label: 'mutex_lock(&iommu->lock)', takes: 'iommu.lock' },
  {
    actor: 'owner',
    in: attach.slice(0, 2),
    label: 'kzalloc(sizeof(*bond))',
    choice: 'ok',
    changes: [
      ['bond0', null, 'iommu_bond'],
      ['bond0.refs', null, '0'],
      ['bond0.mm_exit_active', null, 'false'],
      ['bond0.pasid', null, '0'],
      ['owner:bond', 'NULL', 'bond0'],
    ],
  },
  { actor: 'owner', in: attach, label: 'spin_lock(&iommu_sva_lock)', takes: 'iommu_sva_lock' },
  {
    actor: 'owner',
    in: attach,
    label: 'list_add(&bond->mm_head, &io_mm->devices)',
    changes: [
      ['io_mm0.devices', '[]', '[bond0]'],
      ['dev0.mm_list', '[]', '[bond0]'],
      ['bond0.refs', '0', '1'],
      ['bond0.pasid', '0', '5'],
    ],
  },
  { actor: 'owner', in: attach, label: 'spin_unlock(&iommu_sva_lock)', drops: 'iommu_sva_lock' },
  { actor: 'owner', in: attach.slice(0, 1), label: 'mutex_unlock(&iommu->lock)', drops: 'iommu.lock' },
];

const initial = [
  { path: 'iommu.lock.owner', value: 'NULL' },
  { path: 'iommu.mm_list', value: '[vfio_mm0]' },
  { path: 'iommu_sva_lock.owner', value: 'NULL' },
  { path: 'group0.mutex.owner', value: 'NULL' },
  { path: 'io_mm0.devices', value: '[]' },
  { path: 'io_mm0.refs', value: '1' },
  { path: 'dev0.mm_list', value: '[]' },
  { path: 'dev0.sva_enabled', value: 'true' },
  { path: 'mm0.mm_users', value: '1' },
  { path: 'mm0.mm_count', value: '2' },
  { path: 'smmu.priq', value: '[]' },
  { path: 'owner:bond', value: 'NULL' },
  { path: 'exit:bond', value: 'NULL' },
];

/** Group detach holds iommu->lock and waits for an mm_exit callback that wants it. */
export const deadlock: Counterexample = counterexample(
  {
    roles: { owner: 'task', exit: 'task', priq: 'irq', fault: 'worker', device: 'hardware' },
    sources,
    moves: [
      ...bindMoves,
      {
        actor: 'exit',
        in: ['mmput'],
        label: 'atomic_dec_and_test(&mm->mm_users)',
        changes: [['mm0.mm_users', '1', '0']],
      },
      {
        actor: 'device',
        in: ['pci_device'],
        label: 'page request',
        changes: [['smmu.priq', '[]', '[pasid 5]']],
        note: 'the last one before the stop',
      },
      { actor: 'exit', in: exit, label: 'spin_lock(&iommu_sva_lock)', takes: 'iommu_sva_lock' },
      {
        actor: 'priq',
        in: ['arm_smmu_priq_thread'],
        label: 'pop the entry',
        changes: [['smmu.priq', '[pasid 5]', '[]']],
      },
      {
        actor: 'exit',
        in: exit,
        label: 'bond->mm_exit_active = true',
        changes: [
          ['bond0.mm_exit_active', 'false', 'true'],
          ['bond0.refs', '1', '2'],
          ['exit:bond', 'NULL', 'bond0'],
        ],
        essential: true,
      },
      { actor: 'exit', in: exit, label: 'spin_unlock(&iommu_sva_lock)', drops: 'iommu_sva_lock' },
      {
        actor: 'owner',
        in: detach.slice(0, 1),
        label: 'mutex_lock(&iommu->lock)',
        takes: 'iommu.lock',
        essential: true,
      },
      { actor: 'owner', in: detach.slice(0, 2), label: 'mutex_lock(&group->mutex)', takes: 'group0.mutex' },
      { actor: 'owner', in: detach, label: 'spin_lock(&iommu_sva_lock)', takes: 'iommu_sva_lock' },
      { actor: 'owner', in: detach, label: 'bond->refs++', changes: [['bond0.refs', '2', '3']] },
      {
        actor: 'owner',
        in: [...detach, 'io_mm_detach_locked'],
        label: 'wait_event: mm_exit_active, drop iommu_sva_lock and sleep',
        drops: 'iommu_sva_lock',
        changes: [['bond0.mm_exit_wq', '{}', '{owner}']],
        essential: true,
      },
    ],
    endings: {
      owner: {
        status: 'blocked',
        next: 'wait_event: woken up',
        in: [...detach, 'io_mm_detach_locked'],
        waits: { kind: 'wait', on: 'bond0.mm_exit_active', owners: ['exit'], since: 17 },
      },
      exit: {
        status: 'blocked',
        next: 'mutex_lock(&iommu->lock)',
        in: [...exit, 'vfio_iommu_mm_exit'],
        waits: { kind: 'lock', on: 'iommu.lock', owners: ['owner'], since: 13 },
      },
      priq: { status: 'idle', next: 'wait for an entry' },
      fault: { status: 'idle', next: 'wait for work' },
      device: { status: 'idle', next: 'page request' },
    },
  },
  {
    evidence: {
      kind: 'deadlock',
      message: 'owner holds iommu.lock and waits for exit, which waits for iommu.lock',
      objects: ['iommu.lock', 'bond0'],
      actors: ['owner', 'exit'],
    },
    headline: 'deadlock in vfio_iommu_type1_detach_group / vfio_iommu_mm_exit',
    subkind: 'lock + wait',
    initial,
    needed: [{ before: 12, after: 15 }],
    story: [
      'exit marks bond0 as exiting (step 11) and is about to call back into VFIO.',
      'Before it does, owner takes iommu.lock to detach the group (step 13) and waits, with the lock held, for the callback to end (step 17).',
      'The callback needs iommu.lock, so neither can go on.',
    ],
    waitFor: {
      nodes: [
        { id: 'owner', kind: 'actor' },
        { id: 'bond0.mm_exit_active', kind: 'condition' },
        { id: 'exit', kind: 'actor' },
        { id: 'iommu.lock', kind: 'lock' },
      ],
      edges: [
        { from: 'owner', to: 'bond0.mm_exit_active', label: 'waits for' },
        { from: 'bond0.mm_exit_active', to: 'exit', label: 'needs' },
        { from: 'exit', to: 'iommu.lock', label: 'waits for' },
        { from: 'iommu.lock', to: 'owner', label: 'owned by' },
      ],
      cycle: ['owner', 'bond0.mm_exit_active', 'exit', 'iommu.lock'],
    },
    lockOrder: {
      nodes: [
        { id: 'iommu.lock', kind: 'lock' },
        { id: 'group0.mutex', kind: 'lock' },
        { id: 'iommu_sva_lock', kind: 'lock' },
      ],
      edges: [
        { from: 'iommu.lock', to: 'group0.mutex', label: 'owner, step 14' },
        { from: 'group0.mutex', to: 'iommu_sva_lock', label: 'owner, step 15' },
        { from: 'iommu.lock', to: 'iommu_sva_lock', label: 'owner, step 3' },
      ],
      cycle: [],
    },
  },
);

const unbind = ['iommu_sva_unbind_device', 'io_mm_detach_locked'];
const all = ['iommu_sva_device_shutdown', '__iommu_sva_unbind_dev_all'];

/** A second unbinder frees the bond under the first, which still sleeps on it. */
export const useAfterFree: Counterexample = counterexample(
  {
    roles: { binder: 'task', exit: 'task', unbind: 'task', shutdown: 'task' },
    sources,
    moves: [
      ...bindMoves.map((m) => ({
        ...m,
        actor: 'binder',
        ...(m.changes === undefined ? {} : { changes: m.changes.filter(([p]) => !p.startsWith('owner:')) }),
      })),
      {
        actor: 'exit',
        in: exit,
        label: 'bond->mm_exit_active = true',
        changes: [['bond0.mm_exit_active', 'false', 'true']],
      },
      { actor: 'unbind', in: unbind, label: 'spin_lock(&iommu_sva_lock)', takes: 'iommu_sva_lock' },
      { actor: 'unbind', in: unbind, label: 'bond->refs++', changes: [['bond0.refs', '1', '2']] },
      {
        actor: 'unbind',
        in: unbind,
        label: 'wait_event: drop iommu_sva_lock and sleep',
        drops: 'iommu_sva_lock',
        essential: true,
      },
      { actor: 'exit', in: exit, label: 'spin_lock(&iommu_sva_lock)', takes: 'iommu_sva_lock' },
      {
        actor: 'exit',
        in: exit,
        label: 'bond->mm_exit_active = false, wake_up_all',
        changes: [['bond0.mm_exit_active', 'true', 'false']],
      },
      { actor: 'exit', in: exit, label: '--bond->refs', changes: [['bond0.refs', '2', '1']] },
      { actor: 'exit', in: exit, label: 'spin_unlock(&iommu_sva_lock)', drops: 'iommu_sva_lock', essential: true },
      { actor: 'shutdown', in: all, label: 'spin_lock(&iommu_sva_lock)', takes: 'iommu_sva_lock' },
      {
        actor: 'shutdown',
        in: [...all, 'io_mm_detach_locked'],
        label: 'read bond->refs, decide to detach',
        changes: [['bond0.refs', '1', '0']],
      },
      {
        actor: 'shutdown',
        in: [...all, 'io_mm_detach_locked'],
        label: 'kfree(bond)',
        changes: [
          ['bond0', 'iommu_bond', null],
          ['bond0.refs', '0', null],
          ['bond0.mm_exit_active', 'false', null],
          ['bond0.pasid', '5', null],
        ],
        essential: true,
      },
      { actor: 'shutdown', in: all, label: 'spin_unlock(&iommu_sva_lock)', drops: 'iommu_sva_lock' },
      { actor: 'unbind', in: unbind, label: 'spin_lock(&iommu_sva_lock) again', takes: 'iommu_sva_lock' },
      { actor: 'unbind', in: unbind, label: 're-read bond->mm_exit_active', essential: true },
    ],
    endings: {},
  },
  {
    evidence: {
      kind: 'use-after-free',
      message: 'bond0.mm_exit_active was read after bond0 was freed',
      objects: ['bond0'],
      actors: ['unbind'],
    },
    headline: 'use-after-free in io_mm_detach_locked',
    signature: 'b02c77e1',
    initial,
    needed: [
      { before: 10, after: 14 },
      { before: 17, after: 20 },
    ],
    story: [
      'unbind sleeps until the exit callback is over, with a reference on bond0 but no claim to free it.',
      'shutdown takes the lock before unbind wakes, reads one reference, and frees bond0 (step 17).',
      'unbind wakes and reads the freed bond (step 20).',
    ],
  },
);

/** A reference count that goes below zero. */
export const refcount: Counterexample = counterexample(
  {
    roles: { worker: 'worker', detach: 'task' },
    sources,
    moves: [
      {
        actor: 'detach',
        in: ['iommu_sva_device_shutdown'],
        label: 'kref_put(&fault_param->users)',
        changes: [['fault_param0.users', '2', '1']],
      },
      {
        actor: 'worker',
        in: ['arm_smmu_priq_thread'],
        label: 'kref_put(&fault_param->users)',
        changes: [['fault_param0.users', '1', '0']],
        essential: true,
      },
      { actor: 'worker', in: ['arm_smmu_priq_thread'], label: 'kref_put(&fault_param->users) again', essential: true },
    ],
    endings: {},
  },
  {
    evidence: {
      kind: 'refcount',
      message: 'fault_param0.users would go below zero',
      objects: ['fault_param0'],
      actors: ['worker'],
    },
    headline: 'refcount underflow in arm_smmu_priq_thread',
    signature: '00c0ffee',
    needed: [{ before: 1, after: 2 }],
    failures: { kmalloc: 1 },
    minimal: 'shortest',
  },
);

/** A page request of one process answered from the memory of another. */
export const isolation: Counterexample = counterexample(
  {
    roles: { device: 'hardware', priq: 'irq', unbind: 'task', bind: 'task', fault: 'worker' },
    sources,
    moves: [
      {
        actor: 'device',
        in: ['pci_device'],
        label: 'page request pasid 5',
        changes: [
          ['smmu.priq', '[]', '[req0]'],
          ['req0.pasid', null, '5'],
        ],
      },
      {
        actor: 'priq',
        in: ['arm_smmu_priq_thread'],
        label: 'pop the entry',
        changes: [['smmu.priq', '[req0]', '[]']],
        essential: true,
      },
      {
        actor: 'unbind',
        in: ['iommu_sva_unbind_device', 'iopf_queue_flush_dev'],
        label: 'the queue is empty',
        essential: true,
      },
      {
        actor: 'unbind',
        in: ['iommu_sva_unbind_device'],
        label: 'free the PASID',
        changes: [['pasid5.mm', 'mm0', 'NULL']],
      },
      {
        actor: 'bind',
        in: ['iommu_sva_bind_device'],
        label: 'allocate the PASID',
        changes: [['pasid5.mm', 'NULL', 'mm1']],
        essential: true,
      },
      { actor: 'priq', in: ['arm_smmu_priq_thread'], label: 'queue the fault' },
      {
        actor: 'fault',
        in: ['iopf_handle_single'],
        label: 'handle_mm_fault',
        changes: [['mm1.faults', '0', '1']],
        essential: true,
      },
    ],
    endings: { device: { status: 'idle', next: 'page request' }, priq: { status: 'idle', next: 'wait for an entry' } },
  },
  {
    evidence: {
      kind: 'isolation',
      message: 'the page request of mm0 was answered from mm1',
      objects: ['pasid5', 'req0', 'mm1'],
      actors: ['fault'],
    },
    headline: 'isolation in iopf_handle_single',
    property: 'page requests reach the address space they came from',
    signature: '1501a710',
    needed: [
      { before: 2, after: 3 },
      { before: 5, after: 7 },
    ],
  },
);

/** A spinlock held across a step that may sleep. */
export const atomicSleep: Counterexample = counterexample(
  {
    roles: { t0: 'task' },
    sources: {},
    moves: [
      { actor: 't0', in: ['preserve_hwpt'], label: 'xa_lock(&ictx->objects)', takes: 'ictx.xa_lock' },
      { actor: 't0', in: ['preserve_hwpt'], label: 'mutex_lock(&hwpt->mutex)', essential: true },
    ],
    endings: {},
  },
  {
    evidence: {
      kind: 'sleep-in-atomic',
      message: 'mutex_lock may sleep while ictx.xa_lock is held',
      objects: ['ictx.xa_lock'],
      actors: ['t0'],
    },
    headline: 'sleep-in-atomic in preserve_hwpt',
    signature: '5133p0ff',
    minimal: 'local',
    needed: [],
  },
);

/** An object that nobody can reach any more. */
export const leak: Counterexample = counterexample(
  {
    roles: { t0: 'task', t1: 'task' },
    sources,
    moves: [
      { actor: 't0', in: attach.slice(0, 2), label: 'kzalloc(sizeof(*bond))', changes: [['bond0.refs', null, '0']] },
      { actor: 't1', in: all, label: 'walk dev->mm_list: empty', essential: true },
      { actor: 't0', in: attach, label: 'list_add fails', essential: true },
    ],
    endings: {},
  },
  {
    evidence: {
      kind: 'leak',
      message: 'bond0 is still allocated and nothing leads to it',
      objects: ['bond0'],
      actors: [],
    },
    headline: 'leak in iommu_sva_bind_device',
    signature: '1eaf0000',
    needed: [{ before: 2, after: 3 }],
  },
);

/** Six lanes and forty steps: what a large trace asks of a layout. */
export const crowded: Counterexample = (() => {
  const names = ['open0', 'open1', 'exit0', 'priq', 'fault0', 'device0', 'device1'];
  const moves: Move[] = [];
  for (let i = 0; i < 48; i++) {
    const actor = names[(i * i + (i >> 2)) % names.length] ?? 'open0';
    const lock = i % 9 === 2 ? 'iommu_sva_lock' : undefined;
    const holder = moves.find(
      (m) => m.takes !== undefined && !moves.some((d) => d.drops === m.takes && moves.indexOf(d) > moves.indexOf(m)),
    );
    if (holder !== undefined && i % 4 === 3)
      moves.push({ actor: holder.actor, in: attach, label: 'spin_unlock(&iommu_sva_lock)', drops: 'iommu_sva_lock' });
    else if (holder === undefined && lock !== undefined)
      moves.push({ actor, in: attach, label: 'spin_lock(&iommu_sva_lock)', takes: lock });
    else
      moves.push({
        actor,
        in: attach.slice(0, 1 + (i % 3)),
        label: `access number ${i} of io_mm->devices`,
        changes: [[`queue${i % 3}.length`, String(i % 5), String((i % 5) + 1)]],
        essential: i % 11 === 10,
      });
  }
  return counterexample(
    {
      roles: Object.fromEntries(names.map((n) => [n, n.startsWith('device') ? 'hardware' : 'task'])),
      sources,
      moves,
      endings: {},
    },
    {
      evidence: {
        kind: 'protocol',
        message: 'a callback ran after teardown returned',
        objects: ['queue1'],
        actors: ['fault0'],
      },
      headline: 'protocol in iommu_sva_device_shutdown / iopf_handle_single',
      property: 'no callback after teardown',
      signature: 'c20edced',
      needed: [
        { before: 11, after: 22 },
        { before: 22, after: 33 },
        { before: 33, after: 44 },
      ],
    },
  );
})();

/** A walk of `length` steps of three actors over a lock and a few values, as long searches without a shortest path give. */
export function endless(length: number): Counterexample {
  const actors = ['binder', 'fault', 'device'];
  const moves = Array.from({ length }, (_, i): Move => {
    const round = i % 12;
    const actor = actors[(i * 7 + (i >> 4)) % 3] as string;
    if (round === 4)
      return { actor: 'binder', in: attach, label: 'spin_lock(&iommu_sva_lock)', takes: 'iommu_sva_lock' };
    if (round === 8)
      return { actor: 'binder', in: attach, label: 'spin_unlock(&iommu_sva_lock)', drops: 'iommu_sva_lock' };
    return {
      actor,
      in: attach.slice(0, 1 + (i % 3)),
      label: `access ${i % 29} of io_mm->devices`,
      ...(round % 3 === 0
        ? {}
        : { changes: [[`queue${i % 5}.length`, String(i % 17), String((i + 1) % 17)] as const] }),
      essential: i % 997 === 996,
    };
  });
  return counterexample(
    { roles: { binder: 'task', fault: 'worker', device: 'hardware' }, sources, moves, endings: {} },
    {
      evidence: {
        kind: 'assertion',
        message: 'queue1 is longer than it may be',
        objects: ['queue1'],
        actors: ['fault'],
      },
      headline: 'assertion in io_mm_attach',
      signature: 'e17d1e55',
      minimal: 'local',
    },
  );
}

/** Names as a model must not be trusted with: tags, control characters, entities, line separators. */
export const HOSTILE =
  '</script><script>window.pwned=1</script><img src=x onerror="window.pwned=2"><!--\u2028\u001b[31m&amp;\'"`';

export const hostile: Counterexample = counterexample(
  {
    roles: { [HOSTILE]: HOSTILE, other: 'task' },
    sources: { [HOSTILE]: { patch: HOSTILE, file: HOSTILE, ref: `javascript:alert(1)${HOSTILE}` } },
    moves: [
      {
        actor: HOSTILE,
        in: [HOSTILE],
        label: HOSTILE,
        choice: HOSTILE,
        note: HOSTILE,
        changes: [[HOSTILE, null, HOSTILE]],
        takes: HOSTILE,
      },
      { actor: 'other', in: [HOSTILE], label: 'x', essential: true },
    ],
    endings: {
      other: {
        status: 'blocked',
        next: HOSTILE,
        in: [HOSTILE],
        waits: { kind: 'lock', on: HOSTILE, owners: [HOSTILE], since: 1 },
      },
    },
  },
  {
    evidence: { kind: 'deadlock', message: HOSTILE, objects: [HOSTILE], actors: [HOSTILE, 'other'] },
    property: HOSTILE,
    subkind: HOSTILE,
    headline: HOSTILE,
    story: [HOSTILE],
    needed: [{ before: 1, after: 2 }],
    failures: { [HOSTILE]: 1 },
    initial: [{ path: HOSTILE, value: HOSTILE }],
    waitFor: {
      nodes: [
        { id: HOSTILE, kind: 'actor' },
        { id: 'l', kind: 'lock' },
      ],
      edges: [{ from: HOSTILE, to: 'l', label: HOSTILE }],
      cycle: [],
    },
    schedule: HOSTILE,
  },
);

/** A verdict around counterexamples. */
export function verdict(violations: readonly Counterexample[], about: Partial<Verdict> = {}): Verdict {
  const broken = violations.map((v) => v.property);
  const complete = about.complete ?? violations.length === 0;
  return {
    schema: 'quiesce.verdict/1',
    tool: { name: 'quiesce', version: '0.1.0' },
    scenario: {
      name: 'vfio-detach-exit',
      title: 'Group detach against mm_exit',
      about: 'The owner of a container detaches its group while the last thread of a bound process exits.',
      systems: ['sva', 'vfio', 'smmu'],
      source: vfio,
      corpus: '#1',
      assumptions: ['the device stops sending page requests when it is told to'],
    },
    variant: 'posted',
    variantAbout: 'the patch as it was sent',
    settings: { 'vfio.mmput': 'async', 'sva.shutdown': 'waits' },
    bounds: { mms: 1, devices: 1, requests: 2 },
    failures: { kmalloc: 0 },
    modelHash: '9d3b17aa04c2e6f1',
    options: { strategy: 'bfs', maxStates: null, all: false },
    outcome: violations.length > 0 ? 'violated' : 'holds',
    complete,
    incompleteBecause: complete ? null : 'stopped at the first violation',
    counts: {
      states: 1_204_118,
      transitions: 4_981_220,
      depth: 31,
      left: complete ? 0 : 88_310,
      stateBytes: 96,
      levels: [1, 5, 20],
    },
    store: 'exact',
    reductions: [{ name: 'symmetry over tasks', factor: 4.27 }],
    properties: [
      ...[...new Set(['deadlock', 'use-after-free', ...broken])].map((name) => ({
        name,
        kind: 'built-in' as const,
        about: `no schedule ends in ${name}`,
        result: broken.includes(name) ? ('violated' as const) : ('holds' as const),
      })),
      { name: 'a callback runs', kind: 'sometimes', about: 'mm_exit is called at least once', result: 'reached' },
    ],
    coverage: {
      steps: 64,
      taken: 61,
      neverTaken: [
        { actor: 'owner', procedure: 'vfio_iommu_type1_bind_process', label: 'kzalloc(sizeof(*bond))', choice: 'fail' },
        { actor: 'owner', procedure: 'io_mm_attach', label: 'goto err_unlock', choice: null },
        { actor: 'device', procedure: 'pci_device', label: 'ATS timeout', choice: null },
      ],
      neverBlocked: [{ actor: 'priq', procedure: 'arm_smmu_priq_thread', label: 'spin_lock(&wq->lock)', choice: null }],
      neverTrue: [{ actor: 'owner', procedure: 'io_mm_attach', label: 'err != 0', choice: null }],
      neverFalse: [{ actor: 'owner', procedure: 'io_mm_attach', label: 'domain has mm_attach', choice: null }],
    },
    coarse: [],
    violations,
    expected: null,
    asExpected: null,
    unexpected: [],
    timing: {
      seconds: 7.13,
      statesPerSecond: 168_881,
      workers: 1,
      peakMemoryBytes: 644_245_094,
      date: '2026-11-21',
      machine: 'x64, 2 cores',
    },
    ...about,
  };
}

export const holds = verdict([], {
  variant: 'fixed',
  variantAbout: 'the group is unlinked under the lock, unbound after it is dropped',
  expected: { verdict: 'holds', states: 1_204_118, depth: 31 },
  asExpected: true,
});

export const undecided = verdict([], {
  variant: 'fixed',
  outcome: 'undecided',
  complete: false,
  incompleteBecause: 'the limit of 1,000,000 states was reached',
  properties: [{ name: 'deadlock', kind: 'built-in', about: 'somebody can always move', result: 'undecided' }],
});
