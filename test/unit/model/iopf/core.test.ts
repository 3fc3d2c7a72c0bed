/** The fault path behind the whole SVA core: what its repaired form rests on, beyond the reduced one. */
import { expect, test } from 'vitest';
import { check } from '../../../../checker/check.ts';
import type { Scenario, Switch } from '../../../../checker/lang/index.ts';
import { bondRefs } from '../../../../model/sva/index.ts';
import coreUnbind from '../../../../scenarios/iopf-core-unbind.ts';

/** The scenario with one variant, in which a switch is back at the posted value. */
function without(scenario: Scenario, variant: string, aSwitch: Switch): Scenario {
  const given = scenario.variants[variant];
  if (given?.settings?.some((s) => s.switch === aSwitch) !== true)
    throw new Error(`${variant} does not set ${aSwitch.name}`);
  const settings = given.settings.filter((s) => s.switch !== aSwitch);
  return { ...scenario, variants: { changed: { ...given, settings } } };
}

test('a release notifier that drops its lock for the flush frees the bond under a waiter that owns nothing', async () => {
  const verdict = await check(without(coreUnbind, 'clear-first', bondRefs), { explain: false });
  expect(verdict.violations[0]?.evidence).toMatchObject({
    kind: 'use-after-free',
    objects: ['dev.core.mm_p.bond'],
    actors: ['user_p'],
  });
});
