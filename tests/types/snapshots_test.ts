import { createAggregate, type SnapshotOptions } from "evtstore";
import { test } from "node:test";
import { type Equal, expectType } from "./equal.ts";

const described = {
  stream: "meters",
  create: () => ({ used: 0 }),
  fold: (event: { type: "Read"; used: number }) => ({ used: event.used }),
} as const;

test("createAggregate() takes a snapshot's version, and infers as without", () => {
  const meter = createAggregate({ ...described, snapshot: { version: "1" } });
  expectType<Equal<typeof meter.stream, "meters">>();
  expectType<
    Equal<ReturnType<typeof meter.aggregate>, { used: number }>
  >();
  expectType<Equal<Required<SnapshotOptions>["every"], number>>();
});

test("createAggregate() refuses a snapshot without a version", () => {
  void (() =>
    createAggregate({
      ...described,
      // @ts-expect-error version is missing
      snapshot: { every: 100 },
    }));
  void (() =>
    createAggregate({
      ...described,
      // @ts-expect-error version is not a text
      snapshot: { every: 100, version: 2 },
    }));
});
