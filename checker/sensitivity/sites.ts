/**
 * The places of a model that can be mutated: every statement that acts, waits, tests or calls, where it stands in its
 * procedure. A statement that the model uses in several places becomes one of its own in each.
 */
import type { Revising } from '../compile/revise.ts';
import type { Body, Statement } from '../lang/body.ts';
import type { Params, Procedure } from '../lang/procedure.ts';

type Any = Statement<never>;
/** What can be mutated. */
export type Site = {
  /** Procedure and position: the same in every compilation. */
  readonly id: string;
  readonly procedure: string;
  readonly label: string;
  readonly op: Any['op'];
  /** It begins a wait for a condition: while its test is false, the actor sleeps and looks again. */
  readonly waits: boolean;
  /** It belongs to such a wait and has no meaning without it. */
  readonly inWait: boolean;
  /** What a blocked actor waits for here, if it blocks. */
  readonly waiting: string | null;
  readonly idle: boolean;
  readonly protects: 'flush' | 'wake-up' | 'notifier' | null;
  /** Position of what is moved as a whole, and whether it may change places with the one before and behind. */
  readonly unit: string;
  readonly mayGoBefore: boolean;
  readonly mayGoBehind: boolean;
};

/** What is made of a model. */
export interface Edit {
  /** The statement that stands at the site instead. */
  readonly replace: (site: Site, statement: Any, about: Revising) => Any;
  /** Position of a unit that changes places with the one behind it. */
  readonly swap?: string;
}

const movable = new Set<Any['op']>(['step', 'block', 'free', 'alloc', 'attempt', 'call', 'callback']);

/** Several statements that stand for one: a loop that is left at its end. */
const isGroup = (s: Any): boolean => s.op === 'loop' && s.body.at(-1)?.op === 'break';
const mayMove = (s: Any | undefined): boolean => s !== undefined && (movable.has(s.op) || isGroup(s));

/** Is it the test a sleeper makes before it sleeps? */
function beginsWait(s: Any | undefined): boolean {
  return s?.op === 'branch' && (s.sleeps === true || s.parks === true) && s.yes[0]?.op === 'break';
}

interface Unit {
  readonly at: string;
  readonly before: boolean;
  readonly behind: boolean;
}

/** Rebuilds the body of one procedure. */
export class Rebuild {
  readonly #name: string;
  readonly #id: string;
  readonly #about: Revising;
  readonly #edit: Edit;
  readonly #count = new Map<string, number>();
  #last = 'the beginning';

  /** @param id tells procedures of one name apart */
  constructor(procedure: Procedure<Params, unknown>, id: string, about: Revising, edit: Edit) {
    this.#name = procedure.name;
    this.#id = id;
    this.#about = about;
    this.#edit = edit;
  }

  body(body: Body<never>, path = '', group: Unit | null = null, inWait = false): Body<never> {
    const built = body.map((s, i) => {
      const at = `${path}.${i}`;
      const unit = group ?? { at, before: mayMove(body[i - 1]), behind: mayMove(body[i + 1]) };
      // What follows the first look at a condition is part of the wait.
      const part = inWait || (i > 0 && group !== null && beginsWait(body[0]));
      return this.#statement(s, at, unit, part, beginsWait(s) && i === 0);
    });
    const first = this.#edit.swap;
    const i = body.findIndex((_, n) => `${this.#id}${path}.${n}` === first);
    if (i >= 0 && i + 1 < built.length) [built[i], built[i + 1]] = [built[i + 1] as Any, built[i] as Any];
    return built;
  }

  #statement(s: Any, at: string, unit: Unit, inWait: boolean, first: boolean): Any {
    const inner = (body: Body<never>, name: string, part = inWait) => this.body(body, `${at}.${name}`, null, part);
    switch (s.op) {
      case 'label':
      case 'goto':
      case 'break':
      case 'continue':
      case 'return':
      case 'local':
        return s;
      case 'loop': {
        const asleep = inWait || (!isGroup(s) && beginsWait(s.body[0]));
        const part = this.#loop(s.body, `${at}.body`, isGroup(s) ? unit : null, inWait, asleep);
        return { ...s, body: part };
      }
      case 'switch': {
        const value = this.#about.settings.get(s.on.name) ?? (s.on.values[0] as string);
        const arm = s.arms[value];
        return arm === undefined ? s : { ...s, arms: { ...s.arms, [value]: inner(arm, value) } };
      }
      case 'branch': {
        const site = this.#site(s, at, unit, inWait, first);
        return this.#edit.replace(site, { ...s, yes: inner(s.yes, 'yes'), no: inner(s.no, 'no') }, this.#about);
      }
      case 'if': {
        const site = this.#site(s, at, unit, inWait, false);
        return this.#edit.replace(site, { ...s, yes: inner(s.yes, 'yes'), no: inner(s.no, 'no') }, this.#about);
      }
      case 'choose': {
        const site = this.#site(s, at, unit, inWait, false);
        const arms = s.arms.map((arm, i) => ({ ...arm, body: inner(arm.body, `${i}`) }));
        return this.#edit.replace(site, { ...s, arms }, this.#about);
      }
      case 'attempt':
      case 'alloc':
      case 'callback': {
        const site = this.#site(s, at, unit, inWait, false);
        return this.#edit.replace(site, { ...s, orElse: inner(s.orElse, 'else') }, this.#about);
      }
      default:
        return this.#edit.replace(this.#site(s, at, unit, inWait, false), { ...s }, this.#about);
    }
  }

  /** A loop that sleeps begins with the look that may end it; what follows is part of it. */
  #loop(body: Body<never>, path: string, group: Unit | null, inWait: boolean, asleep: boolean): Body<never> {
    if (!asleep) return this.body(body, path, group, inWait);
    const [look, ...rest] = body;
    const unit = { at: path, before: false, behind: false };
    const first = this.#statement(look as Any, `${path}.0`, unit, inWait, true);
    return [first, ...rest.map((s, i) => this.#statement(s, `${path}.${i + 1}`, unit, true, false))];
  }

  #site(s: Any, at: string, unit: Unit, inWait: boolean, first: boolean): Site {
    const notes = s as { protects?: Site['protects']; idle?: boolean; waiting?: { kind: string } };
    return {
      id: `${this.#id}${at}`,
      procedure: this.#name,
      label: this.#label(s),
      op: s.op,
      waits: first && !inWait,
      inWait,
      waiting: notes.waiting?.kind ?? null,
      idle: notes.idle === true,
      protects: notes.protects ?? null,
      unit: `${this.#id}${unit.at}`,
      mayGoBefore: unit.before,
      mayGoBehind: unit.behind,
    };
  }

  /** Labels as the compiler numbers them; what has none is named by what stands before it. */
  #label(s: Any): string {
    if (s.op === 'call') return `call of ${s.procedure().name}`;
    const plain =
      s.op === 'callback' ? `call ${s.type.name}` : 'label' in s ? s.label : `condition after ${this.#last}`;
    const n = (this.#count.get(plain) ?? 0) + 1;
    this.#count.set(plain, n);
    const label = n === 1 ? plain : `${plain} (${n})`;
    if (s.op !== 'if') this.#last = label;
    return label;
  }
}
