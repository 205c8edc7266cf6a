import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bucketConfiguration,
  commitsConfiguration,
  differences,
} from "./nats_configuration.ts";
import { toNames } from "./nats_names.ts";

const expected = commitsConfiguration(toNames("bank"), { replicas: 1 });
/** As a server gives it back: with what it adds, in its own order. */
const found = {
  ...expected,
  num_replicas: 3,
  max_bytes: 1000,
  description: "ours",
  compression: "none",
  max_age: undefined,
  republish: {
    headers_only: true,
    dest: "_bell.bank.>",
    src: "bank.>",
  },
};

test("what the server adds, and what an operator may choose, is no difference", () => {
  assert.deepEqual(differences(expected, found), []);
  const bucket = bucketConfiguration(toNames("bank"), { replicas: 3 });
  const { deny_purge: _, max_age: __, ...given } = bucket;
  assert.deepEqual(differences(bucket, { ...given, num_replicas: 1 }), []);
});

test("what would lose events is named", () => {
  const changes = {
    discard: "old",
    max_age: 5,
    retention: "workqueue",
    sealed: true,
    sources: [{ name: "other" }],
    persist_mode: "async",
    republish: { src: ">", dest: "_bell.bank.>" },
    subjects: ["bank.>", "other"],
  };
  for (const [name, value] of Object.entries(changes)) {
    const [difference, ...others] = differences(expected, {
      ...found,
      [name]: value,
    });
    assert(difference?.includes(name), `${name}: ${difference}`);
    assert.deepEqual(others, []);
  }
});
