/** The keys of the page. */
import { h, type Markup } from './write.ts';

export function keys(): Markup {
  const keys: readonly (readonly [string, string])[] = [
    ['j k or arrows', 'next and previous step'],
    ['J K', 'next and previous step of the same actor'],
    ['n p', 'next and previous essential step'],
    ['g G', 'initial state, last step'],
    ['w', 'next change of the value whose history is shown'],
    ['/', 'all values, filtered'],
    ['.', 'only the steps that matter most'],
    ['t', 'light or dark'],
    ['y', 'copy a link to this step'],
    ['?', 'this list'],
  ];
  return h(
    'dialog',
    { id: 'help', 'aria-labelledby': 'h-help' },
    h('h2', { id: 'h-help' }, 'Keys'),
    h(
      'dl',
      { class: 'facts' },
      keys.map(([k, what]) => h('div', null, h('dt', null, h('kbd', null, k)), h('dd', null, what))),
    ),
    h('button', { type: 'button', class: 'help' }, 'Close'),
  );
}
