/**
 * The change of kernels: freeze, kexec, and what the next kernel does before anybody asks: it makes a domain of each
 * record, and puts each recorded device back on its domain.
 *
 * Old tasks are not stopped by the model. Nothing that they do after kexec is seen by the next kernel: it works on the
 * records, which nobody but the session writes.
 *
 * Source: spec (i), freeze to boot; v1 08/14 for the reattachment. Limits: boot does not fail, as a failure is a panic.
 */
import { IommuGroup as Group, type IommuGroup, PagingDomain } from '../iommufd/index.ts';
import { procedure, ref } from '../kernel/index.ts';
import { advance, monitorOf } from './monitor.ts';
import { type DeviceSer, DomainSer, Flb, Machine, Session } from './objects.ts';
import { CORE_C, LUO_C, specI } from './sources.ts';

/** kernel_kexec() with the orchestrator's freeze, for a session that has something; then the boot. */
export const kexec = procedure(
  'kernel_kexec',
  {
    source: specI(LUO_C),
    params: { session: Session, flb: Flb, machine: Machine, group: ref(Group) },
    locals: { ser: ref(DomainSer) },
  },
  (k) => [
    k.mutexLock((f) => f.session.mutex),
    k.step('freeze', (f) => {
      f.session.frozen = f.session.iommufd !== null;
      if (f.session.iommufd !== null)
        for (const entry of f.session.iommufd.hwpts)
          if (entry.domain_data !== null) advance(entry.domain_data.monitor, 'frozen');
    }),
    k.when(
      (f) => f.group !== null,
      [
        k.step(
          'machine_kexec(): DMA goes on, the next kernel finds the record of the device',
          (f) => {
            const { domain, device_ser } = f.group as IommuGroup;
            const record = (device_ser as DeviceSer | null)?.domain ?? null;
            f.machine.before = domain === null ? null : monitorOf(domain);
            f.machine.after = record === null ? null : record.monitor;
          },
          { indivisible: 'no other processor runs any more' },
        ),
      ],
      [],
    ),
    k.loop([
      k.step(
        'the next record of a domain that is not deleted',
        (f) => {
          f.ser = f.flb.domains.find((ser) => !ser.deleted && ser.restored_domain === null);
        },
        { source: specI(CORE_C) },
      ),
      k.when((f) => f.ser === null, [k.break()]),
      k.kmalloc(
        PagingDomain,
        (f, domain) => {
          domain.table = (f.ser as DomainSer).table;
          domain.monitor = (f.ser as DomainSer).monitor;
          (f.ser as DomainSer).restored_domain = domain;
        },
        { label: 'iommu_restore_domain()' },
      ),
    ]),
    k.step('the next kernel is up', (f) => {
      f.machine.booted = true;
    }),
    k.mutexUnlock((f) => f.session.mutex),
  ],
);
