/** The two ways in which facts stand on a page: names with their values, and a table that scrolls by itself. */
import { type Child, h, type Markup } from './write.ts';

/** Names and values; a value of null leaves the row out. */
export function facts(rows: readonly (readonly [string, Child])[]): Markup {
  return h(
    'dl',
    { class: 'facts' },
    rows
      .filter(([, value]) => value !== null)
      .map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, value))),
  );
}

/** A table that may be wider than the window. `name` is for those who do not see what stands above it. */
export function table(name: string, columns: readonly string[], rows: readonly Markup[]): Markup {
  return h(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': name },
    h(
      'table',
      { class: 'grid' },
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          columns.map((column) => h('th', { scope: 'col' }, column)),
        ),
      ),
      h('tbody', null, rows),
    ),
  );
}
