/**
 * The data of the page, step by step: what changed, who stood where, which value was what. Its source text is put into the
 * page: it may use nothing outside itself.
 */
import type { PackedChange, PackedStanding, PackedTuple, PageData } from '../data.ts';

/** Steps are numbered from 1; 0 is the initial state. */
export interface Trace {
  readonly views: PageData['views'];
  readonly initial: PageData['initial'];
  readonly actors: readonly string[];
  readonly locks: readonly string[];
  readonly steps: readonly PackedTuple[];
  readonly last: number;
  /** The text of a number; null for none. */
  readonly t: (i: number | undefined) => string | null;
  readonly actor: (n: number) => string;
  readonly changesOf: (n: number) => readonly PackedChange[];
  /** Of each actor, after that step. */
  readonly standings: (n: number) => PackedStanding[];
  readonly valuesAt: (n: number) => Map<string, string>;
}

/** Of null as of a schedule without steps. */
export function trace(info: PageData | null): Trace {
  // What the author's views say changes as values do; the files that are saved have the values alone.
  const views = info?.views ?? [];
  const initial = [...views.map(([path, , values]) => [path, values[0] ?? -1] as const), ...(info?.initial ?? [])];
  const steps = (info?.steps ?? []).map((s, i): PackedTuple => {
    const seen = views.flatMap(([path, , v]): PackedChange[] =>
      v[i] === v[i + 1] ? [] : [[path, v[i] ?? -1, v[i + 1] ?? -1, 0, -1]],
    );
    return seen.length === 0 ? s : ([...s.slice(0, 8), [...seen, ...s[8]], ...s.slice(9)] as unknown as PackedTuple);
  });
  const actors = info?.actors ?? [];
  const locks = info?.locks ?? [];
  const last = steps.length;
  const t = (i: number | undefined): string | null => (i === undefined ? null : (info?.texts[i] ?? null));
  const actor = (n: number): string => actors[steps[n - 1]?.[0] ?? -1] ?? '';
  const changesOf = (n: number) => steps[n - 1]?.[8] ?? [];

  // Standings after each step: every 64th is kept, those between follow from what changes.
  const kept: PackedStanding[][] = [];
  const standings = (n: number): PackedStanding[] => {
    for (let k = kept.length; k <= n >> 6; k++) {
      const start = k === 0 ? [...(info?.standings ?? [])] : [...(kept[k - 1] ?? [])];
      for (const s of steps.slice(Math.max(0, (k - 1) * 64), k * 64)) for (const c of s[9]) start[c[0]] = c;
      kept.push(start);
    }
    const here = [...(kept[n >> 6] ?? [])];
    for (const s of steps.slice((n >> 6) * 64, n)) for (const c of s[9]) here[c[0]] = c;
    return here;
  };
  const valuesAt = (n: number) => {
    const values = new Map<string, string>();
    for (const [path, value] of initial) values.set(t(path) ?? '', t(value) ?? '');
    for (const s of steps.slice(0, n))
      for (const [path, , after] of s[8])
        if (after < 0) values.delete(t(path) ?? '');
        else values.set(t(path) ?? '', t(after) ?? '');
    return values;
  };
  return { views, initial, actors, locks, steps, last, t, actor, changesOf, standings, valuesAt };
}
