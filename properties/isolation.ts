/**
 * Isolation: what a device asks for or reaches belongs to the address space it works for.
 *
 * Source: global properties G-PRI and G-PASID of the specification. The properties look at ghost fields of the
 * hardware (whose context is it, where was the fault handled), which no step of a model reads.
 */
import { type Actor, always, type FixedArray, nameOf, type Property, violated } from '../checker/lang/index.ts';

/** A device context: the address space it works for, and the one its cached translation reaches. */
export interface DeviceContext {
  readonly owner: object | null;
  readonly atc: object | null;
  readonly pasid: number;
}

/** A page request: who sent it, and where the kernel handled it. */
export interface HandledRequest {
  readonly context: DeviceContext | null;
  readonly pasid: number;
  readonly handled_in: object | null;
  readonly handled_by: Actor | null;
}

/**
 * The fault behind a page request is handled in the address space of the process that the request was sent for, or
 * in none.
 */
export function pageRequestsStayHome(requests: readonly (HandledRequest & object)[]): Property {
  return always(
    'page-request-isolation',
    'a page request is handled in the address space it was sent for, or answered as invalid',
    () => {
      for (const request of requests) {
        const space = request.handled_in;
        const owner = request.context?.owner ?? null;
        if (space === null || space === owner) continue;
        return violated(
          'isolation',
          `${nameOf(request)}, sent for ${nameOf(owner)} with PASID ${request.pasid}, is handled in ${nameOf(space)}`,
          {
            objects: [nameOf(request), nameOf(request.context), nameOf(owner), nameOf(space)],
            actors: request.handled_by === null ? [] : [request.handled_by.name],
          },
        );
      }
      return null;
    },
  );
}

/**
 * A cached translation reaches the address space the context works for. The device may use it at any time, so it is
 * wrong from the moment it is there, whether or not an access follows.
 */
export function translationsStayHome(contexts: readonly (DeviceContext & object)[]): Property {
  return always('dma-isolation', 'a translation reaches the address space that the device context works for', () => {
    for (const context of contexts) {
      if (context.atc === null || context.atc === context.owner) continue;
      return violated(
        'isolation',
        `${nameOf(context)}, which works for ${nameOf(context.owner)}, has a translation into ${nameOf(context.atc)} ` +
          `(PASID ${context.pasid})`,
        { objects: [nameOf(context), nameOf(context.owner), nameOf(context.atc)], actors: [] },
      );
    }
    return null;
  });
}

/** What hardware knows of a PASID. */
export interface PasidHardware {
  readonly cd: FixedArray<{ readonly valid: boolean; readonly ttb: object | null }>;
  readonly cfg_cache: FixedArray<object | null>;
}

/** The kernel's table of PASIDs. */
export interface PasidOwners {
  readonly length: number;
  at(pasid: number): object | null;
}

/**
 * A PASID has one owner: what the hardware holds for it (context descriptor, cached copy, cached translation of a
 * device) reaches the address space to which the kernel has given it.
 */
export function pasidOwnedOnce(
  owners: PasidOwners,
  hardware: PasidHardware & object,
  contexts: readonly (DeviceContext & object)[],
): Property {
  const stale = (pasid: number, where: string, held: object) =>
    violated(
      'isolation',
      `PASID ${pasid} belongs to ${nameOf(owners.at(pasid))}, but ${where} still leads to ${nameOf(held)}`,
      {
        objects: [nameOf(hardware), nameOf(owners.at(pasid)), nameOf(held)],
        actors: [],
      },
    );
  return always('pasid-owned-once', 'no hardware entry of a PASID leads to anybody but its owner', () => {
    for (let pasid = 1; pasid < owners.length; pasid++) {
      const owner = owners.at(pasid);
      const cd = hardware.cd.at(pasid);
      if (cd.valid && cd.ttb !== null && cd.ttb !== owner) return stale(pasid, 'its context descriptor', cd.ttb);
      const cached = hardware.cfg_cache.at(pasid);
      if (cached !== null && cached !== owner) return stale(pasid, 'the configuration cache', cached);
    }
    for (const context of contexts)
      if (context.atc !== null && context.atc !== owners.at(context.pasid))
        return stale(context.pasid, `the ATC of ${nameOf(context)}`, context.atc);
    return null;
  });
}
