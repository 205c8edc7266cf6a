import assert from "node:assert/strict";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fill, openSqlite, openWorkspace } from "./support.ts";

async function setUp(t: TestContext) {
  const workspace = openWorkspace(t);
  const { folder, run } = workspace;
  const path = (name: string) => join(folder, name);
  const source = await openSqlite(path("source.db"));
  await fill(source.provider);
  const exported = async (store: string, file: string) => {
    const result = await run(["export", file, "--store", store]);
    assert.equal(result.code, 0, result.err.join("\n"));
    return readFileSync(path(file), "utf8");
  };
  const imported = (file: string, store: string) =>
    run(["import", file, "--store", store, "--yes"]);
  return { ...workspace, ...source, path, exported, imported };
}

test("export, import and export again give the same bytes", async (t) => {
  const { exported, imported, run, close, json } = await setUp(t);
  const first = await exported("source.db", "first.jsonl");
  const lines = first.trimEnd().split("\n");
  assert.equal(lines[0], '{"format":"evtstore","version":1}');
  assert.equal(JSON.parse(lines.at(-1)!).events, lines.length - 2);
  await run(["migrate", "--store", "target.db", "--yes"]);
  const result = await imported("first.jsonl", "target.db");
  assert.deepEqual(result.out, ["Stored 72 events; 0 were there already"]);
  assert.equal(await exported("target.db", "second.jsonl"), first);
  const [verified] = await json(["verify", "--store", "target.db"]);
  assert.deepEqual([verified.events, verified.damages], [72, 0]);
  await close();
});

test("the command ids are there again: a repeat is known", async (t) => {
  const { exported, imported, run, close, provider, path } = await setUp(t);
  // One right behind the other, which are not one command.
  for (const [version, commandId] of [[1, "first"], [2, "second"]] as const) {
    const events = provider.createEvents("pairs", "p", version, [
      { type: "Made" },
    ]);
    await provider.append("pairs", "p", version, events, { commandId });
  }
  await exported("source.db", "a.jsonl");
  await run(["migrate", "--store", "target.db", "--yes"]);
  await imported("a.jsonl", "target.db");
  const target = await openSqlite(path("target.db"));
  const commands = [
    ["accounts", "accounts-0", "c0"],
    ["users é", "users é-8", "c20"],
    ["pairs", "p", "first"],
    ["pairs", "p", "second"],
  ] as const;
  for (const [stream, id, command] of commands) {
    const found = await target.provider.findCommand(stream, id, command);
    assert.equal(found, await provider.findCommand(stream, id, command));
    assert(found);
  }
  await target.close();
  await close();
});

test("an export that was cut off goes on, and ends as a whole one", async (t) => {
  const { exported, path, close, provider } = await setUp(t);
  const whole = await exported("source.db", "whole.jsonl");
  for (
    const size of [0, 10, 34, 35, 900, whole.length - 200, whole.length - 1]
  ) {
    writeFileSync(path("part.jsonl"), Buffer.from(whole));
    const bytes = Buffer.from(whole).length;
    truncateSync(path("part.jsonl"), Math.min(size, bytes - 1));
    assert.equal(await exported("source.db", "part.jsonl"), whole, `${size}`);
  }
  // What came after an export began is not in it, and in the next one it is.
  const events = provider.createEvents("new", "1", 1, [{ type: "Made" }]);
  await provider.append("new", "1", 1, events);
  const later = await exported("source.db", "later.jsonl");
  assert.equal(later.split("\n").length, whole.split("\n").length + 1);
  await close();
});

test("an export is not written over, and no other file is", async (t) => {
  const { exported, run, write, close, path } = await setUp(t);
  const whole = await exported("source.db", "whole.jsonl");
  const again = await run(["export", "whole.jsonl", "--store", "source.db"]);
  assert.equal(again.code, 2);
  assert.match(again.err[0]!, /is a complete export: name another file/);
  assert.equal(readFileSync(path("whole.jsonl"), "utf8"), whole);
  write("notes.txt", "my notes\n");
  const notes = await run(["export", "notes.txt", "--store", "source.db"]);
  assert.equal(notes.code, 2);
  assert.equal(readFileSync(path("notes.txt"), "utf8"), "my notes\n");
  await close();
});

test("an export of another store is not continued", async (t) => {
  const { exported, path, run, close } = await setUp(t);
  const whole = await exported("source.db", "whole.jsonl");
  writeFileSync(path("part.jsonl"), whole.slice(0, 5000));
  await run(["migrate", "--store", "other.db", "--yes"]);
  const result = await run(["export", "part.jsonl", "--store", "other.db"]);
  assert.equal(result.code, 2);
  assert.match(result.err[0]!, /it is the export of another one/);
  await close();
});

test("an import that was interrupted goes on, and stores nothing twice", async (t) => {
  const { exported, imported, run, close, path, json } = await setUp(t);
  const whole = await exported("source.db", "whole.jsonl");
  await run(["migrate", "--store", "target.db", "--yes"]);
  // As much as two thirds, as if the process had been killed behind them.
  const target = await openSqlite(path("target.db"));
  for (const line of whole.split("\n").slice(1, 49)) {
    const { stream, id, version, timestamp, event, metadata, commandId } = JSON
      .parse(line);
    const [stored] = target.provider.createEvents(stream, id, version, [event]);
    stored!.timestamp = new Date(timestamp);
    if (metadata) stored!.metadata = metadata;
    await target.provider.append(
      stream,
      id,
      version,
      [stored!],
      commandId ? { commandId } : {},
    );
  }
  await target.close();
  const result = await imported("whole.jsonl", "target.db");
  assert.deepEqual(result.out, ["Stored 24 events; 48 were there already"]);
  assert.equal(await exported("target.db", "second.jsonl"), whole);
  const [again] = await json([
    "import",
    "whole.jsonl",
    "-s",
    "target.db",
    "-y",
  ]);
  assert.deepEqual(again, { stored: 0, found: 72 });
  await close();
});

test("an event that is another one stops the import", async (t) => {
  const { exported, imported, run, close, path } = await setUp(t);
  await exported("source.db", "whole.jsonl");
  const changes: [string, (stored: any) => unknown][] = [
    ["its content", (stored) => stored.event.number = 99],
    ["its time", (stored) => stored.timestamp = new Date(5)],
    ["its metadata", (stored) => stored.metadata = { other: true }],
  ];
  for (const [what, change] of changes) {
    const name = `${what}.db`;
    await run(["migrate", "--store", name, "--yes"]);
    const target = await openSqlite(path(name));
    const stored = await target.provider.createEvents(
      "accounts",
      "accounts-0",
      1,
      [{
        type: "Opened",
        number: 0,
        z: { b: 0, a: [1.5, "\u2028 \n\"'<script>", null, true] },
        10: "a name that JavaScript sorts",
      }],
    );
    stored[0]!.timestamp = new Date(Date.UTC(2026, 0, 1));
    stored[0]!.metadata = { correlationId: "r0", user: { id: 7 } } as any;
    change(stored[0]);
    await target.provider.append("accounts", "accounts-0", 1, stored, {
      commandId: "c0",
    });
    await target.close();
    const result = await imported("whole.jsonl", name);
    assert.equal(result.code, 1, what);
    assert.match(
      result.err[0]!,
      /another event as version 1 of "accounts-0" in stream "accounts": nothing is overwritten/,
    );
  }
  await close();
});

test("a file that is damaged or not complete is refused before anything is stored", async (t) => {
  const { exported, imported, run, close, write, json } = await setUp(t);
  const whole = await exported("source.db", "whole.jsonl");
  await run(["migrate", "--store", "target.db", "--yes"]);
  const lines = whole.trimEnd().split("\n");
  const damaged: [RegExp, string][] = [
    [/was changed/, whole.replace('"number":30', '"number":31')],
    [/was changed/, lines.toSpliced(20, 1).join("\n") + "\n"],
    [/was changed/, lines.with(5, lines[6]!).join("\n") + "\n"],
    [/Line 4 of .* is not JSON/, lines.with(3, "{").join("\n") + "\n"],
    [/is not complete/, lines.slice(0, -1).join("\n") + "\n"],
    [/goes on behind/, `${whole}${lines[3]}\n`],
    [/is no export/, "{}\n"],
    [/is not complete/, ""],
  ];
  for (const [expected, text] of damaged) {
    write("damaged.jsonl", text);
    const result = await imported("damaged.jsonl", "target.db");
    assert.equal(result.code, 1);
    assert.match(result.err[0]!, expected);
  }
  const [{ events }] = await json(["verify", "-s", "target.db"]);
  assert.equal(events, 0);
  await close();
});
