/**
 * The pane: what one step did, what everybody could do after it, and why not. Its source text is put into the page: it may
 * use nothing outside itself but what it is given.
 */
import type { Browser, Node } from './dom.ts';
import type { Elements } from './elements.ts';
import type { Trace } from './trace.ts';

/** Gives what is told of a step. */
export function pane(
  d: Browser['document'],
  { views, initial, actors, locks, steps, last, t, actor, changesOf, standings }: Trace,
  { cell, tree, toStep }: Elements,
): (n: number) => Node[] {
  const standingTable = (n: number) => {
    const rows = standings(n)
      .filter((s) => s[1] < 2)
      .map((s) => {
        const goes = n < last && steps[n]?.[0] === s[0];
        const words = s[1] === 1 ? '\u25a0 blocked' : goes ? '\u2192 goes next' : 'could go';
        const holds = s[3].length === 0 ? null : `holds ${s[3].map((l) => locks[l]).join(', ')}`;
        const row = d.createElement('tr');
        const name = cell('th', actors[s[0]] ?? '');
        name.setAttribute('scope', 'row');
        row.append(
          name,
          tree(
            'td',
            '',
            cell('span', words, s[1] === 1 ? 'stop' : goes ? 'goes' : 'can'),
            ' ',
            cell('code', t(s[2]) ?? ''),
            s[4] < 0 ? null : cell('small', t(s[4]), 'holds'),
            holds === null ? null : cell('small', holds, 'holds'),
          ),
        );
        return row;
      });
    if (rows.length === 0) return null;
    return tree('table', 'stand', cell('caption', 'What each could do now, and why not'), tree('tbody', '', ...rows));
  };
  const isLocal = (path: string) => /^[^.[:]*:/.test(path);
  const changeItems = (n: number) =>
    changesOf(n)
      .filter((c) => c[3] === 0 && !isLocal(t(c[0]) ?? ''))
      .map(([path, before, after, , fields]) => {
        const mark = before < 0 ? 'A' : after < 0 ? 'D' : 'M';
        const value = (v: number) => (v < 0 ? cell('small', 'none') : cell('code', t(v)));
        return tree(
          'li',
          mark,
          cell('b', mark),
          ' ',
          cell('button', t(path)),
          ' ',
          value(before),
          ' \u2192 ',
          value(after),
          fields < 0 ? null : cell('small', ` ${t(fields)}`),
        );
      });
  const list = (items: Node[], label: string) => {
    const ul = tree('ul', 'changes', ...items);
    ul.setAttribute('aria-label', label);
    return ul;
  };
  return (n: number): Node[] => {
    const s = steps[n - 1];
    if (s === undefined)
      return [
        cell('h3', 'Initial state'),
        list(
          initial.map(([p, v]) => {
            const about = views.find(([path]) => path === p)?.[1];
            return tree(
              'li',
              '',
              cell('button', t(p)),
              ' ',
              cell('code', t(v)),
              about === undefined ? null : cell('small', ` ${t(about)}`),
            );
          }),
          'Values',
        ),
        ...[standingTable(0)].filter((e) => e !== null),
      ];
    const [, label, choice, note, [procedure, source, callers], , , fingerprint, changes, , causes] = s;
    const items = changeItems(n);
    const locals = changes
      .filter((c) => c[2] >= 0 && isLocal(t(c[0]) ?? ''))
      .map((c) => `${(t(c[0]) ?? '').replace(/^[^:]*:/, '')} = ${t(c[2])}`);
    return [
      tree('h3', '', cell('span', `Step ${n}`, 'soft'), ` ${actor(n)}`, cell('small', ` state ${fingerprint}`)),
      tree('p', 'label', cell('code', t(label)), choice < 0 ? null : cell('span', t(choice), 'choice')),
      note < 0 ? null : cell('p', t(note), 'note'),
      tree(
        'p',
        'stack',
        cell('code', t(procedure)),
        cell('small', ` ${t(source) ?? ''}`),
        callers < 0 ? null : cell('small', `, called from ${t(callers)}`),
      ),
      items.length > 0 ? list(items, 'Changes') : cell('p', 'No shared value changed.', 'soft'),
      locals.length > 0 ? tree('p', 'soft', 'locals ', cell('code', locals.join(', '))) : null,
      causes.length > 0
        ? tree(
            'p',
            'soft',
            'Has to come after ',
            ...causes.flatMap(([b, field], i) => [
              i > 0 ? ', ' : '',
              toStep(b),
              ` of ${actor(b)} (`,
              cell('code', t(field)),
              ')',
            ]),
          )
        : null,
      standingTable(n),
    ].filter((e) => e !== null);
  };
}
