/**
 * The script of the report. Its source text is put into the page as it stands, so it may use nothing outside itself.
 * It adds stepping, values, history, folding, copying and the theme; what it shows was written out before, or is set
 * as text. It evaluates nothing and asks for nothing over the network.
 */
import type { Browser, Dialog, Happening, Node } from './dom.ts';

/** What the script knows of the trace. */
export interface PageData {
  /** For each step: actor, essential, changes as `[path, before, after]`. */
  readonly steps: readonly {
    readonly a: string;
    readonly e: boolean;
    readonly c: readonly (readonly [string, string | null, string | null])[];
  }[];
  readonly initial: readonly (readonly [string, string])[];
}

export function page(w: Browser): void {
  const d = w.document;
  const get = (id: string) => d.getElementById(id);
  const root = d.documentElement;
  root.classList.add('js');

  // Copying: with the clipboard where there is one, else by selecting.
  const said = get('said');
  const say = (text: string) => {
    if (said !== null) said.textContent = text;
  };
  const copy = (text: string, from: Node | null, what: string) => {
    const select = () => {
      if (from !== null) w.getSelection()?.selectAllChildren(from);
      say(`${what} selected`);
    };
    if (w.navigator.clipboard === undefined) select();
    else w.navigator.clipboard.writeText(text).then(() => say(`${what} copied`), select);
  };
  for (const button of d.querySelectorAll('[data-copy]'))
    button.addEventListener('click', () => {
      const from = get(button.dataset['copy'] ?? '');
      copy(from?.textContent ?? '', from, button.dataset['what'] ?? 'text');
      const label = button.textContent;
      button.textContent = 'Copied';
      w.setTimeout(() => {
        button.textContent = label;
      }, 1500);
    });

  const flip = () => {
    const dark = root.dataset['theme']
      ? root.dataset['theme'] === 'dark'
      : w.matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset['theme'] = dark ? 'light' : 'dark';
    say(`${dark ? 'light' : 'dark'} theme`);
  };
  get('theme')?.addEventListener('click', flip);
  const help = get('help') as Dialog | null;
  const toggleHelp = () => {
    if (help?.open) help.close();
    else help?.showModal();
  };
  for (const b of d.querySelectorAll('.help')) b.addEventListener('click', toggleHelp);

  const block = get('trace');
  const info: PageData | null = block === null ? null : JSON.parse(block.textContent ?? 'null');
  const steps = info?.steps ?? [];
  const last = steps.length;
  let now = -1;
  let watched: string | null = null;

  const visible = (n: number) => get(`step-${n}`)?.offsetParent != null;

  const valuesAt = (n: number) => {
    const values = new Map<string, string>();
    for (const [path, value] of info?.initial ?? []) values.set(path, value);
    for (const s of steps.slice(0, n))
      for (const [path, , after] of s.c)
        if (after === null) values.delete(path);
        else values.set(path, after);
    return values;
  };

  const cell = (tag: string, text: string) => {
    const e = d.createElement(tag);
    e.textContent = text;
    return e;
  };

  const listValues = () => {
    const table = get('all');
    const box = get('values');
    if (table === null || box === null || box.getAttribute('open') === null) return;
    const wanted = (get('filter')?.value ?? '').toLowerCase();
    const changed = new Set((steps[now - 1]?.c ?? []).map(([path]) => path));
    const rows: Node[] = [];
    for (const [path, value] of valuesAt(now)) {
      if (wanted !== '' && !path.toLowerCase().includes(wanted)) continue;
      const row = d.createElement('li');
      row.append(cell('button', path), ' ', cell('code', value));
      if (changed.has(path)) row.classList.add('M');
      rows.push(row);
    }
    table.replaceChildren(...rows);
  };

  const select = (n: number, how: { scroll?: boolean; link?: boolean; quiet?: boolean } = {}) => {
    if (info === null || n < 0 || n > last) return;
    if (now >= 0) {
      get(`step-${now}`)?.removeAttribute('aria-current');
      get(`at-${now}`)?.classList.remove('now');
    }
    now = n;
    const row = get(`step-${n}`);
    row?.setAttribute('aria-current', 'step');
    get(`at-${n}`)?.classList.add('now');
    get('nodetail')?.classList.toggle('now', get(`at-${n}`) === null);
    if (how.scroll) row?.scrollIntoView({ block: 'nearest' });
    if (how.link)
      try {
        w.history.replaceState(null, '', `#step-${n}`);
      } catch {
        // Some browsers refuse this for files; the step is selected all the same.
      }
    const where = get('where');
    if (where !== null) where.textContent = `${n} / ${last}`;
    listValues();
    if (how.quiet) return;
    const s = steps[n - 1];
    const many = s?.c.length ?? 0;
    const label = row?.querySelector('.what>code')?.textContent;
    say(
      s === undefined ? 'initial state' : `step ${n}, ${s.a}, ${label}, ${many} ${many === 1 ? 'change' : 'changes'}`,
    );
  };

  const seek = (by: 1 | -1, wanted: (n: number) => boolean) => {
    for (let n = now + by; n >= 0 && n <= last; n += by) if (wanted(n)) return select(n, { scroll: true, link: true });
  };
  const actor = (n: number) => steps[n - 1]?.a;
  const touches = (n: number) => steps[n - 1]?.c.some(([path]) => path === watched) ?? false;

  const watch = (path: string) => {
    watched = path;
    const list = get('history');
    if (list === null) return;
    const items: Node[] = [];
    const start = info?.initial.find(([p]) => p === path)?.[1];
    const first = d.createElement('li');
    first.append('at first ', cell('code', start ?? 'none'));
    items.push(first);
    for (const [i, s] of steps.entries())
      for (const [p, , after] of s.c) {
        if (p !== path) continue;
        const item = d.createElement('li');
        const link = cell('a', `step ${i + 1}`);
        link.setAttribute('href', `#step-${i + 1}`);
        item.append(link, ` ${s.a} \u2192 `, cell('code', after ?? 'none'));
        items.push(item);
      }
    list.replaceChildren(...items);
    const name = get('watched');
    if (name !== null) name.textContent = path;
    const box = get('watch');
    if (box !== null) box.hidden = false;
    say(`history of ${path}: ${items.length - 1} changes`);
  };

  const commands: Record<string, () => void> = {
    j: () => seek(1, visible),
    k: () => seek(-1, visible),
    J: () => seek(1, (n) => actor(n) === actor(now)),
    K: () => seek(-1, (n) => actor(n) === actor(now)),
    n: () => seek(1, (n) => steps[n - 1]?.e ?? false),
    p: () => seek(-1, (n) => steps[n - 1]?.e ?? false),
    g: () => select(0, { scroll: true, link: true }),
    G: () => select(last, { scroll: true, link: true }),
    w: () => {
      if (watched === null) return;
      // Goes round: after the last change comes the first.
      const before = now;
      seek(1, touches);
      if (now === before) {
        now = 0;
        get(`step-${before}`)?.removeAttribute('aria-current');
        get(`at-${before}`)?.classList.remove('now');
        seek(1, touches);
      }
    },
    '/': () => {
      get('values')?.setAttribute('open', '');
      get('filter')?.focus();
    },
    '.': () => {
      const fold = get('fold');
      if (fold !== null) fold.checked = !fold.checked;
    },
    t: flip,
    y: () => copy(w.location.href.replace(/#.*/, '') + (now > 0 ? `#step-${now}` : ''), null, 'link'),
    '?': toggleHelp,
  };
  commands['ArrowDown'] = commands['ArrowRight'] = commands['j'] as () => void;
  commands['ArrowUp'] = commands['ArrowLeft'] = commands['k'] as () => void;

  for (const b of d.querySelectorAll('[data-key]'))
    b.addEventListener('click', () => commands[b.dataset['key'] ?? '']?.());

  w.addEventListener('keydown', (event: Happening) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
    if (event.target.id === 'filter') return;
    const command = Object.hasOwn(commands, event.key) ? commands[event.key] : undefined;
    if (command === undefined) return;
    if (event.key.startsWith('Arrow')) {
      // Away from the chart the arrow keys scroll, as everywhere.
      const chart = get('interleaving')?.getBoundingClientRect();
      if (chart === undefined || chart.bottom < 80 || chart.top > w.innerHeight - 80) return;
    }
    event.preventDefault();
    command();
  });

  d.addEventListener('click', (event: Happening) => {
    const path = event.target.closest('.changes button');
    if (path !== null) return watch(path.textContent ?? '');
    if (event.target.closest('a, button, input, label') !== null) return;
    const row = event.target.closest('tr[id^="step-"]');
    if (row !== null) select(Number(row.id.slice(5)), { link: true });
  });
  get('filter')?.addEventListener('input', listValues);
  get('values')?.addEventListener('toggle', listValues);

  const follow = () => {
    const n = /^#step-(\d+)$/.exec(w.location.hash)?.[1];
    if (n !== undefined) select(Number(n), { scroll: true });
    else if (now < 0) select(last, { quiet: true });
  };
  w.addEventListener('hashchange', follow);
  follow();
}
