/** Elements of the page, whose texts are set as text. Its source text is put into the page: it may use nothing outside itself. */
import type { Browser, Node } from './dom.ts';

export interface Elements {
  readonly cell: (tag: string, text: string | null, kind?: string) => Node;
  readonly tree: (tag: string, kind: string, ...children: (Node | string | null)[]) => Node;
  /** A link. */
  readonly toStep: (n: number, text?: string) => Node;
}

export function elements(d: Browser['document']): Elements {
  const cell = (tag: string, text: string | null, kind = '') => {
    const e = d.createElement(tag);
    e.textContent = text;
    if (kind !== '') e.setAttribute('class', kind);
    return e;
  };
  const tree = (tag: string, kind: string, ...children: (Node | string | null)[]) => {
    const e = cell(tag, '', kind);
    e.append(...children.filter((c) => c !== null));
    return e;
  };
  const toStep = (n: number, text = `step ${n}`) => {
    const link = cell('a', text);
    link.setAttribute('href', `#step-${n}`);
    return link;
  };
  return { cell, tree, toStep };
}
