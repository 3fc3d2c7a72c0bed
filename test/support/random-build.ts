/** Makes a scenario of a random model, with the public modelling language only. */
import {
  type Actor,
  does,
  each,
  int,
  machine,
  nameOf,
  type Procedure,
  patch,
  procedure,
  ref,
  type Scenario,
  scenario,
  set,
  violated,
} from '../../checker/lang/index.ts';
import { doShared, type F, holds, parks } from './random-acts.ts';
import { Builder, mode } from './random-body.ts';
import type { ActorModel, Condition, RandomModel } from './random-model.ts';
import { locals, typesOf } from './random-types.ts';

const source = patch('random model')();

/** The scenario of a random model. It may be malformed where the bounds of its pool are met, and only there. */
export function build(model: RandomModel): Scenario {
  const types = typesOf(model);
  const { Node, Box, Notify } = types;
  const common = { box: Box, n: ref(Node), x: int(0, 2) };
  const helpers: Procedure<any, any>[] = [];
  model.helpers.forEach((body, i) => {
    const callees = model.helpers.flatMap((_, j) =>
      j > i ? [{ procedure: () => helpers[j] as Procedure<any, any>, main: false }] : [],
    );
    const builder = new Builder(types, helpers, callees, false);
    helpers.push(
      procedure(`helper${i}`, { source, params: common as any, locals: locals(Node) as any }, (k) =>
        builder.procedure(k as never, body),
      ) as never,
    );
  });
  const procedures: Procedure<any, any>[] = [];
  model.procedures.forEach((body, i) => {
    const callees = [
      ...model.procedures.flatMap((_, j) =>
        j > i ? [{ procedure: () => procedures[j] as Procedure<any, any>, main: true }] : [],
      ),
      ...helpers.map((helper) => ({ procedure: () => helper, main: false })),
    ];
    const builder = new Builder(types, helpers, callees, true);
    const params = { ...common, boxes: each(Box) };
    procedures.push(
      procedure(`proc${i}`, { source, params: params as any, locals: locals(Node) as any }, (k) =>
        builder.procedure(k as never, body),
      ) as never,
    );
  });

  return scenario('random', {
    title: 'random model',
    about: 'made by a test',
    systems: ['test'],
    source,
    bounds: {},
    variants: {
      posted: {
        about: 'as it was made',
        settings: [set(mode, model.switchedOn ? 'second' : 'first')],
        expect: { verdict: 'holds', states: 0, depth: 0 },
      },
    },
    setup: (s) => {
      // A switch that nobody reads is refused, and many models have no statement that does.
      s.setting(mode);
      const actorModels = model.symmetric ? model.actors.map(() => model.actors[0] as ActorModel) : model.actors;
      const blocks = model.symmetric && model.blocks;
      // With blocks the first box is everybody's, and each actor has the next one and a node of its own.
      const boxes = s.objects(Box, 'box', blocks ? 1 + actorModels.length : model.boxes) as F[];
      const olds = s.objects(Node, 'old', blocks ? actorModels.length : 1);
      const pool = s.pool(Node, model.slots);
      olds.forEach((old, i) => {
        const home = boxes[blocks ? i + 1 : 0];
        home.slots.set(0, old);
        if (model.oldIn.includes('node')) home.node = old;
        if (model.oldIn.includes('list')) home.list.add(old);
      });
      s.implementations(Notify, helpers);
      if (model.mayOutlive) s.mayOutlive(Node);
      const made: Actor[] = [];
      const agents = new Map<ActorModel, Procedure<any, any>>();
      const states = ['s0', 's1', 's2'];
      const agentOf = (a: ActorModel & { kind: 'machine' }) =>
        machine(
          'agent',
          { source, params: common as any, locals: locals(Node) as any, states, ...(a.rest ? {} : { rest: [] }) },
          a.transitions.map((t, j) => ({
            label: `${j}: ${t.effects.join(', ')}`,
            from: states[t.from] as string,
            to: states[t.to] as string,
            ...(t.when ? { when: (f: F, self: Actor) => holds(t.when as Condition, f.box, f, self) } : {}),
            // Transitions have no note that they park.
            do: (f: F, self: Actor) => {
              for (const e of t.effects) if (!parks([e])) doShared(e, f, self, helpers);
            },
          })),
        );
      actorModels.forEach((a, i) => {
        const name = `${a.kind}${i}`;
        const boxOf = (number: number) => boxes[blocks ? (number % 2) * (i + 1) : number % boxes.length];
        const old = olds[blocks ? i : 0];
        if (a.kind === 'task') {
          const calls = a.calls.map((call) =>
            does(procedures[call.callee % procedures.length] as Procedure<any, any>, {
              box: boxOf(call.box),
              n: call.old ? old : null,
              x: call.x,
              boxes,
            }),
          );
          made.push(s.task(name, calls));
          return;
        }
        const agent = agents.get(a) ?? agentOf(a);
        agents.set(a, agent);
        made.push(s.actor(name, agent as any, { box: boxOf(a.box), n: old, x: 1 } as any, { role: 'hardware' }));
      });
      if (actorModels.some((a) => a.kind === 'task')) s.failures({ io: model.failures, memory: model.failures });
      if (model.symmetric)
        s.interchangeable(made.map((who, i) => (blocks ? [who, boxes[i + 1], olds[i] as object] : [who])));
      const box = boxes[0] as F;
      const evidence = (c: Condition, what: string) =>
        holds(c, box, null, null) ? null : violated('assertion', what, { objects: [nameOf(box)] });
      const { always: everywhere, atEnd: finally_, sometimes: somewhere, alwaysFew } = model;
      if (everywhere) s.property({ kind: 'always', name: 'p', about: 'p', check: () => evidence(everywhere, 'p') });
      if (finally_) s.property({ kind: 'at-end', name: 'q', about: 'q', check: () => evidence(finally_, 'q') });
      if (somewhere)
        s.property({ kind: 'sometimes', name: 'r', about: 'r', reached: () => holds(somewhere, box, null, null) });
      if (alwaysFew !== null)
        s.property({
          kind: 'always',
          name: 'few',
          about: 'few nodes live',
          check: () =>
            [...pool].length <= alwaysFew
              ? null
              : violated('protocol', 'too many nodes', { objects: [...pool].map((node) => nameOf(node)) }),
        });
    },
  });
}
