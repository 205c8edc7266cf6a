import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
// @ts-types="npm:@types/pg@8"
import pg from "pg";
import type { Provider } from "evtstore";
import { deposit, type Deposited, fold, STREAM } from "./contender.ts";
import { createDatabase } from "./postgres_database.ts";
import { interleave, ratioOf, type Spread, spreadOf } from "./rounds.ts";

/** The last commit without any of the features that a domain may leave out. */
export const BEFORE_FEATURES = "e973b47^";

/** The modules of one tree. */
type Tree = {
  core: typeof import("../mod.ts");
  memory: typeof import("../providers/memory.ts");
  sqlite: typeof import("../providers/sqlite.ts");
  pg: typeof import("../providers/pg.ts");
};

/** Milliseconds of a command, and of a handled event. */
type Times = { command: number; event: number };

/** A new and empty log, and what removes it. */
type Log = { provider: Provider<any>; close(): Promise<unknown> };

/** Where commands are stored. */
type Place = {
  name: string;
  open(tree: Tree): Promise<Log>;
  /** Aggregates of a round: fewer where each commit waits for a disk. */
  aggregates: number;
};

/** The commands of an aggregate. */
const COMMANDS = 5;
/** The events of a log that is caught up with. */
const EVENTS = 5000;
/** The events of an append that fills it. */
const FILL = 500;

/**
 * What a plain aggregate pays for features that it does not use: this tree
 * against an older commit, in turns in one process. The older one runs twice,
 * so that the second says what two runs of the same code differ by.
 *
 * @param before The commit to compare with.
 * @param server Of PostgreSQL.
 */
export async function runFeatures(
  before: string,
  rounds: number,
  server: string,
  say: (line: string) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-before-"));
  const git = (...args: string[]) => execFileSync("git", args);
  try {
    git("worktree", "add", "--detach", folder, before);
    const now = await load(import.meta.resolve("../"));
    const old = await load(`${pathToFileURL(folder).href}/`);
    say(`How long ${before} takes, divided by how long this tree takes:`);
    for (const place of places(server)) {
      await compare(place, { now, old }, rounds, say);
    }
  } finally {
    git("worktree", "remove", "--force", folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function load(root: string): Promise<Tree> {
  return {
    core: await import(`${root}mod.ts`),
    memory: await import(`${root}providers/memory.ts`),
    sqlite: await import(`${root}providers/sqlite.ts`),
    pg: await import(`${root}providers/pg.ts`),
  };
}

function places(server: string): Place[] {
  return [
    {
      name: "memory",
      aggregates: 200,
      open: async ({ memory }) => ({
        provider: memory.createProvider(),
        close: async () => {},
      }),
    },
    {
      name: "SQLite in memory",
      aggregates: 200,
      open: ({ sqlite }) => openSqlite(sqlite, ":memory:"),
    },
    {
      name: "SQLite on disk",
      aggregates: 40,
      async open({ sqlite }) {
        const folder = mkdtempSync(join(tmpdir(), "evtstore-bench-"));
        const log = await openSqlite(sqlite, join(folder, "log.db"));
        return {
          ...log,
          close: () =>
            log.close().then(() => rmSync(folder, { recursive: true })),
        };
      },
    },
    {
      name: "PostgreSQL by pg",
      aggregates: 40,
      async open(tree) {
        const { url, drop } = await createDatabase(server);
        const client = new pg.Pool({ connectionString: url, max: 10 });
        await tree.pg.migrate({ client });
        return {
          provider: tree.pg.createProvider({ client }),
          close: () => client.end().then(drop),
        };
      },
    },
  ];
}

async function openSqlite(
  sqlite: Tree["sqlite"],
  path: string,
): Promise<Log> {
  const client = new DatabaseSync(path);
  await sqlite.migrate({ client });
  return {
    provider: sqlite.createProvider({ client }),
    close: async () => client.close(),
  };
}

async function compare(
  place: Place,
  { now, old }: { now: Tree; old: Tree },
  rounds: number,
  say: (line: string) => void,
): Promise<void> {
  const events = new Map<string, number[]>();
  const contender = (name: string, tree: Tree) => {
    const took: number[] = [];
    events.set(name, took);
    return [name, async (round: number) => {
      const { command, event } = await measure(tree, place);
      if (round > 0) took.push(event);
      return command;
    }] as const;
  };
  const commands = await interleave(
    new Map([
      contender("before", old),
      contender("before, again", old),
      contender("this tree", now),
    ]),
    rounds,
  );
  const handled = [...events].map(([name, rounds]) => ({ name, rounds }));
  for (
    const [what, [reference, ...others]] of [
      ["command", commands],
      ["event caught up with", handled],
    ] as const
  ) {
    for (const one of others) {
      const { median } = spreadOf(one.rounds);
      say(
        `${place.name}, ${what}, ${one.name}: ${
          toText(ratioOf(one, reference!))
        }, ${(median * 1000).toFixed(1)} µs`,
      );
    }
  }
}

/** A new and empty log, filled by commands, and caught up with. */
async function measure(tree: Tree, place: Place): Promise<Times> {
  const { core } = tree;
  const { provider, close } = await place.open(tree);
  const account = core.createAggregate({
    stream: STREAM,
    create: () => ({ cents: 0 }),
    fold: (event: Deposited, account) => fold(event, account),
  });
  const { domain, createHandler } = core.createDomain({ provider }, {
    account,
  });
  const accounts = core.createCommands(domain.account, {
    deposit: (_command: object, account: { cents: number }) =>
      deposit(1 + account.cents % 2),
  });

  const total = place.aggregates * COMMANDS;
  const start = performance.now();
  for (let id = 0; id < place.aggregates; id++) {
    for (let times = 0; times < COMMANDS; times++) {
      await accounts.deposit!(`a${id}`, {});
    }
  }
  const command = (performance.now() - start) / total;

  for (let version = 1; version < EVENTS; version += FILL) {
    const events = Array.from({ length: FILL }, () => deposit(1));
    await provider.append(
      STREAM,
      "long",
      version,
      provider.createEvents(STREAM, "long", version, events),
    );
  }
  let handled = 0;
  const handler = createHandler("sum", [STREAM]);
  handler.handle(STREAM, "Deposited", async () => void handled++);
  const handling = performance.now();
  await handler.runOnce();
  const event = (performance.now() - handling) / handled;
  if (handled !== total + EVENTS) throw new Error(`handled ${handled}`);
  await close();
  return { command, event };
}

function toText({ median, low, high }: Spread): string {
  return `${median.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}
