/** What `check --analyse` finds can be replayed: every confirmed lock cycle and every data race has a schedule. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Analysis, analysedSchedules } from '../../checker/analyse/analysis.ts';
import { findRaces } from '../../checker/analyse/races.ts';
import { Simulator } from '../../checker/trace/simulator.ts';
import { parseSchedule, replay, type Scenario, scenarios, shrink } from '../../index.ts';
import { quiesce, scratchFolder } from './quiesce.ts';

const cwd = scratchFolder();
const folder = 'runs/ioasid-two-locks-posted';
const scenario = (name: string) => scenarios.find((s) => s.name === name) as Scenario;

test('lock cycles: the files are named, replay to the same cycle, and not on the repaired form', async () => {
  const checked = await quiesce(['check', 'ioasid-two-locks', '--analyse', '--quiet'], { cwd });
  const named = [...checked.stdout.matchAll(/^ {6}schedule {2}(\S+)$/gm)].map((m) => m[1] as string);
  expect(named).toHaveLength(2);
  for (const file of named) {
    expect(file.startsWith(`${folder}/`)).toBe(true);
    expect(readFileSync(join(cwd, file), 'utf8')).toMatch(/^property lock cycle$/m);
    const replayed = await quiesce(['replay', file], { cwd });
    expect(replayed, replayed.stdout).toMatchObject({ status: 0 });
    expect(replayed.stdout).toMatch(/^MODEL: deadlock in ioasid_/m);
    expect((await quiesce(['replay', file, '--variant', 'fixed'], { cwd })).status).toBe(20);
  }
  const regressed = await quiesce(['regress', folder], { cwd });
  expect(regressed, regressed.stdout).toMatchObject({ status: 0 });
});

test('one that stops before the cycle is closed shows nothing', async () => {
  const file = join(cwd, folder, '60978782.sched');
  expect(existsSync(file)).toBe(true);
  const schedule = parseSchedule(readFileSync(file, 'utf8'));
  const early = { ...schedule, moves: schedule.moves.slice(0, -1) };
  expect(replay(scenario('ioasid-two-locks'), schedule).result).toBe('reproduced');
  expect(replay(scenario('ioasid-two-locks'), early)).toMatchObject({ result: 'diverged', divergence: { step: 7 } });
  // Nothing is tried, so nothing else can come out.
  const small = await shrink(scenario('ioasid-two-locks'), schedule);
  expect(small).toMatchObject({ result: 'shrunk', tried: 0, because: 'what an analysis found is not shrunk' });
});

test.each([
  ['mdev-parent-removal', 'posted'],
  ['lu-two-tokens', 'posted'],
])('data races of %s %s replay to the same two accesses', (name, variant) => {
  const simulator = new Simulator(scenario(name), { variant });
  const races = findRaces(simulator, { steps: 3000 });
  const { bounds, hash } = simulator.model;
  const none = { lockOrder: { cycles: [] }, races } as unknown as Analysis;
  const schedules = analysedSchedules(none, { scenario: name, variant, bounds, modelHash: hash });
  expect(races.found.length).toBeGreaterThan(0);
  expect(new Set(races.found.map((r) => r.signature)).size).toBe(schedules.size);
  for (const [signature, text] of schedules) {
    const race = races.found.find((r) => r.signature === signature);
    const result = replay(scenario(name), parseSchedule(text));
    expect(result.result, text).toBe('reproduced');
    if (result.result !== 'reproduced') continue;
    expect(result.counterexample).toMatchObject({ property: 'data race', needed: null, signature });
    expect(result.counterexample.evidence).toMatchObject({ kind: 'data-race', objects: [race?.field] });
    expect(result.counterexample.schedule).toBe(text);
  }
});
