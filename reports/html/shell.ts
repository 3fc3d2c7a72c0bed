/**
 * What every page of ours is around its text: one file that asks for nothing over the network, whose content policy
 * forbids everything but its own style sheet and, where it has one, its own script, each named by its hash.
 */
import { createHash } from 'node:crypto';
import { style } from './style.ts';
import { type Child, h, type Markup, render, trusted } from './write.ts';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Child;
}

/** What a page consists of. */
export interface Shell {
  readonly title: string;
  /** Version of the tool that wrote it. */
  readonly version: string;
  /** What the link for those who cannot see the page skips to. */
  readonly skipTo: string;
  /** The strip at the top. */
  readonly header: Markup;
  readonly sections: readonly Section[];
  /** The last line. */
  readonly footer: string;
  /** What the script needs besides, at the end of the page. */
  readonly extra?: Child;
  /** What its style sheet has besides. */
  readonly style?: string;
  /** Without one nothing may run. */
  readonly script?: string;
}

/** The whole file. */
export function pageText(page: Shell): string {
  const { script } = page;
  const sheet = style + (page.style ?? '');
  const policy = [
    "default-src 'none'",
    `style-src '${hash(sheet)}'`,
    ...(script === undefined ? [] : [`script-src '${hash(script)}'`]),
    "base-uri 'none'",
    "form-action 'none'",
  ];
  const document = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charset: 'utf-8' }),
      h('meta', { 'http-equiv': 'Content-Security-Policy', content: policy.join('; ') }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'color-scheme', content: 'light dark' }),
      h('meta', { name: 'referrer', content: 'no-referrer' }),
      h('meta', { name: 'generator', content: `quiesce ${page.version}` }),
      h('title', null, page.title),
      trusted('style', sheet),
    ),
    h(
      'body',
      null,
      h('a', { class: 'skip', href: '#main' }, `Skip to the ${page.skipTo}`),
      page.header,
      h(
        'main',
        { id: 'main' },
        page.sections.map(({ id, title, body }) =>
          h('section', { id, 'aria-labelledby': `h-${id}` }, h('h2', { id: `h-${id}` }, title), body),
        ),
      ),
      h('footer', null, `quiesce ${page.version}. ${page.footer}`),
      page.extra,
      script !== undefined && trusted('script', script),
    ),
  );
  return `<!doctype html>\n${render(document)}\n`;
}

/** Links to the sections, for the strip at the top. */
export function contents(sections: readonly Section[]): Markup {
  return h(
    'nav',
    { 'aria-label': 'Sections' },
    sections.map((s) => h('a', { href: `#${s.id}` }, s.title)),
  );
}

const hash = (text: string): string => `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
