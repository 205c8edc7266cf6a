import { createProvider } from "evtstore/provider/memory";
import assert from "node:assert/strict";
import { test } from "node:test";
import { readOwners } from "./bookmark_owners.ts";
import { MEMBER } from "./heartbeat.ts";
import { OWNER } from "./owner_records.ts";

test("an owner is called as its machine knows it, or else as the store does", async () => {
  const provider = createProvider();
  const put = (kind: string, key: string, value: unknown) =>
    provider.records.put(kind, key, value, { revision: 0 });
  await put(MEMBER, "m1", { process: "host 1" });
  await put(MEMBER, "m2", {});
  await put(OWNER, "balances", { member: "m1" });
  await put(OWNER, "mails", { member: "m2" });
  await put(OWNER, "of one that has ended", { member: "m3" });
  await put(OWNER, "given back", {});
  assert.deepEqual(
    [...await readOwners(provider)].sort(),
    [
      ["balances", "host 1"],
      ["mails", "m2"],
      ["of one that has ended", "m3"],
    ],
  );
});

test("without records nobody owns anything", async () => {
  const { records: _, ...provider } = createProvider();
  assert.deepEqual(await readOwners(provider), new Map());
});
