/** Compares verdicts of the engine with what brute force found, and with each other. */
import type { Verdict } from '../../checker/verdict.ts';
import { aboutText, type Broken, type BruteForce } from './brute-force.ts';
import type { MayDiffer } from './ways.ts';

/**
 * Everything in which an exhaustive verdict and brute force differ, a sentence each. A verdict that stopped at its
 * first violation is compared with the part of the space that it claims to have seen. What may differ is told by the
 * way in which was searched; when it is not given, it follows from the verdict.
 */
export function differences(verdict: Verdict, twin: BruteForce, mayDiffer = expectedOf(verdict)): string[] {
  const wrong: string[] = [];
  const compare = (what: string, engine: unknown, brute: unknown): void => {
    if (JSON.stringify(engine) !== JSON.stringify(brute))
      wrong.push(`${what}: engine ${JSON.stringify(engine)}, brute force ${JSON.stringify(brute)}`);
  };
  const { strategy } = verdict.options;
  const whole = mayDiffer === 'nothing' || mayDiffer === 'order';
  const shortest = mayDiffer === 'nothing' || mayDiffer === 'states';
  const stopped = !verdict.complete && verdict.options['all'] === false;
  const seen = stopped ? partSeen(twin) : twin;

  if (!whole) {
    // Walks count the states they come through.
    if (verdict.store !== 'none' && verdict.counts.states > sum(twin.levels)) wrong.push('more states than there are');
  } else if (!stopped || mayDiffer === 'nothing') {
    compare('states', verdict.counts.states, sum(seen.levels));
    // A bounded search takes a step once for each actor that may have moved before it.
    if (seen.transitions !== null && strategy !== 'bounded')
      compare('transitions', verdict.counts.transitions, seen.transitions);
  }
  if (mayDiffer === 'nothing') {
    compare('states of each level', verdict.counts.levels, seen.levels);
    compare('depth', verdict.counts.depth, seen.levels.length - 1);
  }

  const named = new Set(verdict.properties.map((p) => p.name));
  const twinBroken = twin.broken.filter((b) => named.has(b.property)).map((b) => ({ ...b }));
  if (named.has('stuck') && twin.stuck !== null && (verdict.complete || mayDiffer === 'completeness')) {
    // Breadth first finds the nearest state with stuck actors, the others any.
    const { length, actors, anywhere } = twin.stuck;
    const about = (mayDiffer === 'nothing' ? [actors] : anywhere).map((a) => aboutText({ objects: [], actors: a }));
    twinBroken.push({ property: 'stuck', kind: 'stuck', length, level: 0, about: new Set(about) });
  }
  const missed = twin.goalsMissed.filter((goal) => named.has(goal));
  const promises = twin.promisesBroken.filter((name) => named.has(name));
  if (mayDiffer !== 'completeness') {
    const broken = twinBroken.length > 0 || (verdict.complete && missed.length + promises.length > 0);
    compare('outcome', verdict.outcome, broken ? 'violated' : 'holds');
  } else if (verdict.outcome === 'holds' && twinBroken.length + missed.length + promises.length > 0)
    wrong.push('engine says holds; brute force finds violations');

  for (const v of verdict.violations) {
    if (v.loop !== undefined) {
      if (!promises.includes(v.property))
        wrong.push(`engine finds ${v.property} broken for ever; brute force does not`);
      continue;
    }
    const same = twinBroken.find((b) => b.property === v.property && b.kind === v.evidence.kind);
    if (same === undefined) {
      wrong.push(`engine finds ${v.property} (${v.evidence.kind}): ${v.evidence.message}; brute force does not`);
      continue;
    }
    if (!same.about.has(aboutText(v.evidence)))
      wrong.push(`${v.property}: engine names ${aboutText(v.evidence)}, brute force ${[...same.about].join(' or ')}`);
    if (v.steps.length < same.length)
      wrong.push(`${v.property}: engine needs ${v.steps.length} steps, brute force at least ${same.length}`);
  }
  if (verdict.complete) {
    for (const b of twinBroken) {
      const found = verdict.violations.filter((v) => v.property === b.property && v.evidence.kind === b.kind);
      if (found.length === 0)
        wrong.push(`brute force finds ${b.property} (${b.kind}) in ${b.length} steps; engine does not`);
      else if (shortest)
        compare(`length of ${b.property} (${b.kind})`, Math.min(...found.map((v) => v.steps.length)), b.length);
    }
    for (const { name, kind, result } of verdict.properties)
      if (kind === 'eventually' || kind === 'leads-to')
        compare(`promise ${name}`, result, promises.includes(name) ? 'violated' : 'holds');
    const goals = (result: string) =>
      verdict.properties
        .filter((p) => p.result === result)
        .map((p) => p.name)
        .sort();
    compare('goals reached', goals('reached'), twin.goalsReached.filter((goal) => named.has(goal)).sort());
    compare('goals missed', goals('never reached'), missed.sort());
  } else if (stopped && shortest) {
    const first = Math.min(...firstLevel(twin).map((b) => b.length));
    compare('length of the first violation', verdict.violations[0]?.steps.length, first);
  }
  return wrong;
}

/** Everything in which a complete verdict differs from the plain one that it must not differ in. */
export function differencesFromPlain(verdict: Verdict, plain: Verdict, mayDiffer: MayDiffer): string[] {
  if (mayDiffer === 'nothing') {
    const [one, other] = [textOf(verdict), textOf(plain)];
    if (one === other) return [];
    const at = [...one].findIndex((c, i) => c !== other[i]);
    const part = (text: string) => text.slice(Math.max(0, at - 100), at + 100);
    return [`the document differs from the plain one: ...${part(one)}... instead of ...${part(other)}...`];
  }
  if (mayDiffer === 'completeness') return [];
  const named = new Set(verdict.properties.map((p) => p.name));
  const signatures = (v: Verdict) => {
    // Which of the actors are called stuck depends on the state that is found first.
    const compared = v.violations.filter((x) => named.has(x.property) && x.property !== 'stuck');
    return compared.map((x) => `${x.property} ${x.evidence.kind} ${x.signature}`).sort();
  };
  const [some, all] = [signatures(verdict), signatures(plain)];
  return [
    ...all.filter((s) => !some.includes(s)).map((s) => `${s} is missing`),
    ...some.filter((s) => !all.includes(s)).map((s) => `${s} is not found by the plain search`),
  ];
}

/** A verdict without what depends on the way and the run. */
function textOf(verdict: Verdict): string {
  const { timing: _timing, options: _options, store: _store, hashing: _hashing, ...rest } = verdict;
  return JSON.stringify(rest);
}

/** What a verdict of unknown origin may differ in. */
function expectedOf(verdict: Verdict): MayDiffer {
  if (verdict.options['strategy'] !== 'bfs') return 'order';
  return verdict.reductions.some((r) => r.name.startsWith('symmetry')) ? 'states' : 'nothing';
}

function firstLevel(twin: BruteForce): Broken[] {
  const level = Math.min(...twin.broken.map((b) => b.level));
  return twin.broken.filter((b) => b.level === level);
}

/** What a search has seen that finishes the level with the first violation and stops. */
function partSeen(twin: BruteForce): { levels: readonly number[]; transitions: number | null } {
  if (!twin.complete) return twin;
  const level = Math.min(...twin.broken.map((b) => b.level));
  return { levels: twin.levels.slice(0, level + 2), transitions: null };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
