/** Models of one actor that runs one body on one object, and what it has written in the end. */
import { type Body, int, type Kit, object, procedure } from '../../checker/lang/index.ts';
import { Simulator } from '../../checker/trace/simulator.ts';
import { attempt, source, tiny, values } from './tiny.ts';

export const Cell = object('cell', { value: int(0, 9), log: int(0, 250) }, { permanent: true });

/** One actor `a` that runs a body on the object `cell`. */
export function alone(build: (k: Kit<any>) => Body<any>, locals = {}) {
  return tiny((s) => {
    const p = procedure('main', { source, params: { cell: Cell }, locals }, build as never);
    s.actor('a', p, { cell: s.object(Cell, 'cell') });
  });
}

/** Value of the cell when `a` has ended; `log` has the digits that its steps appended. */
export function result(scenario: ReturnType<typeof alone>): Record<string, string> {
  const sim = new Simulator(scenario);
  for (let i = 0; sim.point(0) !== null; i++) {
    if (i > 50) throw new Error('it never ends');
    if (attempt(sim, 'a') !== 'moved') throw new Error('it is stuck');
  }
  return values(sim);
}

/** A step that appends a digit to the log. */
export const digit = (k: Kit<any>, n: number) =>
  k.step(`write ${n}`, (f) => {
    f.cell.log = f.cell.log * 10 + n;
  });
