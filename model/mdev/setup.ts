/** What mdev scenarios build with: a parent, mdevs that are open, and processes that are bound. */
import { type Bounds, type MmView, nameOf, type Setup } from '../kernel/index.ts';
import {
  bindAtStart,
  initAtStart,
  MmExit,
  makeDevice,
  SvaDeviceInit,
  SvaDeviceShutdown,
  type SvaParts,
} from '../sva/index.ts';
import { parentInit, parentShutdown } from './hardware.ts';
import { mdevMmExit, parentMmExit } from './mm-exit.ts';
import { Mdev, MdevBond, MdevParent, ParentHardware } from './objects.ts';
import { parentBonds } from './switches.ts';

/** A parent that nobody uses yet. */
export function makeParent<B extends Bounds>(s: Setup<B>, parts: SvaParts, name: string): MdevParent {
  const hardware = s.object(ParentHardware, `${name}_hardware`);
  s.implementations(SvaDeviceInit, [parentInit]);
  s.implementations(SvaDeviceShutdown, [parentShutdown]);
  s.implementations(MmExit, [s.setting(parentBonds) === 'counted' ? parentMmExit : mdevMmExit]);
  parts.ops.sva_device_init = parentInit;
  parts.ops.sva_device_shutdown = parentShutdown;
  const dev = makeDevice(s, parts, `${name}_dev`);
  dev.iommu_priv = hardware;
  return s.object(MdevParent, name, { dev });
}

/** An mdev that is not open. */
export function makeMdev<B extends Bounds>(s: Setup<B>, parent: MdevParent, slot: number): Mdev {
  return s.object(Mdev, `mdev${slot}`, { parent, slot });
}

/** The state after mdev_open(). */
export function openAtStart<B extends Bounds>(s: Setup<B>, mdev: Mdev): void {
  const { parent } = mdev;
  if (parent.dev.sva_param === null)
    initAtStart(s, parent.dev, s.setting(parentBonds) === 'counted' ? parentMmExit : mdevMmExit);
  (parent.dev.iommu_priv as ParentHardware).live = true;
  parent.users++;
  parent.state = 'on';
  mdev.opened = true;
}

/** The state after mdev_bind(). */
export function bindMdevAtStart<B extends Bounds>(s: Setup<B>, parts: SvaParts, mdev: Mdev, mm: MmView): void {
  const { parent } = mdev;
  mdev.running = true;
  if (s.setting(parentBonds) !== 'counted') {
    mdev.pasid = bindAtStart(s, parts, parent.dev, mm, mdev).pasid;
    return;
  }
  const { pasid } = bindAtStart(s, parts, parent.dev, mm, parent);
  const b = s.object(MdevBond, `${nameOf(mm)}.mdev_bond`, { mm, pasid });
  b.users.set(mdev.slot, mdev);
  mm.mm_count.counter++;
  parent.bonds.add(b);
}
