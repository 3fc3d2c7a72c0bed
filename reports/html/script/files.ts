/**
 * The files that the page saves, made of its own data: the trace in plain JSON, the schedule, and what `quiesce export`
 * writes as ITF and as SARIF, byte for byte. Its source text is put into the page: it may use nothing outside itself.
 */
import type { PackedStanding, PackedTuple, PageData } from '../data.ts';

/** Locks whose numbers stand in a standing are held. */
type Standings = (step: number) => readonly PackedStanding[];

export function files(info: PageData, standings: Standings): Record<string, () => string> {
  const t = (i: number) => info.texts[i] ?? null;
  const { steps } = info;
  const json = (value: unknown, indent: number) => `${JSON.stringify(value, null, indent)}\n`;
  const who = (s: PackedTuple) => info.actors[s[0]] ?? '';
  const locksOf = (n: number, a: number) => (standings(n).find((s) => s[0] === a)?.[3] ?? []).map((l) => info.locks[l]);

  const trace = () =>
    json(
      {
        initial: Object.fromEntries(info.initial.map(([path, value]) => [t(path), t(value)])),
        steps: steps.map((s, i) => ({
          step: i + 1,
          actor: who(s),
          procedure: t(s[4][0]),
          label: t(s[1]),
          choice: t(s[2]),
          note: t(s[3]),
          source: t(s[4][1]),
          essential: s[5] === 1,
          state: s[7],
          changes: s[8].map(([path, before, after]) => ({ path: t(path), before: t(before), after: t(after) })),
          after: s[10].map(([step, field]) => ({ step, field: t(field) })),
          standings: standings(i + 1).map(([a, status, next, holds, wait]) => ({
            actor: info.actors[a],
            status: ['running', 'blocked', 'ended', 'idle'][status],
            next: t(next),
            holds: holds.map((l) => info.locks[l]),
            waits: t(wait),
          })),
        })),
      },
      1,
    );

  const schedule = () => {
    const lines = steps.map((s) => `${who(s)}: ${t(s[4][0])}/${t(s[1])}${s[2] < 0 ? '' : ` [${t(s[2])}]`}`);
    if (info.loop !== null) lines.splice(info.loop - 1, 0, 'loop');
    return `${info.files.schedule}${lines.join('\n')}\nend ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}\n`;
  };

  const itf = () => {
    const value = (text: string | null) =>
      text === null
        ? { '#unserializable': 'not there' }
        : text === 'true' || text === 'false'
          ? text === 'true'
          : /^-?\d+$/.test(text)
            ? { '#bigint': text }
            : text;
    const now = new Map<string | null, unknown>();
    for (const [path] of info.initial) now.set(t(path), value(null));
    for (const s of steps) for (const [path] of s[8]) now.set(t(path), value(null));
    const vars = [...now.keys()];
    for (const [path, text] of info.initial) now.set(t(path), value(t(text)));
    const state = (index: number, action: string, picks: object) => ({
      '#meta': { index },
      ...Object.fromEntries(now),
      'mbt::actionTaken': action,
      'mbt::nondetPicks': picks,
    });
    const states = [state(0, 'init', {})];
    for (const [i, s] of steps.entries()) {
      for (const [path, , after] of s[8]) now.set(t(path), value(t(after)));
      const picks = { actor: who(s), ...(s[2] < 0 ? {} : { choice: t(s[2]) }) };
      states.push(state(i + 1, `${t(s[4][0])}/${t(s[1])}`, picks));
    }
    return json(
      {
        '#meta': info.files.itf,
        params: [],
        vars: [...vars, 'mbt::actionTaken', 'mbt::nondetPicks'],
        states,
        ...(info.loop === null ? {} : { loop: Math.min(info.loop - 1, steps.length) }),
      },
      1,
    );
  };

  const sarif = () => {
    // Each step stands in both flows, and one location is that of the result itself; forges show a thousand.
    const shown = [...steps.keys()]
      .sort((a, b) => (steps[b]?.[6] ?? 0) - (steps[a]?.[6] ?? 0) || b - a)
      .slice(0, 499)
      .sort((a, b) => a - b);
    const location = (i: number, named: boolean) => {
      const s = steps[i] as PackedTuple;
      const [a, label, choice, , [procedure, , , file, depth], essential] = s;
      const [before, after] = [locksOf(i, a), locksOf(i + 1, a)];
      const takes = after.some((l) => !before.includes(l));
      const kinds = [
        ...(takes ? ['acquire', 'lock'] : []),
        ...(before.some((l) => !after.includes(l)) ? ['release', 'lock'] : []),
        ...(choice < 0 ? [] : ['branch']),
      ];
      const text = `${named ? `${who(s)}: ` : ''}${i + 1}. ${t(label)}${choice < 0 ? '' : ` [${t(choice)}]`}`;
      return {
        executionOrder: i + 1,
        nestingLevel: depth,
        importance: essential === 1 || i === steps.length - 1 ? 'essential' : takes ? 'important' : 'unimportant',
        ...(kinds.length === 0 ? {} : { kinds: [...new Set(kinds)] }),
        location: {
          physicalLocation: { artifactLocation: { uri: encodeURI(t(file) ?? '') }, region: { startLine: 1 } },
          logicalLocations: [
            { name: t(procedure), fullyQualifiedName: `${t(procedure)}/${t(label)}`, kind: 'function' },
          ],
          message: { text },
        },
        state: Object.fromEntries(s[8].map(([path, , value]) => [t(path), { text: t(value) ?? 'gone' }])),
      };
    };
    const flow = (id: string | undefined, numbers: readonly number[], named: boolean) => ({
      id,
      locations: numbers.map((i) => location(i, named)),
    });
    const actors = [...new Set(shown.map((i) => steps[i]?.[0] ?? 0))];
    const codeFlows = [
      { message: { text: 'all tasks in one' }, threadFlows: [flow('schedule', shown, true)] },
      {
        message: { text: 'a thread flow a task' },
        threadFlows: actors.map((a) =>
          flow(
            info.actors[a],
            shown.filter((i) => steps[i]?.[0] === a),
            false,
          ),
        ),
      },
    ];
    const log = info.files.sarif;
    return json(
      {
        ...log,
        runs: log.runs.map((run) => ({ ...run, results: (run.results ?? []).map((r) => ({ ...r, codeFlows })) })),
      },
      1,
    );
  };
  return { trace, schedule, itf, sarif };
}
