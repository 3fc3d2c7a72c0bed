/** What the conditions, effects and locks of a random model mean. */
import { type Actor, nameOf, Violation } from '../../checker/lang/index.ts';
import type { Condition, Effect, LocalCondition, LocalEffect, LockName } from './random-model.ts';

/** Frames and objects are typed loosely here: what may be NULL is followed on purpose. */
export type F = any;

export function holds(c: Condition, box: F, f: F, self: Actor | null): boolean {
  switch (c.on) {
    case 'a':
    case 'n':
      return c.is === '<' ? box[c.on] < c.value : box[c.on] === c.value;
    case 'held': {
      const holders = box.rw.readers.size + (box.m.owner === null ? 0 : 1);
      return c.is === '<' ? holders < c.value : holders === c.value;
    }
    case 'listed':
      return c.is === '<' ? box.list.length < c.value : box.list.length === c.value;
    case 'queued':
      return c.is === '<' ? box.queue.length < c.value : box.queue.length === c.value;
    case 'b':
      return box.b;
    case 'c':
      return box.c === c.value;
    case 'u listed':
      return f.u !== null && box.list.has(f.u);
    case 'node set':
      return box.node !== null;
    case 'queue full':
      return box.queue.full;
    case 'awake':
      return self === null || self.name.startsWith('machine') || !self.parked || self.signalled;
    case 'not':
      return !holds(c.what, box, f, self);
  }
}

export function holdsLocally(c: LocalCondition, f: F): boolean {
  switch (c) {
    case 't':
      return f.t;
    case 'not t':
      return !f.t;
    case 'y = 1':
      return f.y === 1;
    case 'x = 1':
      return f.x === 1;
    case 'u':
      return f.u !== null;
    case 'not u':
      return f.u === null;
    case 'n':
      return f.n !== null;
    case 'e = q':
      return f.e === 'q';
  }
}

export function doLocally(e: LocalEffect, f: F): void {
  switch (e) {
    case 'y = x':
      f.y = f.x;
      break;
    case 'y = next':
      f.y = (f.y + 1) % 3;
      break;
    case 't = !t':
      f.t = !f.t;
      break;
    case 'u = null':
      f.u = null;
      break;
    case 'u = n':
      f.u = f.n;
      break;
    case 'e = q':
      f.e = 'q';
      break;
  }
}

const parkingEffects: readonly Effect[] = ['sleep', 'wake', 'signal all'];
export const parks = (effects: readonly Effect[], c: Condition | null = null): boolean =>
  effects.some((e) => parkingEffects.includes(e)) || (c !== null && c.on === 'awake');

export function doShared(e: Effect, f: F, self: Actor, helpers: readonly unknown[]): void {
  const { box } = f;
  switch (e) {
    case 'a++':
      box.a = box.a === 2 ? -1 : box.a + 1;
      break;
    case 'a = -1':
      box.a = -1;
      break;
    case 'b = !b':
      box.b = !box.b;
      break;
    case 'c = next':
      box.c = box.c === 'x' ? 'y' : box.c === 'y' ? 'z' : 'x';
      break;
    case 'y = a':
      f.y = Math.max(0, box.a);
      break;
    case 't = b':
      f.t = box.b;
      break;
    case 'arr[y] = x':
      box.arr.set(f.y % 2, f.x);
      break;
    case 'y = arr[x]':
      f.y = box.arr.at(f.x % 2);
      break;
    case 'node = u':
      box.node = f.u;
      break;
    case 'u = node':
      f.u = box.node;
      break;
    case 'node = null':
      box.node = null;
      break;
    case 'u.v = y':
      f.u.v = f.y;
      break;
    case 'y = u.v':
      if (f.u !== null) f.y = f.u.v;
      break;
    case 'u.peer = node':
      if (f.u !== null) f.u.peer = box.node;
      break;
    case 'u = u.peer':
      if (f.u !== null) f.u = f.u.peer;
      break;
    case 'slots[x] = u':
      box.slots.set(f.x % 2, f.u);
      break;
    case 'u = slots[x]':
      f.u = box.slots.at(f.x % 2);
      break;
    case 'u.inner.w = t':
      if (f.u !== null) f.u.inner.w = f.t;
      break;
    case 'u.kids.add(node)':
      if (f.u !== null && box.node !== null) f.u.kids.add(box.node);
      break;
    case 'list.add(u)':
      if (f.u !== null) box.list.add(f.u);
      break;
    case 'list.addFirst(u)':
      if (f.u !== null) box.list.addFirst(f.u);
      break;
    case 'list.remove(u)':
      if (f.u !== null) box.list.remove(f.u);
      break;
    case 'u = list.first':
      f.u = box.list.first;
      break;
    case 'u = list.next(u)':
      if (f.u !== null) f.u = box.list.next(f.u);
      break;
    case 'u = list.prev(u)':
      if (f.u !== null) f.u = box.list.prev(f.u);
      break;
    case 'u = list.find(v = 1)':
      f.u = box.list.find((node: F) => node.v === 1);
      break;
    case 'y = walk(list)': {
      let sum = 0;
      for (const node of box.list) sum += node.v;
      f.y = sum % 3;
      break;
    }
    case 'list.clear()':
      box.list.clear();
      break;
    case 'queue.push(x)':
      if (!box.queue.full) box.queue.push(f.x);
      break;
    case 'y = queue.shift()':
      if (box.queue.length > 0) f.y = box.queue.shift();
      break;
    case 'queue.removeAt(last)':
      if (box.queue.length > 0) box.queue.removeAt(box.queue.length - 1);
      break;
    case 'nodes.push(u)':
      if (!box.nodes.full) box.nodes.push(f.u);
      break;
    case 'u = nodes.shift()':
      if (box.nodes.length > 0) f.u = box.nodes.shift();
      break;
    case 'get(n)':
      if (box.n === 0) throw new Violation('refcount', 'a count goes up from zero', [nameOf(box)]);
      if (box.n < 2) box.n++;
      break;
    case 'put(n)':
      if (box.n === 0) throw new Violation('refcount', 'a count goes below zero', [nameOf(box)]);
      box.n--;
      break;
    case 'cb = 0':
      box.cb = helpers[0];
      break;
    case 'cb = 1':
      box.cb = helpers[1 % helpers.length];
      break;
    case 'cb = null':
      box.cb = null;
      break;
    case 'sleep':
      box.waiters.add(self);
      self.parked = true;
      break;
    case 'wake':
      for (const sleeper of box.waiters) sleeper.parked = false;
      box.waiters.clear();
      break;
    case 'signal all':
      for (const sleeper of box.waiters) sleeper.signalled = true;
      box.waiters.delete(self);
      break;
    case 'mates[x].who = self':
      box.mates.at(f.x % 2).who = self;
      break;
    case 'm.owner = null':
      // Whoever holds it: the mutex is used as a semaphore, or set up anew.
      box.m.owner = null;
      break;
    case 'assert a < 2':
      if (box.a >= 2) throw new Violation('assertion', 'a is two', [nameOf(box)]);
      break;
    case 'assert b':
      if (!box.b) throw new Violation('assertion', 'b is false');
      break;
    case 'assert not held':
      if (box.m.owner !== null && box.m.owner !== self)
        throw new Violation('protocol', 'the mutex is held', [nameOf(box.m)], [self.name]);
      break;
  }
}

/** A lock as a step sees it. */
export function lockOf(name: LockName, f: F): F {
  switch (name) {
    case 'm':
      return f.box.m;
    case 's':
      return f.box.s;
    case 'u.m':
      return f.u.m;
    case 'u.inner.m':
      return f.u.inner.m;
    case 'read u.rw':
    case 'write u.rw':
      return f.u.rw;
    default:
      return f.box.rw;
  }
}

export const isShared = (name: LockName): boolean => name.startsWith('read');

export function isFree(name: LockName, f: F): boolean {
  const lock = lockOf(name, f);
  return lock.owner === null && (!name.startsWith('write') || lock.readers.size === 0);
}

export function take(name: LockName, f: F, self: Actor): void {
  const lock = lockOf(name, f);
  if (isShared(name)) lock.readers.add(self);
  else lock.owner = self;
}
