/**
 * The smallest device driver that uses SVA: its private data is what mm_exit gets, and is freed once shutdown has
 * returned. `in_exit` and `closed` are ghosts for the promise that no callback runs after teardown.
 *
 * Source: the contract in spec (a) and in the thread of v2 13/40.
 */
import { bool, errno, int, object, opaque, procedure, ptr, type ViewOf } from '../kernel/index.ts';
import { iommuSvaDeviceShutdown } from './device.ts';
import { Device, MAX_PASID } from './objects.ts';
import { seed0, v2_04 } from './sources.ts';
import { iommuSvaUnbindDevice } from './unbind.ts';

/** A driver's private data for one binding. */
export const DriverData = object(
  'driver_data',
  {
    /** The hardware context works for the process. */
    running: bool(true),
    /** Ghost: mm_exit is between its first and its last step. */
    in_exit: bool(),
    /** Ghost: the driver was told that no callback will use this data any more. */
    closed: bool(),
  },
  { source: v2_04() },
);
export interface DriverData extends ViewOf<typeof DriverData> {}

/** mm_exit of this driver: stops the hardware context, which takes a while. */
export const driverMmExit = procedure(
  'driver_mm_exit',
  {
    source: v2_04(),
    params: { dev: Device, pasid: int(0, MAX_PASID), drvdata: opaque() },
    returns: errno(),
  },
  (k) => [
    k.step('ask the hardware to stop', (f) => {
      (f.drvdata as DriverData).in_exit = true;
    }),
    k.step(
      'hardware has stopped',
      (f) => {
        (f.drvdata as DriverData).running = false;
        (f.drvdata as DriverData).in_exit = false;
      },
      { indivisible: 'both say what the device does, and the driver learns it in one instant' },
    ),
    k.return(0),
  ],
);

/** A driver lets go of one process: unbind, after which mm_exit must not use the data. */
export const driverUnbind = procedure(
  'driver_unbind',
  { source: v2_04(), params: { dev: Device, pasid: int(0, MAX_PASID), data: DriverData } },
  (k) => [
    k.call(iommuSvaUnbindDevice, (f) => ({ dev: f.dev, pasid: f.pasid })),
    k.step('unbind has returned', (f) => {
      f.data.closed = true;
    }),
  ],
);

/** A driver leaves the device: shutdown, then its data is freed. */
export const driverRemove = procedure(
  'driver_remove',
  { source: seed0(), params: { dev: Device, data: ptr(DriverData) } },
  (k) => [k.call(iommuSvaDeviceShutdown, (f) => ({ dev: f.dev })), k.kfree((f) => f.data, { label: 'kfree(drvdata)' })],
);
