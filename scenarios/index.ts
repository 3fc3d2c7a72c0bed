/** The scenarios that come with quiesce: bug corpus and examples at once. One line each, in the order of their names. */
import type { Scenario } from '../checker/lang/index.ts';
import peersDining from './peers/dining.ts';
import peersPeterson from './peers/peterson.ts';
import peersSva from './peers/sva.ts';

export const scenarios: readonly Scenario[] = [
  peersDining,
  peersPeterson,
  peersSva, //
];
