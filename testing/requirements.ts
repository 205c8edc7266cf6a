import type { Requirement } from "../core/claims.ts";
import { type Counter, createCounter } from "./counter.ts";
import type { Subject } from "./subject.ts";

/** An aggregate of a counter. */
export type CountedAggregate = { counter: Counter; id: string };

/** An aggregate that is empty, and another one at version 2. */
export async function prepareRequirement(
  subject: Subject,
): Promise<{ own: CountedAggregate; other: CountedAggregate }> {
  const own = { counter: createCounter(subject), id: subject.unique("id") };
  const other = { counter: createCounter(subject), id: subject.unique("id") };
  await other.counter.addAll(other.id, [1, 1]);
  return { own, other };
}

/** What a command requires: that an aggregate is at a version. */
export function at(
  { counter, id }: CountedAggregate,
  version: number,
): Requirement {
  return { stream: counter.stream, aggregateId: id, version };
}

/** That it stays at the version where it is. */
export async function atNow(one: CountedAggregate): Promise<Requirement> {
  return at(one, (await one.counter.load(one.id)).version);
}
