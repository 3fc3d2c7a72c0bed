/**
 * How numbers are written, in text and in HTML alike: one formatter, so that the same fact reads the same everywhere.
 * Independent of the locale of the machine.
 */

/** `1,204,118`. */
export function count(n: number): string {
  const [whole = '', fraction] = String(Math.abs(n)).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return (n < 0 ? '-' : '') + grouped + (fraction === undefined ? '' : `.${fraction}`);
}

/** `1 step`, `15 steps`, `2 context switches`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** A factor with two digits that matter: `4.3`, `12`, `1.0`. */
export function factor(f: number): string {
  return f >= 10 ? count(Math.round(f)) : f.toFixed(1);
}

/**
 * A least probability as a share with three digits that matter: `56.5 %`, `0.0833 %`. Rounded down, because it is
 * promised.
 */
export function share(probability: number): string {
  const percent = probability * 100;
  if (percent === 0) return '0 %';
  const unit = 10 ** (Math.floor(Math.log10(percent)) - 2);
  // The quotient of 7.41 and 0.01 may lie below 741.
  const down = Math.floor((percent / unit) * (1 + 1e-12)) * unit;
  return percent >= 0.0001 ? `${Number(down.toPrecision(3))} %` : `${down.toExponential(2)} %`;
}

/** A bound of a probability, two digits, rounded up: `3.4e-6`, `0.012`, `1`. */
export function probability(p: number): string {
  if (p <= 0 || p >= 1) return p <= 0 ? '0' : '1';
  const [digits = '', exponent = ''] = p.toExponential(1).split('e');
  const power = Number(exponent);
  // What was rounded down is raised by one in the last digit; a tenth digit carries over.
  const raised = Number(p.toExponential(1)) < p ? Math.round(Number(digits) * 10) + 1 : Math.round(Number(digits) * 10);
  const [tenths, scale] = raised === 100 ? [10, power + 1] : [raised, power];
  return scale < -3 ? `${tenths / 10}e${scale}` : String(Number(`${tenths / 10}e${scale}`));
}

/** A short duration: `0.42 s`, `7.1 s`, `3 min 20 s`. */
export function duration(seconds: number): string {
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** A size in memory: `880 MiB`, `2.4 GiB`. */
export function bytes(n: number): string {
  if (n >= 2 ** 30) return `${(n / 2 ** 30).toFixed(1)} GiB`;
  if (n >= 2 ** 20) return `${count(Math.round(n / 2 ** 20))} MiB`;
  return `${count(Math.round(n / 2 ** 10))} KiB`;
}

/** A rate: `412k/s`, `1.9M/s`, `840/s`. */
export function rate(perSecond: number): string {
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(1)}M/s`;
  if (perSecond >= 1e4) return `${Math.round(perSecond / 1e3)}k/s`;
  return `${count(Math.round(perSecond))}/s`;
}
