import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { isBefore } from "./process_position.ts";
import type { Provider } from "./provider.ts";
import { storePosition } from "./stored_position.ts";

/** The same log by positions that say nothing of their order. */
async function setUp(toPosition: (position: number) => any) {
  const memory = createProvider();
  const back = new Map<string, number>();
  const out = (event: any) => {
    const position = toPosition(event.position);
    back.set(String(position), event.position);
    return { ...event, position };
  };
  const questions: unknown[] = [];
  const provider: Provider<any> = {
    ...memory,
    async getEventsFor(stream, id, from, options) {
      questions.push(options?.limit);
      const place = from === undefined ? from : back.get(String(from));
      const found = await memory.getEventsFor(stream, id, place, options);
      return Array.from(found, out);
    },
  };
  for (const [id, version] of [["x", 1], ["y", 1], ["x", 2]] as const) {
    const events = memory.createEvents("a", id, version, [{ type: "Done" }]);
    await memory.append("a", id, version, events);
  }
  const log = (await memory.getEventsFrom("a", 0)).map(out);
  const table = [];
  for (const event of log) {
    const row = [];
    for (const { position } of log) {
      row.push(await isBefore(provider, event, storePosition(position)!));
    }
    table.push(row);
  }
  return { table, questions };
}

/** Whether the event of the row is before the place of the column. */
const before = [
  [false, true, true],
  [false, false, true],
  [false, false, false],
];

test("numbers are compared, without a question to the store", async () => {
  for (const toPosition of [Number, BigInt]) {
    const { table, questions } = await setUp(toPosition);
    assert.deepEqual(table, before);
    assert.deepEqual(questions, []);
  }
});

test("of other positions the store knows: what is behind is read after it", async () => {
  const names = ["", "third", "first", "second"];
  const { table, questions } = await setUp((position) => names[position]);
  assert.deepEqual(table, before);
  assert(questions.length > 0);
  assert(questions.every((limit) => limit === 1));
});
