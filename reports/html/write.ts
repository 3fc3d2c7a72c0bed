/**
 * Writes HTML and SVG as text. Everything that comes from a model passes through one escaping function, here; there is
 * no way to insert markup except by these calls. Names of elements and attributes are ours and checked, so that a slip
 * shows when a report is made, not when it is read.
 */

/** Markup that was made by `h`; the symbol keeps plain objects from posing as it. */
const MARKUP = Symbol('markup');
export interface Markup {
  readonly [MARKUP]: string;
}

export type Child = Markup | string | number | null | undefined | false | readonly Child[];
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

const VOID = new Set(['meta', 'br', 'input', 'hr', 'wbr']);
/** HTML lets their end tags out, and a chart has thousands. */
const ENDED_BY_THE_NEXT = new Set(['td', 'th', 'tr', 'li']);
/** A place of the page, an address of the web, or another report beside it. */
const HREF = /^(#[\w-]+|https:\/\/[^\s"'<>]+|(\.\.\/)*[\w-][\w./-]*\.html)$/;
const FORBIDDEN = new Set(['script', 'style', 'iframe', 'object', 'embed']);

/** The five characters that mean something in markup, and control characters that no reader should meet, spelled out. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (c) => {
    switch (c) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&quot;';
      case "'":
        return '&#39;';
      default:
        return `\\u{${(c.codePointAt(0) as number).toString(16)}}`;
    }
  });
}

/** One element. `false`, null and undefined attributes are left out; `true` stands for an attribute without a value. */
export function h(tag: string, attributes: Attributes | null = null, ...children: readonly Child[]): Markup {
  if (!/^[a-z][a-z0-9]*$/i.test(tag) || FORBIDDEN.has(tag)) throw new Error(`h: no element <${tag}>`);
  let out = `<${tag}`;
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (!/^[a-z][a-zA-Z-]*[0-9]?$/.test(name) || /^(on|style|srcdoc)/i.test(name))
      throw new Error(`h: no attribute ${name}`);
    if (name === 'src' || (name === 'href' && !HREF.test(String(value))))
      throw new Error(`h: refused ${name}="${value}"`);
    out += value === true ? ` ${name}` : ` ${name}=${quoted(String(value))}`;
  }
  if (VOID.has(tag)) return markup(`${out}>`);
  return markup(`${out}>${inner(children)}${ENDED_BY_THE_NEXT.has(tag) ? '' : `</${tag}>`}`);
}

/** The value of an attribute; plain words need no quotes, and a chart has thousands of them. */
const quoted = (value: string): string => (/^#?[\w-]+$/.test(value) ? value : `"${escapeText(value)}"`);

/** Children side by side without an element around them. */
export function fragment(...children: readonly Child[]): Markup {
  return markup(inner(children));
}

/** C text that may be broken after an arrow, a comma, a bracket or a slash, rather than anywhere. */
export function code(text: string): Markup {
  return h(
    'code',
    null,
    text.split(/(?<=->|[,(/])(?=.)/).map((part, i) => [i > 0 && h('wbr'), part]),
  );
}

/** The text of a piece of markup. */
export function render(piece: Markup): string {
  return piece[MARKUP];
}

/** A style sheet or script of our own, whose hash the content policy names. It never holds text of a model. */
export function trusted(kind: 'style' | 'script', text: string): Markup {
  if (/<\/(style|script)|<!--/i.test(text)) throw new Error(`${kind} would end early`);
  return markup(`<${kind}>${text}</${kind}>`);
}

/**
 * Data for the script, in a block the browser does not run. `text` is base64, in which no character can end the block;
 * `size` is how many bytes it holds once inflated.
 */
export function data(id: string, { text, size }: { readonly text: string; readonly size: number }): Markup {
  if (!/^[\w+/]*=*$/.test(text)) throw new Error('data is base64');
  return markup(`<script type="text/plain" id="${escapeText(id)}" data-size="${size}">${text}</script>`);
}

const markup = (text: string): Markup => ({ [MARKUP]: text });

function inner(children: readonly Child[]): string {
  let out = '';
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (typeof child === 'string') out += escapeText(child);
    else if (typeof child === 'number') out += String(child);
    else if (Array.isArray(child)) out += inner(child);
    else out += (child as Markup)[MARKUP];
  }
  return out;
}
