/** Arrays beside a store that keep something for each state and grow with it. */

/** The array itself when `length` entries fit, else a copy of at least twice its length. */
export function grown<A extends Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(array: A, length: number): A {
  if (length <= array.length) return array;
  const larger = new (array.constructor as new (length: number) => A)(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
