/** Corpus #32: a device is moved to another HWPT, or detached, after it was preserved. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  attachAtStart,
  bindAtStart,
  iommufdDeviceDetach,
  iommufdDeviceReplace,
  makeGroup,
  preservedTest,
} from '../model/iommufd/index.ts';
import {
  behind,
  cancel,
  DEVICE_C,
  DeviceSer,
  deviceUndo,
  fixed,
  IommuSer,
  kexec,
  makeIommu,
  preserveDevice,
  preservedDevicesStay,
  preserveIommufd,
  rev1Device,
  revision1,
  revision4,
  sameTranslation,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { givenBack, iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

// `undo-by-record` has the bounds of the hole that it closes; `fixed` and `fixed-cancelled` are the large forms.
export default scenario('lu-replace-after-preserve', {
  title: 'A device is moved to another HWPT after its session has preserved it',
  about:
    'The record of a device names the domain that it had. Nothing keeps it there: its user replaces the HWPT, or detaches ' +
    'the device. After kexec the next kernel puts the device back on the old domain, while it was set up for the new one; ' +
    'and a session that is cancelled looks at the attachment of that moment, finds an HWPT that is not marked, and leaves ' +
    'the record and the count of the IOMMU behind.',
  systems: ['liveupdate', 'iommufd'],
  source: rev1Device(DEVICE_C),
  corpus: '#32',
  bounds: { replaces: 1, detaches: 0, reboots: 1, protocol: 0 },
  assumptions: ['a sleeping lock in atomic context goes unnoticed in revision 1 (#29)'],
  variants: {
    posted: {
      about: 'revision 1, replace and kexec: DMA lands in the memory of the old domain',
      settings: revision1,
      expect: { verdict: 'violated', kind: 'isolation', length: 81, states: 1_340 },
    },
    'posted-detached': {
      about: 'revision 1, detach and kexec: a device that was blocked can reach memory again',
      settings: revision1,
      bounds: { replaces: 0, detaches: 1 },
      expect: { verdict: 'violated', kind: 'isolation', length: 72, states: 947 },
    },
    'posted-cancelled': {
      about: 'revision 1, replace and cancel: the record of the device stays',
      settings: revision1,
      bounds: { reboots: 0 },
      expect: { verdict: 'violated', kind: 'leak', length: 119, states: 2_195 },
    },
    'posted-watched': {
      about: 'the same by its protocol: a preserved device stays attached to what it has',
      settings: revision1,
      bounds: { protocol: 1 },
      expect: {
        verdict: 'violated',
        kind: 'protocol',
        property: 'a preserved device stays attached',
        length: 78,
        states: 1_297,
      },
    },
    'undo-by-record': {
      about: 'a cancelled session undoes the record of the device, wherever that is attached',
      settings: [...revision1, set(deviceUndo, 'record')],
      bounds: { reboots: 0 },
      expect: { verdict: 'holds', states: 2_098, depth: 125 },
    },
    'undo-by-record-kexec': {
      about: 'the same, and kexec: no help',
      settings: [...revision1, set(deviceUndo, 'record')],
      expect: { verdict: 'violated', kind: 'isolation', length: 81, states: 1_340 },
    },
    'attach-only': {
      about: 'a later revision refuses to attach a preserved device; replace does not ask',
      settings: [...revision4, set(preservedTest, 'attach')],
      expect: { verdict: 'violated', kind: 'isolation', length: 73, states: 1_216 },
    },
    fixed: {
      about: 'attach, replace and detach refuse a preserved device, under igroup->lock',
      settings: fixed,
      bounds: { detaches: 1, protocol: 1 },
      expect: { verdict: 'holds', states: 14_239, depth: 92 },
    },
    'fixed-cancelled': {
      about: 'the same with a session that is cancelled',
      settings: fixed,
      bounds: { detaches: 1, reboots: 0, protocol: 1 },
      expect: { verdict: 'holds', states: 30_802, depth: 142 },
    },
  },
  setup: (s) => {
    const { replaces, detaches, reboots, protocol } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: 2, marked: 1, shared: true, restored: reboots });
    const { session, flb, ictx, machine } = w;
    const [first, second] = w.hwpts;
    if (first === undefined || second === undefined) return;
    const igroup = makeGroup(s, 'igroup');
    const idev = bindAtStart(s, ictx, igroup, 'idev');
    attachAtStart(s, idev, first);
    const iommu = makeIommu(s, 'iommu');
    behind(igroup, iommu);
    const devices = s.pool(DeviceSer, 1);
    s.pool(IommuSer, 1);
    s.property(
      returns(
        'the session',
        s.task('owner', [
          does(preserveIommufd, { session, ictx, flb }),
          does(preserveDevice, { session, idev, flb }),
          reboots > 0
            ? does(kexec, { session, flb, machine, group: igroup.group })
            : does(cancel, { session, ictx, idev, flb }),
        ]),
      ),
    );
    if (replaces > 0)
      s.property(returns('replace', s.task('replacer', [does(iommufdDeviceReplace, { idev, pt_id: second.id })])));
    if (detaches > 0) s.property(returns('detach', s.task('detacher', [does(iommufdDeviceDetach, { idev })])));
    s.property(
      ...givenBack(w, 1 - reboots),
      ...promises(w, protocol, { groups: [igroup.group], iommus: [iommu] }),
      ...(protocol > 0 ? [preservedDevicesStay(session, [igroup.group], devices)] : []),
      sameTranslation(machine),
      preserves(w),
      sometimes('device', 'the session preserves the device', () => session.device),
    );
  },
});
