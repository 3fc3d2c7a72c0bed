/**
 * The protocol of live update for one HWPT, as a monitor beside the model: what its user has asked for and what has
 * become of it, across the change of kernels. Ghost; no step of the model reads it.
 *
 * Source: spec (i), protocol monitor. What a preserved HWPT must not undergo is looked at by `promises.ts`.
 */
import { type Always, always, bool, nameOf, object, oneOf, racy, type ViewOf, violated } from '../kernel/index.ts';
import { specI } from './sources.ts';

const states = ['fresh', 'marked', 'preserved', 'frozen', 'restored', 'normal'] as const;

/** Why its fields are marked. */
const noField = 'a ghost, no field of the kernel';

export const LuMonitor = object(
  'lu_monitor',
  {
    state: racy(oneOf(...states), noField),
    /** The first step that the protocol does not know: from where, and where to. */
    broken: racy(bool(), noField),
    from: racy(oneOf(...states), noField),
    to: racy(oneOf(...states), noField),
  },
  { permanent: true, source: specI() },
);
export interface LuMonitor extends ViewOf<typeof LuMonitor> {}

/** The monitor of a domain: it goes over to the next kernel with the record. */
export const monitorOf = (domain: { readonly monitor: object | null }): LuMonitor => domain.monitor as LuMonitor;

type State = LuMonitor['state'];

/** Where each state may lead. A cancelled session leads back to `marked`; UNMARK, where there is one, to `fresh`. */
const leads: Readonly<Record<State, readonly State[]>> = {
  fresh: ['marked'],
  marked: ['marked', 'preserved', 'fresh'],
  preserved: ['frozen', 'marked'],
  frozen: ['restored', 'preserved'],
  restored: ['normal'],
  normal: ['marked'],
};

/** For use inside a step: the HWPT goes on to a state; the first time that breaks the protocol is kept. */
export function advance(monitor: LuMonitor, to: State): void {
  if (!monitor.broken && !leads[monitor.state].includes(to)) {
    monitor.broken = true;
    monitor.from = monitor.state;
    monitor.to = to;
  }
  monitor.state = to;
}

/** Nobody leaves the protocol. */
export function followsProtocol(monitors: readonly LuMonitor[]): Always {
  return always('protocol of live update', 'an HWPT is marked, preserved, frozen, restored, and normal again', () => {
    for (const monitor of monitors)
      if (monitor.broken)
        return violated('protocol', `${nameOf(monitor)} is ${monitor.from} and becomes ${monitor.to}`, {
          objects: [nameOf(monitor)],
        });
    return null;
  });
}

/** The note of a step that also moves a monitor. */
export const ghost = { indivisible: 'the state of the protocol is a ghost' };

/** MARK: an HWPT that is marked already, or preserved, stays what it is. */
export function marked(monitor: LuMonitor): void {
  if (monitor.state === 'fresh' || monitor.state === 'normal') monitor.state = 'marked';
}

/** UNMARK of an HWPT that is not preserved; of one that is, its user has taken back what he asked for. */
export function unmarked(monitor: LuMonitor): void {
  if (monitor.state === 'marked') monitor.state = 'fresh';
}
