/**
 * Walks over intrusive lists. They differ in when the next pointer is read, and that difference decides whether
 * a body may drop the lock or free nodes.
 */
import { type Actor, type List, pathOf, type Statement } from '../../checker/lang/index.ts';
import type { Of, Options } from './options.ts';

/** The local that holds the node a walk stands on. */
export interface Cursor<F, T> {
  readonly get: (f: F) => T | null;
  readonly set: (f: F, node: T | null) => void;
}

/**
 * list_for_each_entry(): the next pointer is read from the current node after the body. The body may `continue`,
 * which goes to the next node, and `break`.
 */
export function listForEachEntry<F, T>(
  list: Of<F, List<T>>,
  cursor: Cursor<F, T>,
  body: readonly Statement<F>[],
  options: Options = {},
): Statement<F> {
  const { label, as, ...notes } = options;
  return {
    op: 'loop',
    body: [
      { op: 'local', act: (f) => cursor.set(f, null) },
      {
        op: 'loop',
        body: [
          {
            op: 'step',
            ...notes,
            label: label ?? `list_for_each_entry(${shown(cursor.get)}, ${as ?? shownList(list)})`,
            derived: label === undefined,
            act: (f, self) => {
              const at = cursor.get(f);
              cursor.set(f, at === null ? list(f, self).first : list(f, self).next(at));
            },
          },
          { op: 'if', test: (f) => cursor.get(f) === null, yes: [{ op: 'break' }], no: [] },
          ...body,
        ],
      },
      { op: 'break' },
    ],
  };
}

/**
 * list_for_each_entry_safe(): the next pointer is saved before the body, so the body may free the node it stands
 * on, but whoever frees the saved one meanwhile makes the walk follow a dangling pointer.
 */
export function listForEachEntrySafe<F, T>(
  list: Of<F, List<T>>,
  cursor: Cursor<F, T>,
  saved: Cursor<F, T>,
  body: readonly Statement<F>[],
  options: Options = {},
): Statement<F> {
  const { label, as, ...notes } = options;
  return {
    op: 'loop',
    body: [
      { op: 'local', act: (f) => cursor.set(f, null) },
      {
        op: 'loop',
        body: [
          {
            op: 'step',
            ...notes,
            label:
              label ?? `list_for_each_entry_safe(${shown(cursor.get)}, ${shown(saved.get)}, ${as ?? shownList(list)})`,
            derived: label === undefined,
            act: (f, self) => {
              const l = list(f, self);
              const at = cursor.get(f) === null ? l.first : saved.get(f);
              cursor.set(f, at);
              saved.set(f, at === null ? null : l.next(at));
            },
          },
          { op: 'if', test: (f) => cursor.get(f) === null, yes: [{ op: 'break' }], no: [] },
          ...body,
        ],
      },
      { op: 'break' },
    ],
  };
}

const shown = (accessor: (f: never, self: Actor) => unknown) => pathOf(accessor as never) ?? 'pos';
const shownList = (accessor: (f: never, self: Actor) => unknown) => {
  const path = pathOf(accessor as never);
  return path === null ? 'list' : `&${path}`;
};
