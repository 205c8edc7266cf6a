import assert from "node:assert/strict";
import { test } from "node:test";
import type { CausedCommand } from "../api.ts";
import { type CauseNode, treeOf } from "./cause_tree.ts";

function command(
  name: string,
  cause: string | null,
  events: number = 1,
): CausedCommand {
  const all = Array.from({ length: events }, (_, index) => ({
    key: `s/${name}@${index + 1}`,
    position: name,
    stream: "s",
    aggregateId: name,
    version: index + 1,
    timestamp: "2026-11-30T00:00:00.000Z",
    type: "Happened",
    event: null,
  }));
  return {
    key: all[0]!.key,
    commandId: null,
    cause,
    stream: "s",
    aggregateId: name,
    timestamp: all[0]!.timestamp,
    events: all,
  };
}

function shape(nodes: CauseNode[]): unknown[] {
  return nodes.map(({ command, effects }) => [
    command.aggregateId,
    ...[...effects].map(([key, caused]) => [key, shape(caused)]),
  ]);
}

test("a command stands under the event that caused it", () => {
  const tree = treeOf([
    command("a", null, 2),
    command("b", "s/a@2"),
    command("c", "s/b@1"),
    command("d", "s/a@2"),
  ]);
  assert.deepEqual(shape(tree), [
    ["a", ["s/a@2", [["b", ["s/b@1", [["c"]]]], ["d"]]]],
  ]);
});

test("an effect may be listed before its cause", () => {
  const tree = treeOf([command("b", "s/a@1"), command("a", null)]);
  assert.deepEqual(shape(tree), [["a", ["s/a@1", [["b"]]]]]);
});

test("what an unknown thing has caused stands at the top", () => {
  const tree = treeOf([command("a", "request 7"), command("b", "s/x@1")]);
  assert.deepEqual(shape(tree), [["a"], ["b"]]);
});

test("what would cause itself stands at the top, once", () => {
  const tree = treeOf([
    command("a", "s/b@1"),
    command("b", "s/a@1"),
    command("c", "s/c@1"),
  ]);
  assert.deepEqual(shape(tree), [["b", ["s/b@1", [["a"]]]], ["c"]]);
});
