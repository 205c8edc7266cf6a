import assert from "node:assert/strict";
import { onMongo, open, startWorker } from "./support.ts";

onMongo(
  "processes race on two aggregates: one winner for each version",
  async (t) => {
    const { provider, url } = await open(t);
    const workers = ["a", "b", "c"].map((name) =>
      startWorker(t, url, "race", name)
    );
    const outputs = await Promise.all(workers.map(({ output }) => output));
    const won = outputs.reduce((sum, output) => sum + Number(output), 0);
    let stored = 0;
    for (const id of ["first", "second"]) {
      const events = await provider.getEventsFor("races", id);
      assert.deepEqual(
        events.map(({ version }) => version),
        events.map((_, index) => index + 1),
      );
      stored += events.length;
    }
    assert.equal(stored, won);
    assert.ok(won >= 24, `${won} appends were stored`);
  },
);
