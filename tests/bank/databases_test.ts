import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { generate } from "../../examples/bank/generate.ts";
import { openDatabase } from "../../examples/bank/open_database.ts";
import type { Balance } from "../../examples/bank/read_model.ts";
import { findDatabase } from "../providers/support/databases.ts";
import { findServers } from "../providers/support/neo4j.ts";
import { inFolder, runDemo, toLines } from "./demo.ts";
import {
  mongoPlace,
  mysqlPlace,
  neo4jPlace,
  type Place,
  postgresPlace,
} from "./places.ts";

const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));
const MAIN = fileURLToPath(
  new URL("../../examples/bank/main.ts", import.meta.url),
);
const LINES = 600;
const STREAMS = ["accounts", "transfers"];
/** How many events the log has when the demo is killed: a part of them. */
const EVENTS = 100;

async function balancesAt(url: string): Promise<Balance[]> {
  const { provider, readModel, close } = await openDatabase(url);
  try {
    const balances = await provider.transact((tx) => readModel.balances(tx));
    return balances
      .map(({ account, cents, statement }) => ({ account, cents, statement }))
      .toSorted((a, b) => a.account < b.account ? -1 : 1);
  } finally {
    await close();
  }
}

/** Kills the demo once its log has some events, and lets it finish. */
async function killAndResume(url: string, commands: string): Promise<boolean> {
  const child = spawn(
    process.execPath,
    ["run", "-A", "--config", CONFIG, MAIN, commands, "--database", url],
    { stdio: "ignore" },
  );
  const ended = once(child, "close");
  const { provider, close } = await openDatabase(url);
  const start = await provider.getPosition("nobody has stored this one");
  const deadline = performance.now() + 30_000;
  while (child.exitCode === null && performance.now() < deadline) {
    const events = await provider.getEventsFrom(STREAMS, start, EVENTS);
    if (events.length === EVENTS) break;
    await setTimeout(1);
  }
  await close();
  child.kill("SIGKILL");
  const [, signal] = await ended;
  const { code, stdout, stderr } = await runDemo([commands, "--database", url]);
  assert.equal(code, 0, stdout + stderr);
  return signal === "SIGKILL";
}

function bankOn(name: string, place: Place, lines = LINES): void {
  test(`the bank on ${name}, killed and resumed, ends as on SQLite`, async () => {
    try {
      await inFolder(async (path) => {
        const commands = path("commands.jsonl");
        await writeFile(commands, toLines(generate(lines, 11)));
        const alone = await runDemo([
          commands,
          "--database",
          path("alone.db"),
        ]);
        assert.equal(alone.code, 0, alone.stderr);
        const wasKilled = await killAndResume(place.url, commands);
        assert(wasKilled, "the demo ended before it could be killed");
        assert.deepEqual(
          await balancesAt(place.url),
          await balancesAt(path("alone.db")),
        );
        const again = await runDemo([commands, "--database", place.url]);
        assert.match(again.stdout, / 0 applied, /);
      });
    } finally {
      await place.drop();
    }
  });
}

const folder = mkdtempSync(join(tmpdir(), "evtstore-bank-"));
bankOn("sqlite+knex", {
  url: `sqlite+knex:${join(folder, "bank.db")}`,
  drop: async () => rmSync(folder, { recursive: true }),
});

const postgresUrl = await findDatabase("postgres18");
if (postgresUrl) {
  for (const scheme of ["postgres", "postgres+postgresjs", "postgres+knex"]) {
    bankOn(scheme, await postgresPlace(postgresUrl, scheme));
  }
}
for (const name of ["mariadb", "mariadb_barrier"]) {
  const url = await findDatabase(name);
  if (url) bankOn(`mysql (${name})`, await mysqlPlace(url));
}
const mongoUrl = await findDatabase("mongodb");
// The server that stands in for MongoDB is written in Python.
if (mongoUrl) bankOn("mongodb", await mongoPlace(mongoUrl), 150);

const long = ["neo4j44", "neo4j2025", "neo4j35"];
for (const { name, url } of await findServers(["neo4j"], long)) {
  bankOn(name, neo4jPlace(url, name), 100);
}
