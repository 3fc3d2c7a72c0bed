/** Names of objects. They are given when an object is created and never change. */

const names = new WeakMap<object, string>();

/** Records the name of a view; called by the compiler only. */
export function rememberName(view: object, name: string): void {
  names.set(view, name);
}

/** The name of an object or embedded field, such as `iommu.lock`; `NULL` for null. */
export function nameOf(view: object | null): string {
  return view === null ? 'NULL' : (names.get(view) ?? 'object');
}

/** A name without its numbers: `mm1` and `mm0` play one role. */
export function roleOf(name: string): string {
  return name.replace(/#?\d+/g, '');
}

/** Is the text one line that a stored schedule can hold: not empty, without control characters? */
export function isLine(text: string): boolean {
  return text !== '' && !/[\p{Cc}\u2028\u2029]/u.test(text);
}
