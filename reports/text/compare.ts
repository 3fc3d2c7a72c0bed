/** Variants side by side, and what becomes of each counterexample on the others. At most 72 columns. */
import type { Comparison, CrossReplay } from '../../checker/compare.ts';
import type { Verdict } from '../../checker/verdict.ts';
import { extent, pairs } from '../facts.ts';
import { count, plural } from '../numbers.ts';
import { cut, pad, wrap } from './lines.ts';

export function comparisonText(comparison: Comparison): string {
  const { scenario, bounds, verdicts, crossReplays } = comparison;
  const width = Math.max(7, ...verdicts.map((v) => v.variant.length));
  const lines = [
    ...wrap(`${scenario} within ${pairs(bounds)}`),
    '',
    cut(`${pad('variant', width)}  ${'verdict'.padEnd(26)}  ${'states'.padStart(11)}  depth`),
    ...verdicts.map((v) =>
      cut(
        `${pad(v.variant, width)}  ${pad(outcomeText(v), 26)}  ${count(v.counts.states).padStart(11)}  ${count(v.counts.depth)}`,
      ),
    ),
  ];
  for (const verdict of verdicts)
    for (const ce of verdict.violations) {
      lines.push(
        '',
        ...wrap(`${ce.signature} of ${verdict.variant}: ${ce.headline}, ${plural(ce.steps.length, 'step')}`),
      );
      for (const cross of crossReplays)
        if (cross.from === verdict.variant && cross.signature === ce.signature)
          lines.push(...wrap(crossText(cross), { first: '  ', rest: '    ' }));
    }
  return lines.join('\n');
}

function outcomeText(verdict: Verdict): string {
  const first = verdict.violations[0];
  if (first !== undefined) return `${first.evidence.kind}, ${plural(first.steps.length, 'step')}`;
  return verdict.outcome === 'holds' ? `holds, ${extent(verdict).toLowerCase()}` : verdict.outcome;
}

/** `on fixed: step 9 is refused, exit0: mm_exit/mutex_lock(&iommu->lock): ...`. */
export function crossText(cross: CrossReplay): string {
  const on = `on ${cross.on}:`;
  switch (cross.result) {
    case 'reproduced':
      return `${on} the same violation`;
    case 'another violation':
      return `${on} all steps can be taken, and end in another violation`;
    case 'harmless':
      return `${on} all steps can be taken, and no promise is broken`;
    case 'refused':
      return `${on} step ${cross.step} is refused, ${cross.wanted}: ${cross.guard ?? cross.reason}`;
  }
}
