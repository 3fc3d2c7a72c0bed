/** Text of a random model, for a reader who has to find out why it fails. */
import type { Condition, RandomModel, Statement } from './random-model.ts';

export function print(model: RandomModel): string {
  const lines = [
    `${model.symmetric && model.blocks ? 'a box for all and a box and an old node for each' : `boxes ${model.boxes}`}, pool of ${model.slots} nodes${model.reusesAddress ? ' that reuse addresses' : ''}, ` +
      `failures ${model.failures}, switches take arm ${model.switchedOn ? 2 : 1}` +
      `${model.mayOutlive ? ', nodes may outlive' : ''}, old in ${['slots[0]', ...model.oldIn].join(', ')}`,
  ];
  model.helpers.forEach((body, i) => {
    lines.push(`helper${i}(box, n, x) {`, ...block(body), '}');
  });
  model.procedures.forEach((body, i) => {
    lines.push(`proc${i}(box, n, x, boxes) {`, ...block(body), '}');
  });
  if (model.symmetric) lines.push('all actors do what the first one does:');
  model.actors.forEach((a, i) => {
    if (a.kind === 'task')
      lines.push(
        `task${i}: ${a.calls
          .map((c) => {
            const callee = c.callee % model.procedures.length;
            return `proc${callee}(${boxOf(model, i, c.box)}, ${c.old ? 'old' : 'NULL'}, ${c.x}, boxes)`;
          })
          .join('; ')}`,
      );
    else
      lines.push(
        `machine${i}(${boxOf(model, i, a.box)}, old, 1)${a.rest ? '' : ' never rests'} {`,
        ...a.transitions.map((t) => `  s${t.from} -> s${t.to}${whenText(t.when)}: ${t.effects.join(', ')}`),
        '}',
      );
  });
  if (model.always) lines.push(`always ${text(model.always)}`);
  if (model.atEnd) lines.push(`at end ${text(model.atEnd)}`);
  if (model.sometimes) lines.push(`sometimes ${text(model.sometimes)}`);
  if (model.alwaysFew !== null) lines.push(`always at most ${model.alwaysFew} live nodes in the pool`);
  return lines.join('\n');
}

function boxOf(model: RandomModel, actor: number, number: number): string {
  if (model.symmetric && model.blocks) return number % 2 === 1 ? `box${actor + 1}` : 'box0';
  return `box${number % model.boxes}`;
}

function text(c: Condition): string {
  if (c.on === 'not') return `!(${text(c.what)})`;
  if ('is' in c) return `${c.on} ${c.is} ${c.value}`;
  return 'value' in c ? `${c.on} = ${c.value}` : c.on;
}

function whenText(c: Condition | null): string {
  return c === null ? '' : ` when ${text(c)}`;
}

function block(body: readonly Statement[]): string[] {
  return body.flatMap(statement).map((line) => `  ${line}`);
}

function statement(s: Statement): string[] {
  const orElse = (line: string, body: readonly Statement[]) =>
    body.length === 0 ? [line] : [`${line}, else {`, ...block(body), '}'];
  const idle = (s as { idle?: boolean }).idle ? ' (may rest)' : '';
  switch (s.op) {
    case 'step':
      return [`step: ${s.effects.join(', ')}`];
    case 'block':
      return [
        `wait until ${text(s.until)}${s.effects.length > 0 ? ` then ${s.effects.join(', ')}` : ''}` +
          `${idle}${s.sleeps ? ' (sleeps)' : ''}`,
      ];
    case 'lock':
    case 'unlock':
      return [`${s.op} ${s.lock}`];
    case 'section':
      return [`${s.tries ? 'try' : 'lock'} ${s.lock} {`, ...block(s.body), '} unlock'];
    case 'test':
      return [
        `test ${[...s.effects, text(s.test)].join(', ')} {`,
        ...block(s.yes),
        ...(s.no.length > 0 ? ['} else {', ...block(s.no)] : []),
        '}',
      ];
    case 'choose':
      return [
        `choose${idle} {`,
        ...s.arms.flatMap((arm) => [
          `  arm${whenText(arm.when)}: ${arm.effects.join(', ')}`,
          ...block(arm.body).map((line) => `  ${line}`),
        ]),
        '}',
      ];
    case 'pick':
      return [`pick one of ${s.from}${whenText(s.when)}${idle}`];
    case 'attempt':
      return orElse(`attempt: ${s.effects.join(', ')}`, s.orElse);
    case 'alloc':
      return orElse(`when no u: u = alloc${s.mayFail ? ' (may fail)' : ''}`, s.orElse);
    case 'use':
      return [
        `u = alloc; ${s.publish}${s.lock ? `; lock ${s.lock}` : ''} {`,
        ...block(s.body),
        `}${s.lock && s.unlock ? ` unlock ${s.lock};` : ''} free u${s.forget ? '; u = null' : ''}`,
      ];
    case 'free':
      return [`free ${s.what}${s.effects.length > 0 ? ` after ${s.effects.join(', ')}` : ''}`];
    case 'local':
      return [`${s.effect};`];
    case 'when':
      return [`when ${s.test} {`, ...block(s.yes), ...(s.no.length > 0 ? ['} else {', ...block(s.no)] : []), '}'];
    case 'loop':
      return ['loop {', `  step: ${s.first.join(', ')}`, ...block(s.body), '}'];
    case 'call':
      return [`${s.receive ? 'y = ' : ''}call #${s.callee}(box, ${s.n}, ${s.x})`];
    case 'callback':
      return orElse(`${s.receive ? 'y = ' : ''}cb(box, u, 1)`, s.orElse);
    case 'return':
      return [s.value === 'nothing' ? 'return' : `return ${s.value}`];
    case 'switch':
      return ['switch {', '  first:', ...block(s.arms[0]), '  second:', ...block(s.arms[1]), '}'];
    default:
      return [s.op];
  }
}
