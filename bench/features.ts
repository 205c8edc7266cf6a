import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Provider } from "evtstore";
import { deposit, type Deposited, fold, STREAM } from "./contender.ts";
import { interleave, ratioOf, type Spread, spreadOf } from "./rounds.ts";

/** The last commit without any of the features that a domain may leave out. */
export const BEFORE_FEATURES = "e973b47^";

/** Aggregates of a round, and the commands of each. */
const AGGREGATES = 200;
const COMMANDS = 5;

/** How often the log of a round is caught up with. */
const CATCH_UPS = 10;

/** The modules of one tree. */
type Tree = {
  core: typeof import("../mod.ts");
  memory: typeof import("../providers/memory.ts");
  sqlite: typeof import("../providers/sqlite.ts");
};

/** Milliseconds of a command, and of a handled event. */
type Times = { command: number; event: number };

/**
 * What a plain aggregate pays for features that it does not use: this tree
 * against an older commit, in turns in one process. The older one runs twice,
 * so that the second says what two runs of the same code differ by.
 *
 * @param before The commit to compare with.
 */
export async function runFeatures(
  before: string,
  rounds: number,
  say: (line: string) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-before-"));
  const git = (...args: string[]) => execFileSync("git", args);
  try {
    git("worktree", "add", "--detach", folder, before);
    const now = await load(import.meta.resolve("../"));
    const old = await load(`${pathToFileURL(folder).href}/`);
    say(`How long ${before} takes, divided by how long this tree takes:`);
    for (const kind of ["memory", "sqlite"] as const) {
      await compare(kind, { now, old }, rounds, say);
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
  };
}

async function compare(
  kind: "memory" | "sqlite",
  { now, old }: { now: Tree; old: Tree },
  rounds: number,
  say: (line: string) => void,
): Promise<void> {
  const events = new Map<string, number[]>();
  const contender = (name: string, tree: Tree) => {
    const took: number[] = [];
    events.set(name, took);
    return [name, async (round: number) => {
      const { command, event } = await measure(tree, kind);
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
        `${kind}, ${what}, ${one.name}: ${toText(ratioOf(one, reference!))}, ${
          (median * 1000).toFixed(1)
        } µs`,
      );
    }
  }
}

/** A new and empty log, filled by commands, and caught up with. */
async function measure(
  { core, memory, sqlite }: Tree,
  kind: "memory" | "sqlite",
): Promise<Times> {
  const client = new DatabaseSync(":memory:");
  if (kind === "sqlite") await sqlite.migrate({ client });
  const provider: Provider<any> = kind === "sqlite"
    ? sqlite.createProvider({ client })
    : memory.createProvider();
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

  const total = AGGREGATES * COMMANDS;
  const start = performance.now();
  for (let id = 0; id < AGGREGATES; id++) {
    for (let times = 0; times < COMMANDS; times++) {
      await accounts.deposit!(`a${id}`, {});
    }
  }
  const command = (performance.now() - start) / total;

  let handled = 0;
  const handling = performance.now();
  for (let run = 0; run < CATCH_UPS; run++) {
    const handler = createHandler(`sum ${run}`, [STREAM]);
    handler.handle(STREAM, "Deposited", async () => void handled++);
    await handler.runOnce();
  }
  const event = (performance.now() - handling) / (total * CATCH_UPS);
  if (handled !== total * CATCH_UPS) throw new Error(`handled ${handled}`);
  if (kind === "sqlite") client.close();
  return { command, event };
}

function toText({ median, low, high }: Spread): string {
  return `${median.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}
