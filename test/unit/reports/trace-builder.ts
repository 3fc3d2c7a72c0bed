/**
 * Builds counterexample documents by hand: moves are written down, and who holds, waits, runs or has ended after each
 * of them follows from the locks they take and release.
 */
import type { Source } from '../../../checker/lang/source.ts';
import type { Evidence } from '../../../checker/lang/violation.ts';
import type {
  Change,
  Counterexample,
  HeldLock,
  Standing,
  TraceStep,
  Wait,
} from '../../../checker/trace/counterexample.ts';
import { formatSchedule } from '../../../checker/trace/schedule.ts';

export interface Move {
  readonly actor: string;
  /** Procedures from the operation inwards. */
  readonly in: readonly string[];
  readonly label: string;
  readonly choice?: string;
  readonly note?: string;
  /** `[path, before, after]`; null before is an addition, null after a deletion. */
  readonly changes?: readonly (readonly [string, string | null, string | null])[];
  readonly takes?: string;
  readonly drops?: string;
  readonly essential?: boolean;
}

/** How an actor ends up when it makes no further move. */
export interface Ending {
  readonly status: Standing['status'];
  readonly next?: string;
  readonly in?: readonly string[];
  readonly waits?: Wait;
}

export interface Script {
  readonly roles: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, Source>>;
  readonly moves: readonly Move[];
  readonly endings: Readonly<Record<string, Ending>>;
}

export function trace(script: Script): Pick<Counterexample, 'steps' | 'initialStandings' | 'switches'> {
  const { roles, moves } = script;
  const sourceOf = (p: string): Source => script.sources[p] ?? { patch: 'v2 13/40' };
  const calls = (names: readonly string[]) => names.map((procedure) => ({ procedure, source: sourceOf(procedure) }));
  const blockedSince = new Map<string, number>();

  // Asked for in order, so that what is held goes on from step to step.
  const held = new Map<string, HeldLock[]>(Object.keys(roles).map((a) => [a, []]));
  const positions = new Map(Object.keys(roles).map((a) => [a, moves.flatMap((m, i) => (m.actor === a ? [i] : []))]));
  const standingsAfter = (index: number): Standing[] => {
    const m = moves[index - 1];
    if (m !== undefined) {
      const mine = held.get(m.actor) ?? [];
      held.set(m.actor, [
        ...mine.filter((h) => h.lock !== m.drops),
        ...(m.takes === undefined ? [] : [{ lock: m.takes, mode: 'exclusive' as const, since: index }]),
      ]);
      const later = positions.get(m.actor);
      if (later?.[0] === index - 1) later.shift();
    }
    return Object.entries(roles).map(([actor, role]) => {
      const holds = held.get(actor) ?? [];
      const next = moves[positions.get(actor)?.[0] ?? -1];
      if (next !== undefined) {
        const owner = [...held].find(([a, locks]) => a !== actor && locks.some((h) => h.lock === next.takes))?.[0];
        if (owner === undefined) blockedSince.delete(actor);
        else if (!blockedSince.has(actor)) blockedSince.set(actor, index);
        const waits: Wait | null =
          owner === undefined
            ? null
            : { kind: 'lock', on: next.takes ?? '', owners: [owner], since: blockedSince.get(actor) ?? index };
        const status = waits === null ? 'running' : 'blocked';
        return { actor, role, status, next: next.label, stack: calls(next.in), holds, waits };
      }
      const ending = script.endings[actor] ?? { status: 'ended' as const };
      return {
        actor,
        role,
        status: ending.status,
        next: ending.next ?? null,
        stack: calls(ending.in ?? []),
        holds,
        waits: ending.waits ?? null,
      };
    });
  };

  const initialStandings = standingsAfter(0);
  const steps = moves.map((m, i): TraceStep => {
    const procedure = m.in[m.in.length - 1] ?? 'main';
    const changes = (m.changes ?? []).map(
      ([path, before, after]): Change => ({
        path,
        kind: before === null ? 'added' : after === null ? 'deleted' : 'modified',
        before,
        after,
      }),
    );
    for (const [lock, after] of [
      [m.takes, m.actor],
      [m.drops, 'NULL'],
    ] as const)
      if (lock !== undefined)
        changes.push({ path: `${lock}.owner`, kind: 'modified', before: after === 'NULL' ? m.actor : 'NULL', after });
    return {
      index: i + 1,
      actor: m.actor,
      procedure,
      label: m.label,
      choice: m.choice ?? null,
      stack: calls(m.in),
      source: sourceOf(procedure),
      note: m.note ?? null,
      changes,
      reads: [],
      writes: changes.map((c) => c.path),
      acquires: m.takes === undefined ? [] : [m.takes],
      releases: m.drops === undefined ? [] : [m.drops],
      standings: standingsAfter(i + 1),
      essential: m.essential ?? false,
      fingerprint: (0x9e3779b9 * (i + 1)).toString(16).slice(-8),
    };
  });
  const switches = moves.filter((m, i) => i > 0 && moves[i - 1]?.actor !== m.actor).length;
  return { steps, initialStandings, switches };
}

/** A counterexample around a script; whatever is not given is empty. */
export function counterexample(
  script: Script,
  about: { evidence: Evidence; headline: string } & Partial<Counterexample>,
): Counterexample {
  const built = trace(script);
  return {
    property: about.evidence.kind,
    subkind: null,
    signature: '4f3c21d9',
    initial: [],
    minimal: 'proven',
    needed: null,
    failures: {},
    story: [],
    waitFor: { nodes: [], edges: [], cycle: [] },
    lockOrder: { nodes: [], edges: [], cycle: [] },
    ...built,
    steps: built.steps.map((s) => ({
      ...s,
      essential: s.essential || (about.needed ?? []).some((o) => o.before === s.index || o.after === s.index),
    })),
    schedule: formatSchedule({
      scenario: 'by-hand',
      variant: 'posted',
      bounds: {},
      modelHash: '0123456789abcdef',
      property: about.property ?? about.evidence.kind,
      signature: about.signature ?? '4f3c21d9',
      moves: built.steps.map(({ actor, procedure, label, choice }) => ({ actor, procedure, label, choice, line: 0 })),
      ...(about.loop === undefined ? {} : { loop: about.loop - 1 }),
    }),
    ...about,
  };
}
