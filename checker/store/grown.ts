/** Arrays beside a store that keep something for each state and grow with it. */

/** The array itself when `length` entries fit, else a copy of at least twice its length. */
export function grown(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= array.length) return array;
  const larger = new Int32Array(Math.max(length, array.length * 2));
  larger.set(array);
  return larger;
}
