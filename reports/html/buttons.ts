/** Buttons that the script gives their meaning; without it they are not shown. */
import { type Child, h, type Markup } from './write.ts';

/** Copies the text of the element `id`. */
export function copyButton(id: string, what: string, label = 'Copy'): Markup {
  return h('button', { type: 'button', 'data-copy': id, 'data-what': what, class: 'js-only' }, label);
}

/** Saves the text of the element `id`, or what the script makes of the data of the page under that name. */
export function saveButton(id: string, name: string, label: string): Child {
  return [' ', h('button', { type: 'button', 'data-save': id, 'data-name': name, class: 'js-only' }, label)];
}

/** Does what the key does. */
export function keyButton(key: string, label: string, text: string): Markup {
  return h('button', { type: 'button', 'data-key': key, 'aria-label': label, title: `${label} (${key})` }, text);
}
