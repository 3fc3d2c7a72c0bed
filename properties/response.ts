/**
 * Responses: a device that waits for an answer gets one.
 *
 * Source: global property G-PRI of the specification. That nothing is answered twice is checked where the answer is
 * given, because only the step knows it.
 */
import { atEnd, nameOf, type Property, violated } from '../checker/lang/index.ts';

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
