/**
 * The PASID array of a group: which handle a (device, PASID) has.
 *
 * Source: spec (j); lib/xarray.c. Index 1 lies in the head of the tree; while a higher one is in use there is an upper
 * node, `root`, through which both are found. Taking the higher one away shrinks the tree: the head moves down and the
 * node is freed. Writers hold the group mutex. Look-ups follow the tree without a lock, as the review of v5 10/12 argues
 * they may (mainline takes xa_lock around them, which is stronger).
 */

import { LAST_PASID } from '../iopf/hardware.ts';
import { containerOf, EBUSY, ENOMEM, errno, int, procedure, RcuCallback, ref } from '../kernel/index.ts';
import { Handle, IommuGroup, XaNode } from './objects.ts';
import { rcuReadLock, rcuReadUnlock } from './rcu.ts';
import { IOMMU_C, v5_10_12, v6_14 } from './sources.ts';
import { nodeFree, pasidTaken } from './switches.ts';

const XARRAY_C = 'lib/xarray.c';
const oneStore = 'one pointer store makes it visible; what it leads to was written before';

/** xa_insert() with the group mutex held; -EBUSY where the PASID is taken. */
export const xaInsert = procedure(
  'xa_insert',
  {
    source: v6_14(XARRAY_C),
    params: { group: IommuGroup, pasid: int(0, LAST_PASID), handle: Handle },
    locals: { root: ref(XaNode) },
    returns: errno(),
  },
  (k) => [
    k.switch(pasidTaken, {
      refused: [
        k.test(
          'is the PASID taken?',
          (f) =>
            f.pasid === 1 ? f.group.low !== null : f.group.root !== null && f.group.root.slots.at(f.pasid) !== null,
          [k.return(-EBUSY)],
        ),
      ],
      overwritten: [],
    }),
    k.when(
      (f) => f.pasid > 1,
      [
        k.test(
          'does the tree reach that high?',
          (f) => f.group.root !== null,
          [],
          [
            k.kmalloc(
              XaNode,
              (f, fresh) => {
                f.root = fresh;
              },
              { orElse: [k.return(-ENOMEM)] },
            ),
            k.step(
              'xa_head = node',
              (f) => {
                const root = f.root as XaNode;
                root.slots.set(1, f.group.low);
                f.group.root = root;
              },
              { indivisible: oneStore },
            ),
          ],
        ),
      ],
    ),
    k.step(
      'store the handle',
      (f) => {
        if (f.pasid === 1) f.group.low = f.handle;
        if (f.group.root !== null) f.group.root.slots.set(f.pasid, f.handle);
      },
      { indivisible: oneStore },
    ),
    k.return(0),
  ],
);

/** The node is freed when the readers that may have seen it are done. */
export const xaNodeFree = procedure(
  'radix_tree_node_rcu_free',
  { source: v6_14(XARRAY_C), params: RcuCallback.params },
  (k) => [k.kfree((f) => containerOf(f.head, XaNode), { label: 'kmem_cache_free(xa_node)' }), k.return()],
);

/** xa_erase() with the group mutex held. */
export const xaErase = procedure(
  'xa_erase',
  {
    source: v6_14(XARRAY_C),
    params: { group: IommuGroup, pasid: int(0, LAST_PASID) },
    locals: { root: ref(XaNode) },
  },
  (k) => [
    k.step(
      'erase the handle',
      (f) => {
        f.root = f.group.root;
        if (f.pasid === 1) f.group.low = null;
        if (f.root !== null) f.root.slots.set(f.pasid, null);
      },
      { indivisible: oneStore },
    ),
    k.when(
      (f) => f.pasid > 1 && f.root !== null,
      [
        k.step('xa_shrink(): the head moves down', (f) => {
          f.group.root = null;
        }),
        k.switch(nodeFree, {
          'by RCU': [
            k.callSrcu(
              (f) => f.group.rcu,
              (f) => f.root as XaNode,
              xaNodeFree,
              { label: 'call_rcu(&node->rcu_head)' },
            ),
          ],
          'at once': [k.kfree((f) => f.root, { label: 'kmem_cache_free(xa_node)' })],
        }),
      ],
    ),
    k.return(),
  ],
);

/** iommu_attach_handle_get(), without the lock; NULL when nobody has the PASID. */
export const iommuAttachHandleGet = procedure(
  'iommu_attach_handle_get',
  {
    source: v5_10_12(IOMMU_C),
    params: { group: IommuGroup, pasid: int(0, LAST_PASID) },
    locals: { root: ref(XaNode), handle: ref(Handle) },
    returns: ref(Handle),
  },
  (k) => [
    rcuReadLock((f) => f.group.rcu),
    k.step(
      'xas_start(): xa_head',
      (f) => {
        f.root = f.group.root;
        if (f.root === null && f.pasid === 1) f.handle = f.group.low;
      },
      { indivisible: 'head and index 1 are one word: the head is an entry or a node' },
    ),
    k.when(
      (f) => f.root !== null,
      [
        k.step('xas_descend(): node->slots[pasid]', (f) => {
          f.handle = (f.root as XaNode).slots.at(f.pasid);
        }),
      ],
    ),
    rcuReadUnlock((f) => f.group.rcu),
    k.return((f) => f.handle),
  ],
);
