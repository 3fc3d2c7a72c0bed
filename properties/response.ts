/**
 * Responses: a device that waits for an answer gets one, and a call that was made returns.
 *
 * Source: global properties G-PRI and G-LIVE of the specification. That nothing is answered twice is checked where the
 * answer is given, because only the step knows it: together with `everyRequestAnswered`, every page request is answered
 * exactly once.
 */
import { type Actor, atEnd, eventually, leadsTo, nameOf, type Property, violated } from '../checker/lang/index.ts';

/** A page request as far as its answer goes; `pasid` is zero until it is sent. */
export interface AnswerableRequest {
  readonly pasid: number;
  readonly last: boolean;
  readonly answer: string;
}

/** When everything has come to rest, every group of page requests that was completed has been answered. */
export function everyGroupAnswered(requests: readonly (AnswerableRequest & object)[]): Property {
  return atEnd('every-group-answered', 'the last request of each group has got an answer', () => {
    const waiting = requests.filter((r) => r.last && r.pasid !== 0 && r.answer === 'none').map((r) => nameOf(r));
    if (waiting.length === 0) return null;
    return violated('protocol', `${waiting.join(', ')} will never be answered: the device waits for ever`, {
      objects: waiting,
    });
  });
}

/** Every page request that ends a group is answered at last, on every fair schedule; one property for each. */
export function everyRequestAnswered(requests: readonly (AnswerableRequest & object)[]): Property[] {
  return requests
    .filter((r) => r.last)
    .map((r) =>
      leadsTo(
        `answer-to-${nameOf(r)}`,
        `${nameOf(r)} is answered`,
        () => r.pasid !== 0,
        () => r.answer !== 'none',
        { objects: [nameOf(r)] },
      ),
    );
}

/**
 * A call of a task returns, whatever the schedule. `call` is what it calls, as in `unbind` or `the shutdown`.
 *
 * Source: global property G-LIVE of the specification. Limits: it speaks of the whole program of the task.
 */
export function returns(call: string, task: Actor): Property {
  return eventually(`${call.replace(/\W+/g, '-')}-returns`, `${call} returns`, (now) => now.ended(task), {
    actors: [task.name],
  });
}
