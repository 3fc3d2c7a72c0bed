/**
 * The script of the report. Its source text is put into the page as it stands, so it may use nothing outside itself but
 * what it is given.
 * It adds stepping, values, history, pins, folding, arrows, copying, saving and the theme, and draws the rows of a long
 * trace in a window. What it shows is set as text. It evaluates nothing and asks for nothing over the network.
 */
import type { PageData } from '../data.ts';
import type { Browser, Dialog, Happening, Node } from './dom.ts';
import type { elements as elementsOf } from './elements.ts';
import type { files as savedFiles } from './files.ts';
import type { inflate as inflateText } from './inflate.ts';
import type { pane as paneOf } from './pane.ts';
import type { trace as traceOf } from './trace.ts';

/** Functions whose texts stand beside that of the page. */
export interface Parts {
  readonly inflate: typeof inflateText;
  readonly files: typeof savedFiles;
  readonly trace: typeof traceOf;
  readonly elements: typeof elementsOf;
  readonly pane: typeof paneOf;
}

export function page(w: Browser, { inflate, files, trace, elements, pane }: Parts): void {
  const d = w.document;
  const get = (id: string) => d.getElementById(id);
  const root = d.documentElement;

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
  const info: PageData | null =
    block === null ? null : JSON.parse(inflate(w.atob(block.textContent ?? ''), Number(block.dataset['size'])));
  // Without the data of the steps nothing can be stepped through.
  root.classList.toggle('flat', info === null);
  const past = trace(info);
  const { initial, locks, steps, last, t, actor, changesOf, standings, valuesAt } = past;
  const essential = (n: number) => steps[n - 1]?.[5] === 1;
  const made = elements(d);
  const { cell, tree, toStep } = made;
  const describe = pane(d, past, made);
  let now = -1;
  let watched: string | null = null;
  const pins: string[] = [];

  // Steps that are not written out share one article.
  const spare = cell('article', '', 'at');
  get('nodetail')?.append(spare);
  const described = new Set<number>();
  let open: Node | null = null;
  const showPane = (n: number) => {
    open?.classList.remove('now');
    let box = get(`at-${n}`);
    if (box === null || box === spare) {
      box = spare;
      box.id = `at-${n}`;
      box.replaceChildren(...describe(n));
    } else if (!described.has(n)) {
      box.replaceChildren(...describe(n));
      described.add(n);
    }
    box.classList.add('now');
    open = box;
  };

  const listValues = () => {
    const changed = new Set(changesOf(now).map(([path]) => t(path)));
    const row = (path: string, value: string) =>
      tree('li', changed.has(path) ? 'M' : '', cell('button', path), ' ', cell('code', value));
    const pinned = get('pins');
    const table = get('all');
    const wide = get('values')?.getAttribute('open') !== null;
    if (table === null || pinned === null || (pins.length === 0 && !wide)) return pinned?.replaceChildren();
    const values = valuesAt(now);
    pinned.replaceChildren(...pins.map((path) => row(path, values.get(path) ?? 'none')));
    if (!wide) return;
    const wanted = (get('filter')?.value ?? '').toLowerCase();
    const rows = [...values].filter(([path]) => wanted === '' || path.toLowerCase().includes(wanted));
    table.replaceChildren(...rows.map(([path, value]) => row(path, value)));
  };

  // Rows of a long trace are drawn where they are looked at, between two rows that stand for all the others.
  const body = get('rows');
  const inWindow = body?.dataset['window'] !== undefined;
  const frame = get('frame');
  const fold = get('fold');
  const HEIGHT = 26;
  const TALL = 1500;
  let shown: number[] = [];
  let drawn = [-1, -1];
  const sift = () => {
    shown = [0];
    for (let n = 1; n <= last; n++) if (!fold?.checked || n === now || steps[n - 1]?.[6] !== 0) shown.push(n);
  };
  const drawRow = (n: number): Node => {
    const [before, after] = [standings(Math.max(0, n - 1)), standings(n)];
    const s = steps[n - 1];
    const row = d.createElement('tr');
    row.id = `step-${n}`;
    row.setAttribute(
      'class',
      s === undefined ? 'initial' : `${essential(n) ? 'essential' : ''}${n === last ? ' bad' : ''}`,
    );
    if (n === now) row.setAttribute('aria-current', 'step');
    const number = tree('th', 'n', toStep(n, String(n)));
    number.setAttribute('scope', 'row');
    const lanes = (info?.lanes ?? []).map((a) => {
      const acts = s !== undefined && s[0] === a;
      const lane = cell(
        'td',
        '',
        `lane t${Math.min(8, locks.length)}${acts ? ' act' : before[a]?.[1] === 1 ? ' waits' : before[a]?.[1] === 2 ? ' gone' : ''}`,
      );
      const held = new Set([...(after[a]?.[3] ?? []), ...(acts ? (before[a]?.[3] ?? []) : [])]);
      for (const l of held) lane.append(cell('i', '', `b s${Math.min(l, 7)} k${l % 8}`));
      if (acts) lane.append(cell('span', '\u25cf', 'dot'));
      return lane;
    });
    const text =
      s === undefined
        ? cell('td', 'initial state', 'text')
        : tree(
            'td',
            'text',
            cell('b', actor(n), 'who'),
            tree(
              'div',
              'what',
              cell('small', t(s[4][0]), 'proc'),
              cell('code', t(s[1])),
              s[2] < 0 ? null : cell('span', t(s[2]), 'choice'),
            ),
          );
    row.append(number, ...lanes, text);
    return row;
  };
  const drawWindow = (again = false) => {
    if (!inWindow || frame === null || body === null) return;
    // The first time nothing is laid out yet, and to ask for sizes would lay out rows that are replaced.
    const [top, height] = drawn[0] === -1 ? [0, TALL] : [frame.scrollTop, frame.clientHeight];
    const first = Math.max(0, Math.floor(top / HEIGHT) - 15);
    const end = Math.min(shown.length, first + Math.ceil(height / HEIGHT) + 30);
    if (!again && Math.abs(first - (drawn[0] ?? 0)) < 10 && end <= (drawn[1] ?? 0) + 10 && drawn[0] !== -1) return;
    drawn = [first, end];
    const gap = (rows: number) => {
      const row = tree('tr', 'space', d.createElement('td'));
      row.style.height = `${rows * HEIGHT}px`;
      return row;
    };
    body.replaceChildren(
      ...(first > 0 ? [gap(first)] : []),
      ...shown.slice(first, end).map(drawRow),
      ...(end < shown.length ? [gap(shown.length - end)] : []),
    );
    drawArrows();
  };
  const intoView = (n: number, again: boolean) => {
    if (!inWindow || frame === null) return get(`step-${n}`)?.scrollIntoView({ block: 'nearest' });
    const top = shown.indexOf(n) * HEIGHT;
    if (top < frame.scrollTop + HEIGHT * 2) frame.scrollTop = top - HEIGHT * 4;
    else if (top > frame.scrollTop + frame.clientHeight - HEIGHT * 3)
      frame.scrollTop = top - frame.clientHeight + HEIGHT * 6;
    drawWindow(again);
    get(`step-${n}`)?.scrollIntoView({ block: 'nearest' });
  };

  // Arrows of what had to come before what: those of the chosen step, or all.
  let drawnArrows: { readonly from: number; readonly to: number; readonly path: Node }[] = [];
  const lightArrows = () => {
    for (const { from, to, path } of drawnArrows) path.classList.toggle('on', from === now || to === now);
  };
  const drawArrows = () => {
    const svg = get('arrows-drawn');
    if (svg === null || frame === null || info === null) return;
    for (const { path } of drawnArrows) path.remove();
    drawnArrows = [];
    svg.setAttribute('width', '0');
    svg.setAttribute('height', '0');
    const origin = frame.getBoundingClientRect();
    const middle = (n: number): readonly [number, number] | null => {
      const row = get(`step-${n}`);
      if (row === null || row.offsetParent === null) return null;
      const lane = [...row.querySelectorAll('.lane')][info.lanes.indexOf(steps[n - 1]?.[0] ?? -1)];
      if (lane === undefined) return null;
      const box = lane.getBoundingClientRect();
      return [
        box.left - origin.left + frame.scrollLeft + 6,
        box.top - origin.top + frame.scrollTop + Math.min(13, box.height / 2),
      ];
    };
    const numbers = inWindow ? shown.slice(drawn[0], drawn[1]) : steps.map((_, i) => i + 1);
    const ends = numbers.flatMap((n) => (steps[n - 1]?.[10] ?? []).map(([b]) => [b, n, middle(b), middle(n)] as const));
    const size = [frame.scrollWidth, frame.scrollHeight];
    // Nothing is asked for any more: each answer would cost a layout.
    for (const [b, n, p, q] of ends) {
      if (p === null || q === null) continue;
      const path = d.createElementNS('http://www.w3.org/2000/svg', 'path');
      const bend = (q[0] - p[0]) / 2;
      path.setAttribute('d', `M${p[0]} ${p[1]}C${p[0] + bend} ${p[1]} ${q[0] - bend} ${q[1]} ${q[0]} ${q[1]}`);
      path.setAttribute('class', 'hb');
      path.setAttribute('marker-end', 'url(#arrow-hb)');
      svg.append(path);
      drawnArrows.push({ from: b, to: n, path });
    }
    svg.setAttribute('width', String(size[0]));
    svg.setAttribute('height', String(size[1]));
    lightArrows();
  };

  /** The part of the address after `#`: plain for a step alone, with names where there is more to restore. */
  const address = (whole: boolean) => {
    const s = steps[now - 1];
    const more = [
      ...(whole && s !== undefined ? [`state=${s[7]}`] : []),
      ...(watched === null ? [] : [`var=${encodeURIComponent(watched)}`]),
      ...(root.dataset['theme'] === undefined ? [] : [`theme=${root.dataset['theme']}`]),
    ];
    return more.length === 0 ? `#step-${now}` : `#step=${now}&${more.join('&')}`;
  };
  const keepAddress = () => {
    try {
      w.history.replaceState(null, '', address(false));
    } catch {
      // Some browsers refuse this for files; the step is selected all the same.
    }
  };

  const select = (n: number, how: { scroll?: boolean; link?: boolean; quiet?: boolean } = {}) => {
    if (info === null || n < 0 || n > last) return;
    if (now >= 0) get(`step-${now}`)?.removeAttribute('aria-current');
    now = n;
    const hidden = inWindow && !shown.includes(n);
    if (hidden) sift();
    if (how.scroll) intoView(n, hidden);
    const row = get(`step-${n}`);
    row?.setAttribute('aria-current', 'step');
    showPane(n);
    if (how.link) keepAddress();
    const where = get('where');
    if (where !== null) where.textContent = `${n} / ${last}`;
    listValues();
    lightArrows();
    if (how.quiet) return;
    const many = changesOf(n).length;
    say(
      n === 0
        ? 'initial state'
        : `step ${n}, ${actor(n)}, ${t(steps[n - 1]?.[1])}, ${many} ${many === 1 ? 'change' : 'changes'}`,
    );
  };

  const visible = (n: number) => (inWindow ? shown.includes(n) : get(`step-${n}`)?.offsetParent != null);
  const seek = (by: 1 | -1, wanted: (n: number) => boolean) => {
    for (let n = now + by; n >= 0 && n <= last; n += by) if (wanted(n)) return select(n, { scroll: true, link: true });
  };
  const touches = (n: number) => changesOf(n).some(([path]) => t(path) === watched);

  const watch = (path: string) => {
    watched = path;
    const box = get('history');
    if (box === null) return;
    const start = initial.find(([p]) => t(p) === path)?.[1];
    const items = [tree('li', '', 'at first ', cell('code', t(start) ?? 'none'))];
    for (const [i, s] of steps.entries())
      for (const [p, , after] of s[8]) {
        if (t(p) !== path || items.length > 500) continue;
        items.push(tree('li', '', toStep(i + 1), ` ${actor(i + 1)} \u2192 `, cell('code', t(after) ?? 'none')));
      }
    box.replaceChildren(...items);
    const name = get('watched');
    if (name !== null) name.textContent = path;
    const around = get('watch');
    if (around !== null) around.hidden = false;
    say(`history of ${path}: ${items.length - 1} changes`);
  };
  const refold = () => {
    sift();
    drawWindow(true);
    drawArrows();
  };

  const commands: Record<string, () => void> = {
    j: () => seek(1, visible),
    k: () => seek(-1, visible),
    J: () => seek(1, (n) => actor(n) === actor(now)),
    K: () => seek(-1, (n) => actor(n) === actor(now)),
    n: () => seek(1, essential),
    p: () => seek(-1, essential),
    g: () => select(0, { scroll: true, link: true }),
    G: () => select(last, { scroll: true, link: true }),
    w: () => {
      if (watched === null) return;
      // Goes round: after the last change comes the first.
      const before = now;
      seek(1, touches);
      if (now !== before) return;
      get(`step-${before}`)?.removeAttribute('aria-current');
      now = 0;
      seek(1, touches);
    },
    '/': () => {
      get('values')?.setAttribute('open', '');
      get('filter')?.focus();
    },
    '.': () => {
      if (fold === null) return;
      fold.checked = !fold.checked;
      refold();
    },
    t: () => {
      flip();
      keepAddress();
    },
    y: () => copy(w.location.href.replace(/#.*/, '') + address(true), null, 'link'),
    '?': toggleHelp,
    pin: () => {
      if (watched === null) return;
      const at = pins.indexOf(watched);
      if (at < 0) pins.push(watched);
      else pins.splice(at, 1);
      say(`${watched} ${at < 0 ? 'pinned' : 'no longer pinned'}`);
      listValues();
    },
  };
  commands['ArrowDown'] = commands['ArrowRight'] = commands['j'] as () => void;
  commands['ArrowUp'] = commands['ArrowLeft'] = commands['k'] as () => void;

  for (const b of d.querySelectorAll('[data-key]'))
    b.addEventListener('click', () => commands[b.dataset['key'] ?? '']?.());
  for (const b of d.querySelectorAll('[data-save]'))
    b.addEventListener('click', () => {
      const id = b.dataset['save'] ?? '';
      const text = (info === null ? {} : files(info, standings))[id]?.() ?? get(id)?.textContent ?? '';
      const url = w.URL.createObjectURL(new w.Blob([text], { type: 'text/plain' }));
      const link = d.createElement('a');
      link.setAttribute('href', url);
      link.setAttribute('download', b.dataset['name'] ?? 'quiesce.txt');
      link.click();
      w.setTimeout(() => w.URL.revokeObjectURL(url), 1000);
    });

  w.addEventListener('keydown', (event: Happening) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help?.open) return;
    if (event.target.id === 'filter' || event.key === 'pin') return;
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
    if (path !== null) {
      watch(path.textContent ?? '');
      return keepAddress();
    }
    const link = /^#step-(\d+)$/.exec(event.target.closest('a')?.getAttribute('href') ?? '');
    if (link !== null && inWindow) {
      event.preventDefault();
      return select(Number(link[1]), { scroll: true, link: true });
    }
    if (event.target.closest('a, button, input, label') !== null) return;
    const row = event.target.closest('tr[id^="step-"]');
    if (row !== null) select(Number(row.id.slice(5)), { link: true });
  });
  get('filter')?.addEventListener('input', listValues);
  get('values')?.addEventListener('toggle', listValues);
  fold?.addEventListener('change', refold);
  frame?.addEventListener('scroll', () => drawWindow());
  w.addEventListener('resize', () => {
    drawWindow(true);
    drawArrows();
  });

  const follow = () => {
    const hash = w.location.hash;
    const given = new Map(
      hash
        .slice(1)
        .split('&')
        .map((part) => [part.replace(/=.*/, ''), part.replace(/^[^=]*=?/, '')] as const),
    );
    const plain =
      /^#step-(\d+)$/.exec(hash)?.[1] ?? (/^\d+$/.test(given.get('step') ?? '') ? given.get('step') : undefined);
    const theme = given.get('theme');
    if (theme === 'light' || theme === 'dark') root.dataset['theme'] = theme;
    if (plain !== undefined) {
      let n = Number(plain);
      // Numbers may have moved in a later run: the state says which step is meant.
      const state = given.get('state');
      if (state !== undefined && steps[n - 1]?.[7] !== state) {
        const moved = steps.findIndex((s) => s[7] === state);
        if (moved >= 0) n = moved + 1;
      }
      select(n, { scroll: true });
    } else if (now < 0) select(last, { quiet: true });
    const path = given.get('var');
    if (path !== undefined && info !== null)
      try {
        watch(decodeURIComponent(path));
      } catch {
        // Half an escape: not an address that was made here.
      }
  };
  w.addEventListener('hashchange', follow);
  sift();
  if (inWindow) root.classList.add('windowed');
  drawWindow(true);
  follow();
  if (!inWindow) drawArrows();
}
