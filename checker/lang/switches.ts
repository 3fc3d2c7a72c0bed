/**
 * Switches: named choices inside a system. The first value is the behaviour as posted; a variant of a scenario
 * sets some of them to another.
 */
import { modelError } from './errors.ts';

/** A declared switch, as `switchOf` returns it. */
export interface Switch<V extends string = string> {
  readonly kind: 'switch';
  readonly name: string;
  readonly about: string;
  readonly values: readonly V[];
}

/**
 * Declares a switch, for example
 * `switchOf('vfio.mmput', 'how replay drops the mm reference', 'async', 'plain')`.
 */
export function switchOf<const V extends readonly [string, string, ...string[]]>(
  name: string,
  about: string,
  ...values: V
): Switch<V[number]> {
  if (new Set(values).size !== values.length) throw modelError(`switch ${name} lists a value twice`);
  return { kind: 'switch', name, about, values };
}

/** One switch set to one value, as a variant lists them. */
export interface Setting {
  readonly switch: Switch;
  readonly value: string;
}

/**
 * A switch set to a value, for the settings of a variant. A value that the switch does not have does not compile.
 *
 * @example
 * ```ts
 * import { set, switchOf } from 'quiesce';
 *
 * const order = switchOf('toy.order', 'which lock is taken first', 'ab', 'ba');
 * console.log(set(order, 'ba').value); // ba
 * ```
 */
export function set<V extends string>(aSwitch: Switch<V>, value: NoInfer<V>): Setting {
  if (!aSwitch.values.includes(value))
    throw modelError(
      `switch ${aSwitch.name} has no value "${value}"`,
      undefined,
      `it is one of ${aSwitch.values.join(', ')}`,
    );
  return { switch: aSwitch, value };
}
