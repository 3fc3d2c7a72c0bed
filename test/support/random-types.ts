/** The objects, and the locals of the frames, of every random model. */
import {
  actor,
  actors,
  array,
  bool,
  type CallbackType,
  callbackType,
  type Field,
  int,
  list,
  object,
  oneOf,
  op,
  type ParamSpec,
  ref,
  ring,
  struct,
} from '../../checker/lang/index.ts';
import type { RandomModel } from './random-model.ts';

const mutex = (name = 'mutex') => struct(name, { owner: actor() }, { spins: false });

/** Lists hold every node there can be, so that no bound of the model is ever met. */
const NODES = 7;

export type Types = ReturnType<typeof typesOf>;

export function typesOf(model: RandomModel) {
  const Notify: CallbackType<any, number> = callbackType('notify', {} as Record<string, ParamSpec>);
  const Node = object(
    'node',
    {
      v: int(0, 2, 1),
      peer: ref((): any => Node),
      m: mutex(),
      rw: struct('rwsem', { owner: actor(), readers: actors() }, { spins: false }),
      kids: list((): any => Node, NODES),
      inner: struct('inner', { w: bool(), m: mutex() }),
    } as Record<string, Field<any>>,
    { reusesAddress: model.reusesAddress },
  );
  const Box = object(
    'box',
    {
      a: int(-1, 2, 0),
      b: bool(true),
      c: oneOf('x', 'y', 'z'),
      n: int(0, 2, 1),
      m: mutex(),
      s: struct('spinlock', { owner: actor() }, { spins: true }),
      rw: struct('rwsem', { owner: actor(), readers: actors() }, { spins: false }),
      node: ref(Node),
      arr: array(int(0, 2), 2),
      slots: array(ref(Node), 2),
      mates: array(struct('mate', { who: actor() }), 2),
      queue: ring(int(0, 2), 2),
      nodes: ring(ref(Node), 2),
      list: list(Node, NODES),
      waiters: actors(),
      cb: op(Notify),
    } as Record<string, Field<any>>,
    { permanent: true },
  );
  return { Notify, Node, Box };
}

export const locals = (Node: any) => ({ u: ref(Node), y: int(0, 2), t: bool(), e: oneOf('p', 'q') });
