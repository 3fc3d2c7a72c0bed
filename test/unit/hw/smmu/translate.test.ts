/** The SMMU's side of a device step: caching of context descriptors, and the page request queue when it is full. */
import { describe, expect, test } from 'vitest';
import { does, procedure, Violation } from '../../../../checker/lang/index.ts';
import { PageRequest, PciFunction } from '../../../../hw/pci/objects.ts';
import { SmmuV3 } from '../../../../hw/smmu/objects.ts';
import { reaches, takePageRequest, translate } from '../../../../hw/smmu/translate.ts';
import { small, source } from '../small.ts';

interface Hardware {
  readonly smmu: SmmuV3;
  readonly fn: PciFunction;
  readonly requests: readonly PageRequest[];
}

/** Runs one step on fresh hardware: two requests, the first of them the last of its group only if `last`. */
async function once(body: (h: Hardware) => void, { entries = 1, last = true } = {}): Promise<void> {
  let ran = false;
  const verdict = await small((s) => {
    const smmu = s.object(SmmuV3, 'smmu', { priq_entries: entries });
    const fn = s.object(PciFunction, 'function');
    const requests = s.objects(PageRequest, 'request', 2, (i) => ({ last: i === 1 || last, pasid: 1, group: i }));
    const act = procedure('act', { source, params: { smmu: SmmuV3 } }, (k) => [
      k.step('act', () => {
        ran = true;
        body({ smmu, fn, requests });
      }),
    ]);
    s.task('hardware', [does(act, { smmu })]);
  });
  expect(verdict).toMatchObject({ outcome: 'holds', complete: true, violations: [] });
  expect(ran).toBe(true);
}

function mustBe(actual: unknown, wanted: unknown, what: string): void {
  if (actual !== wanted) throw new Violation('assertion', `${what}: ${String(actual)}`);
}

describe('translation', () => {
  test('goes through a valid context descriptor only', () =>
    once(({ smmu, fn }) => {
      mustBe(reaches(smmu, 1), null, 'invalid');
      smmu.cd.at(1).ttb = fn;
      mustBe(reaches(smmu, 1), null, 'not yet valid');
      smmu.cd.at(1).valid = true;
      mustBe(reaches(smmu, 1), fn, 'valid');
      mustBe(reaches(smmu, 2), null, 'another PASID');
    }));

  test('fills the configuration cache, which outlives the descriptor until it is invalidated', () =>
    once(({ smmu, fn }) => {
      Object.assign(smmu.cd.at(1), { ttb: fn, valid: true });
      mustBe(reaches(smmu, 1), fn, 'before the fetch');
      mustBe(smmu.cfg_cache.at(1), null, 'a look does not fetch');
      mustBe(translate(smmu, 1), fn, 'fetched');
      smmu.cd.at(1).valid = false;
      mustBe(translate(smmu, 1), fn, 'still cached');
      smmu.cfg_cache.set(1, null);
      mustBe(translate(smmu, 1), null, 'after CFGI');
    }));

  test('that is aborted caches nothing', () =>
    once(({ smmu }) => {
      mustBe(translate(smmu, 1), null, 'aborted');
      mustBe(smmu.cfg_cache.at(1), null, 'cache');
    }));
});

describe('a page request', () => {
  test('is queued while there is room, whatever the context descriptor says', () =>
    once(({ smmu, fn, requests: [first] }) => {
      takePageRequest(smmu, fn, first as PageRequest);
      mustBe(smmu.priq.length, 1, 'length');
      mustBe(smmu.priq.first, first, 'entry');
      mustBe(smmu.priq_overflow, false, 'overflow');
    }));

  test('that does not fit is lost; the last of a group is answered, and its index is free again', () =>
    once(({ smmu, fn, requests: [first, second] }) => {
      takePageRequest(smmu, fn, first as PageRequest);
      fn.prg.set(1, second as PageRequest);
      takePageRequest(smmu, fn, second as PageRequest);
      mustBe(smmu.priq.length, 1, 'length');
      mustBe(smmu.priq_overflow, true, 'overflow');
      mustBe(second?.answer, 'overflow', 'answer');
      mustBe(fn.prg.at(1), null, 'group index 1');
      mustBe(first?.answer, 'none', 'answer to the one in the queue');
    }));

  test('that is lost and not the last of its group gets no answer', () =>
    once(
      ({ smmu, fn, requests: [first, second] }) => {
        takePageRequest(smmu, fn, second as PageRequest);
        takePageRequest(smmu, fn, first as PageRequest);
        mustBe(smmu.priq_overflow, true, 'overflow');
        mustBe(first?.answer, 'none', 'answer');
      },
      { last: false },
    ));

  test('respects the size the driver gave the queue', () =>
    once(
      ({ smmu, fn, requests: [first, second] }) => {
        takePageRequest(smmu, fn, first as PageRequest);
        takePageRequest(smmu, fn, second as PageRequest);
        mustBe(smmu.priq.length, 2, 'length');
        mustBe(smmu.priq_overflow, false, 'overflow');
      },
      { entries: 2 },
    ));
});
