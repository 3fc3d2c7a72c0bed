/** A guest binds an ID while VFIO frees it: the event comes before there is anybody to hear it. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  allocAtStart,
  bindGet,
  bindGpasid,
  freePendingEnds,
  freePendingPasses,
  IntelSvm,
  idOutlivesItsUse,
  makeCleanup,
  makeIoasid,
  makeIommu,
  openAtStart,
  SVM_C,
  setLife,
  svmLife,
  unbindGpasid,
  userAlloc,
  userFree,
  VtdDevice,
  v4_14,
  workerDrain,
} from '../model/ioasid/index.ts';
import { returns } from '../properties/response.ts';

const repaired = [set(setLife, 'counted'), set(svmLife, 'counted'), set(workerDrain, 'outside')];

export default scenario('ioasid-bind-vs-free', {
  title: 'an ID is freed while a guest binds it',
  about:
    'Guest bind publishes its data, then takes its reference, and does not look at the result. When VFIO frees the ID ' +
    'before the data is there, FREE is told to nobody, and the reference is refused: the ID goes with the temporary ' +
    'reference of the system call, is given out again, and the device has a context for it that nobody will remove.',
  systems: ['ioasid'],
  source: v4_14(SVM_C),
  corpus: 'new',
  bounds: { devices: 1, unbinds: 0, others: 0 },
  variants: {
    posted: {
      about: 'V4, with the repairs of #37: the work item is queued before it is prepared',
      settings: repaired,
      expect: { verdict: 'violated', kind: 'null-dereference', length: 27, states: 202 },
    },
    'work-ready': {
      about: 'the work item is prepared first; the reference is refused, and the ID is free while the device uses it',
      settings: [...repaired, set(bindGet, 'work-ready')],
      expect: { verdict: 'violated', kind: 'isolation', length: 39, states: 416 },
    },
    'get-first': {
      about: 'the reference comes first; a free before the data is there is heard by nobody, and never ends',
      settings: [...repaired, set(bindGet, 'first')],
      expect: { verdict: 'violated', kind: 'leak', length: 40, states: 400 },
    },
    fixed: {
      about: 'the reference first, and no data for an ID that is FREE_PENDING; two devices, of which one unbinds',
      settings: [...repaired, set(bindGet, 'refused')],
      bounds: { devices: 2, unbinds: 1, others: 1 },
      expect: { verdict: 'holds', states: 88_602, depth: 146 },
    },
  },
  setup: (s) => {
    const { devices, unbinds, others } = s.bounds;
    const parts = makeIoasid(s, {}, ['vtd']);
    const { core } = parts;
    makeCleanup(s, parts, false);
    const user = openAtStart(s, parts, 'vfio', 1);
    const data = allocAtStart(s, parts, user);
    const iommu = makeIommu(s, parts, data.set);
    const devs = s.objects(VtdDevice, 'dev', devices);
    s.pool(IntelSvm, 2);
    devs.forEach((dev, i) => {
      const args = { core, iommu, dev, pasid: data.id, mm: 1 };
      const guest = s.task(`guest${i}`, [does(bindGpasid, args), ...(unbinds > i ? [does(unbindGpasid, args)] : [])]);
      s.property(returns(guest.name, guest));
    });
    s.property(returns('free', s.task('vfio-task', [does(userFree, { core, user })])));
    if (others > 0) s.task('other-task', [does(userAlloc, { core, user: openAtStart(s, parts, 'other', 2) })]);
    s.property(
      idOutlivesItsUse(core, devs),
      freePendingEnds(parts.ids),
      ...freePendingPasses(core),
      sometimes('bound', 'a device has a context', () => devs.some((dev) => dev.entry !== 0)),
    );
  },
});
