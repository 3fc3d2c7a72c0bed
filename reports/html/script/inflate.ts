/**
 * Inflates the data of the page: deflated text (RFC 1951; no header, no checksum), so that the page needs no reader of
 * streams. Its source text is put into the page: it may use nothing outside itself. Throws where the data is damaged.
 */
/** @param input a character a byte; @param size bytes of what comes out, which is UTF-8 */
export function inflate(input: string, size: number): string {
  const out = new Uint8Array(size);
  let [at, next, held, many] = [0, 0, 0, 0];
  const bits = (n: number): number => {
    while (many < n) {
      held |= input.charCodeAt(next++) << many;
      many += 8;
    }
    const value = held & ((1 << n) - 1);
    held >>>= n;
    many -= n;
    return value;
  };
  // Canonical codes: how many there are of each length, and the symbols in the order of their codes.
  const codes = (lengths: readonly number[]) => {
    const count = new Array<number>(16).fill(0);
    for (const l of lengths) count[l] = (count[l] as number) + 1;
    count[0] = 0;
    const symbols = lengths.flatMap((l, s) => (l > 0 ? [[l, s] as const] : [])).sort((p, q) => p[0] - q[0]);
    return { count, symbols: symbols.map(([, s]) => s) };
  };
  const decode = ({ count, symbols }: ReturnType<typeof codes>): number => {
    let [code, first, index] = [0, 0, 0];
    for (let length = 1; length < 16; length++) {
      code |= bits(1);
      const n = count[length] as number;
      if (code - first < n) return symbols[index + code - first] as number;
      index += n;
      first = (first + n) << 1;
      code <<= 1;
    }
    throw new Error('the data of this page is damaged');
  };
  const extra = (n: number, per: number) => Math.max(0, Math.floor(n / per) - 1);
  for (let last = 0; last === 0; ) {
    last = bits(1);
    const kind = bits(2);
    if (kind === 0) {
      held = many = 0;
      const length = input.charCodeAt(next) | (input.charCodeAt(next + 1) << 8);
      next += 4;
      for (let i = 0; i < length; i++) out[at++] = input.charCodeAt(next++);
      continue;
    }
    let lengths: number[] = [];
    let literals = 288;
    if (kind === 1) {
      for (let i = 0; i < 288; i++) lengths.push(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
      for (let i = 0; i < 30; i++) lengths.push(5);
    } else {
      literals = bits(5) + 257;
      const all = literals + bits(5) + 1;
      const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
      const short = new Array<number>(19).fill(0);
      for (let i = bits(4) + 4, k = 0; k < i; k++) short[order[k] as number] = bits(3);
      const tree = codes(short);
      lengths = [];
      while (lengths.length < all) {
        const s = decode(tree);
        if (s < 16) lengths.push(s);
        else {
          const value = s === 16 ? (lengths[lengths.length - 1] as number) : 0;
          for (let i = s === 16 ? 3 + bits(2) : s === 17 ? 3 + bits(3) : 11 + bits(7); i > 0; i--) lengths.push(value);
        }
      }
    }
    const literal = codes(lengths.slice(0, literals));
    const distance = codes(lengths.slice(literals));
    for (let s = decode(literal); s !== 256; s = decode(literal)) {
      if (s < 256) {
        out[at++] = s;
        continue;
      }
      const l = s - 257;
      const le = l === 28 ? 0 : extra(l, 4);
      const length = l === 28 ? 258 : (le === 0 ? l + 3 : ((4 + (l % 4)) << le) + 3) + bits(le);
      const c = decode(distance);
      const ce = extra(c, 2);
      const back = (ce === 0 ? c + 1 : ((2 + (c % 2)) << ce) + 1) + bits(ce);
      for (let i = 0; i < length; i++, at++) out[at] = out[at - back] as number;
    }
  }
  return new TextDecoder().decode(out);
}
