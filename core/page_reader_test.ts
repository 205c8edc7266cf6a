import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { PageReader } from "./page_reader.ts";
import type { Sealer } from "./sealer.ts";

test("what is kept of a page is decrypted when it comes next", async () => {
  const provider = createProvider({ limit: 3 });
  for (const version of [1, 2, 3]) {
    const events = [{ type: "Registered", version }];
    const created = provider.createEvents("users", "ada", version, events);
    await provider.append("users", "ada", version, created);
  }
  let state = "plain";
  // As decrypting does: what is plain already stays as it is.
  const sealer = {
    open: (events: any[]) =>
      Promise.resolve(
        events.map((one) => ({ ...one, event: { state, ...one.event } })),
      ),
  } as unknown as Sealer;
  const reader = new PageReader(provider, ["users"], sealer);
  const first = await reader.read(await provider.getPosition("nobody's"));
  reader.keepRest(first, 1);
  state = "forgotten";
  const rest = await reader.read(first[0]!.position);
  assert.deepEqual(rest.map(({ event }) => event), [
    { type: "Registered", version: 2, state },
    { type: "Registered", version: 3, state },
  ]);
  // Once more, of what was kept already.
  reader.keepRest(rest, 1);
  state = "forgotten again";
  const [last, ...none] = await reader.read(rest[0]!.position);
  assert.deepEqual(last!.event, { type: "Registered", version: 3, state });
  assert.deepEqual(none, []);
});
