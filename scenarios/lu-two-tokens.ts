/** LU-9: an HWPT that is marked twice is in the table of tokens twice. */
import { does, scenario, set, sometimes } from '../checker/lang/index.ts';
import {
  cancel,
  fixed,
  iommufdHwptMarkPreserve,
  LIVEUPDATE_C,
  oneTokenEach,
  preserveIommufd,
  rev2,
  revision2,
  revision3,
  secondMark,
  unpreserveNothing,
} from '../model/liveupdate/index.ts';
import { returns } from '../properties/response.ts';
import { givenBack, iommufdWithHwpts, preserves, promises } from './lu-parts.ts';

const moves = [...revision3, set(secondMark, 'moves'), set(unpreserveNothing, 'returns')];

export default scenario('lu-two-tokens', {
  title: 'Two MARKs of one HWPT with two tokens',
  about:
    'In revisions 2 and 3 each token has a slot in a table, and the slot owns a reference of the HWPT. A second MARK takes ' +
    'a second slot and a second reference. The first token is used up for ever; revision 3, which preserves what is in the ' +
    'table, preserves the HWPT twice, and a cancelled session finds one record to undo.',
  systems: ['liveupdate', 'iommufd'],
  source: rev2(LIVEUPDATE_C),
  corpus: 'LU-9',
  bounds: { sessions: 0, others: 0, protocol: 1 },
  variants: {
    posted: {
      about: 'revision 2: two slots and two references',
      settings: revision2,
      expect: { verdict: 'violated', kind: 'leak', property: 'an HWPT has one token', length: 12, states: 55 },
    },
    'revision-3': {
      about: 'the mutex does not help: the HWPT is preserved twice, and its first record is never given back',
      settings: [...revision3, set(unpreserveNothing, 'returns')],
      bounds: { sessions: 1, protocol: 0 },
      expect: { verdict: 'violated', kind: 'leak', length: 89, states: 2_528 },
    },
    moves: {
      about: 'revision 3 with a MARK that gives up the slot which the HWPT has',
      settings: moves,
      bounds: { sessions: 1, others: 1 },
      expect: { verdict: 'holds', states: 25_959, depth: 105 },
    },
    fixed: {
      about: 'revision 4: no table; the second token takes the place of the first',
      settings: fixed,
      bounds: { sessions: 1, others: 1 },
      expect: { verdict: 'holds', states: 80_323, depth: 148 },
    },
  },
  setup: (s) => {
    const { sessions, others, protocol } = s.bounds;
    const w = iommufdWithHwpts(s, { hwpts: 1 + others, marked: 0, records: 2 });
    const { session, flb, ictx, hwpts } = w;
    const [first, second] = hwpts;
    if (first === undefined) return;
    const mark = (id: number, token: number) => does(iommufdHwptMarkPreserve, { ictx, id, token });
    s.task('marker0', [mark(first.id, 1)]);
    s.task('marker1', [mark(first.id, 2)]);
    if (second !== undefined) s.task('marker2', [mark(second.id, 1)]);
    if (sessions > 0)
      s.property(
        returns(
          'the session',
          s.task('owner', [
            does(preserveIommufd, { session, ictx, flb }),
            does(cancel, { session, ictx, idev: null, flb }),
          ]),
        ),
      );
    s.property(
      ...givenBack(w, sessions),
      ...promises(w, protocol),
      ...(protocol > 0 ? [oneTokenEach(ictx)] : []),
      ...(sessions > 0 ? [preserves(w)] : []),
      sometimes(
        'marked-twice',
        'both MARKs have succeeded',
        () => first.lu_token === 2 && w.monitors[0]?.state === 'marked',
      ),
    );
  },
});
