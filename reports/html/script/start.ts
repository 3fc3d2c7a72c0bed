/**
 * When the script begins: at once, or, where the data of thousands of steps are to be unpacked first, after the browser has
 * shown the text. Its source text is put into the page: it may use nothing outside itself.
 */
import type { Browser } from './dom.ts';

export function start(w: Browser, go: () => void): void {
  const { document: d } = w;
  d.documentElement.classList.add('js');
  if (d.getElementById('rows')?.dataset['window'] === undefined) go();
  else w.requestAnimationFrame(() => w.setTimeout(go, 0));
}
