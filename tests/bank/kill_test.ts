import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { killRuns } from "./kills.ts";

test("a run that is killed at random moments ends as one that was not", async () => {
  const runs = Number(process.env.EVTSTORE_KILLS ?? 6);
  const result = await killRuns({ runs, lines: 600 });
  assert.deepEqual(result.different, []);
  const { sent, killed, inTheMiddle } = result;
  assert.ok(sent >= runs);
  assert.ok(killed > sent / 2, `${killed} of ${sent} kills hit a process`);
  assert.ok(inTheMiddle > 0, "no kill hit the middle of the work");
});
