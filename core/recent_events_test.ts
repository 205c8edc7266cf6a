import assert from "node:assert/strict";
import { test } from "node:test";
import type { StoreEvent } from "./event.ts";
import { RecentEvents } from "./recent_events.ts";

const eventAt = (position: any): StoreEvent<any> => ({
  ...{ stream: "a", aggregateId: "x", version: 1, position },
  ...{ timestamp: new Date(0), event: { type: "Done" } },
});

/** Events numbered from 1 on, at these positions. */
function recent(capacity: number, ...positions: any[]): RecentEvents {
  const events = new RecentEvents(capacity);
  for (const [at, position] of positions.entries()) {
    events.add(eventAt(position), at + 1);
  }
  return events;
}

const numbers = (events: { number: number }[] | undefined) =>
  events?.map(({ number }) => number);

test("the last events are kept, twice as many as there must be at most", () => {
  const events = recent(3, 10, 20);
  assert.equal(events.isFull, false);
  events.add(eventAt(30), 3);
  assert.equal(events.isFull, true);
  events.add(eventAt(40), 4);
  events.add(eventAt(50), 5);
  assert.equal(events.lastAt(10), 1);
  events.add(eventAt(60), 6);
  assert.equal(events.isFull, true);
  assert.equal(events.lastAt(10), undefined);
  assert.equal(events.lastAt(30), undefined);
  assert.equal(events.lastAt(40), 4);
  assert.equal(events.lastAt(60), 6);
  assert.equal(events.lastAt(70), undefined);
});

test("those behind a number are known without a gap, or not at all", () => {
  assert.deepEqual(recent(3).after(7), []);
  const events = recent(3, 10, 20, 30, 40, 50, 60);
  assert.deepEqual(numbers(events.after(3)), [4, 5, 6]);
  assert.deepEqual(numbers(events.after(5)), [6]);
  assert.deepEqual(numbers(events.after(6)), []);
  assert.equal(events.after(2), undefined);
});

test("of several events at one position the last is meant, and stays known", () => {
  const events = recent(3, 10, 20, 30, 30, 30, 40);
  // The third, of the same position, is forgotten.
  assert.deepEqual(numbers(events.after(3)), [4, 5, 6]);
  assert.equal(events.lastAt(30), 5);
});

test("a position is one only if it says so itself", () => {
  class Opaque {
    #value: number;
    constructor(value: number) {
      this.#value = value;
    }
    equals(other: Opaque): boolean {
      return other.#value === this.#value;
    }
  }
  // All of them have the text "[object Object]".
  const events = recent(3, new Opaque(1), new Opaque(2));
  assert.equal(events.lastAt(new Opaque(2)), 2);
  assert.equal(events.lastAt(new Opaque(3)), undefined);
});
