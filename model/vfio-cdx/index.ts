/** Interrupts of VFIO CDX devices, as scenarios use them. */
export { disableIrqs, setEventfd, triggerIrqs } from './intr.ts';
export { CdxIrqs, EventfdCtx, VfioCdx } from './objects.ts';
export { irqsAreWhole } from './promises.ts';
export * from './sources.ts';
export * from './switches.ts';
