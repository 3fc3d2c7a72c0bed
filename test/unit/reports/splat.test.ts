import { describe, expect, it } from 'vitest';
import type { Counterexample } from '../../../checker/trace/counterexample.ts';
import { contextOf } from '../../../reports/facts.ts';
import { interleaving } from '../../../reports/text/interleaving.ts';
import { WIDTH } from '../../../reports/text/lines.ts';
import { MAX_LINES, splat } from '../../../reports/text/splat.ts';
import { weights } from '../../../reports/trace.ts';
import * as fixtures from './fixtures.ts';
import { counterexample } from './trace-builder.ts';

const context = contextOf(fixtures.verdict([]));

const ordinary: Readonly<Record<string, Counterexample>> = {
  deadlock: fixtures.deadlock,
  'use-after-free': fixtures.useAfterFree,
  refcount: fixtures.refcount,
  isolation: fixtures.isolation,
  'sleep-in-atomic': fixtures.atomicSleep,
  leak: fixtures.leak,
  protocol: fixtures.crowded,
};

describe.each(Object.entries(ordinary))('splat of a %s', (name, ce) => {
  const text = splat(ce, context);
  const lines = text.split('\n');

  it('is the one that was agreed upon', async () => {
    await expect(`${text}\n`).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  it('fits a mail: 72 columns, ASCII, no trailing blanks, at most 40 lines', () => {
    expect(lines.filter((l) => l.length > WIDTH || !/^[\x20-\x7e]*$/.test(l) || / $/.test(l))).toEqual([]);
    expect(lines.length).toBeLessThanOrEqual(MAX_LINES);
  });

  it('says MODEL and where', () => {
    expect(lines[1]).toMatch(/^MODEL: /);
    expect(text).toContain(`scenario ${context.scenario}`);
    expect(text).toContain(`quiesce replay runs/${context.scenario}-${context.variant}/${ce.signature}.sched`);
  });

  it('shows every step that an ordering names', () => {
    for (const o of ce.needed ?? [])
      for (const n of [o.before, o.after]) expect(text).toMatch(new RegExp(`^ *${n}  `, 'm'));
  });

  it('imitates no banner of a real crash', () => {
    expect(text).not.toMatch(/cut here|end trace|BUG:|CPU:|Tainted|Hardware name/);
  });
});

describe('splat', () => {
  it('counts the steps it hides', () => {
    const text = splat(fixtures.crowded, context);
    const shown = text.split('\n').filter((l) => /^ +\d+ {2}/.test(l)).length;
    expect(text).toContain(`${fixtures.crowded.steps.length - shown} steps not shown`);
    expect(splat(fixtures.leak, context)).not.toContain('not shown');
  });

  it('names holder and step for a lock, and who must act for another wait', () => {
    const text = splat(fixtures.deadlock, context);
    expect(text).toContain('task exit waits for iommu.lock, owned by owner since step 13:');
    expect(text).toContain('task owner waits for bond0.mm_exit_active, which is up to exit:');
    expect(text).toContain('*** nothing can run ***');
  });

  it('tells who freed and who allocated', () => {
    const text = splat(fixtures.useAfterFree, context);
    expect(text).toContain('access by unbind at step 20');
    expect(text).toContain('bond0 was freed by shutdown at step 17: kfree(bond)');
    expect(text).toContain('bond0 was allocated by binder at step 2');
  });

  it('tells which failures must be injected, and that a schedule may be longer than need be', () => {
    expect(splat(fixtures.refcount, context)).toContain('needs: 1 failure of kmalloc');
    expect(splat(fixtures.atomicSleep, context)).toContain('not proven shortest');
  });

  it('shows the last value of a counter before it broke', () => {
    expect(splat(fixtures.refcount, context)).toContain('step   2  worker: fault_param0.users 1 -> 0');
  });

  it('keeps hostile names inside their lines', () => {
    const lines = splat(fixtures.hostile, context).split('\n');
    expect(lines.filter((l) => l.length > WIDTH || !/^[\x20-\x7e]*$/.test(l))).toEqual([]);
    // A rule can only be ours: the first and the last line.
    expect(lines.filter((l) => /^=+$/.test(l))).toHaveLength(2);
  });

  it('takes another path for the replay line, also one longer than a line', () => {
    const path = `${'/tmp/a-long-folder'.repeat(6)}/x.sched`;
    const text = splat(fixtures.leak, context, { schedule: path });
    expect(text.replaceAll('\\\n', '').replace(/ +/g, ' ')).toContain(`replay: quiesce replay ${path}`);
  });

  it('survives a violation of the initial state', () => {
    const none = counterexample(
      { roles: { t0: 'task' }, sources: {}, moves: [], endings: { t0: { status: 'running', next: 'x' } } },
      { evidence: { kind: 'assertion', message: 'broken at once', objects: [], actors: [] }, headline: 'assertion' },
    );
    expect(splat(none, context)).toContain('0 steps');
  });
});

describe('interleaving', () => {
  it('shows all when there is room', () => {
    const all = interleaving(fixtures.deadlock, weights(fixtures.deadlock), 100);
    expect(all.lines.filter((l) => /^ +\d+ {2}/.test(l))).toHaveLength(fixtures.deadlock.steps.length);
    expect(all.showsAllThatMatters).toBe(true);
  });

  it('never shows a release whose acquisition is hidden', () => {
    for (let room = 6; room < 40; room++) {
      const { lines } = interleaving(fixtures.deadlock, weights(fixtures.deadlock), room);
      const text = lines.join('\n');
      const [locks, unlocks] = [/\bmutex_lock\(&iommu->lock\)(?! \.\.\.)/g, /mutex_unlock\(&iommu->lock\)/g].map(
        (r) => text.match(r)?.length ?? 0,
      );
      expect(unlocks).toBeLessThanOrEqual(locks ?? 0);
    }
  });

  it('puts more than three actors into lanes', () => {
    const { lines } = interleaving(fixtures.isolation, weights(fixtures.isolation), 40);
    expect(lines.slice(0, 3)).toEqual([
      '  1  device: page request pasid 5',
      '  2  | priq: pop the entry',
      '  3  | | unbind: the queue is empty',
    ]);
  });
});
