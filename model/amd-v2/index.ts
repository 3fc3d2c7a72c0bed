/** The first SVA of the AMD driver: PASIDs of one device, their faults, and their end. */
export { bindPasid, freeLater, mnRelease, unbindPasid } from './bind.ts';
export { doFault, pprNotifier } from './fault.ts';
export { DeviceState, Fault, PasidState } from './objects.ts';
export { AMD_V2_C, deferred, early, v3_17, waitEventPatch } from './sources.ts';
export { putPasidState, strayWakeUp, waitForOthers } from './state.ts';
export { bindHolds, putWait, releaseFrees, unbindWaits } from './switches.ts';
