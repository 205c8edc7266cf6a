import type { Provider } from "evtstore";
import {
  createProvider,
  migrate,
  type SqliteProvider,
} from "evtstore/provider/sqlite";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { runCommand } from "../../cli/run.ts";

/** What a command has printed, and its exit code. */
export type Result = { code: number; out: string[]; err: string[] };

/** A folder of its own, and the command line run in it. */
export type Workspace = {
  /** The folder. */
  folder: string;
  /** Runs a command. */
  run(args: string[], options?: RunOptions): Promise<Result>;
  /** The same with `--json`: each line as its value. */
  json(args: string[], options?: RunOptions): Promise<any[]>;
  /** Writes a file. */
  write(name: string, text: string): string;
};

/** How a command is run. */
export type RunOptions = {
  /** What a person types, if there is one. */
  answer?: string;
  /** The environment. */
  env?: { [name: string]: string };
  /** Ends it. */
  signal?: AbortSignal;
  /** Told of each line as it is printed. */
  printed?: (line: string) => void;
};

/** Makes a folder for a test. */
export function openWorkspace(t: TestContext): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-cli-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const run: Workspace["run"] = async (args, options = {}) => {
    const { answer, env = {}, signal = new AbortController().signal } = options;
    const out: string[] = [];
    const err: string[] = [];
    const code = await runCommand(args, {
      out: (line) => {
        out.push(line);
        options.printed?.(line);
      },
      err: (line) => err.push(line),
      progress: () => {},
      ...answer !== undefined && { ask: async () => answer },
      env,
      cwd: folder,
      signal,
    });
    return { code, out, err };
  };
  return {
    folder,
    run,
    async json(args, options) {
      const { code, out, err } = await run([...args, "--json"], options);
      if (code !== 0) throw new Error(`It ended with ${code}: ${err}`);
      return out.map((line) => JSON.parse(line));
    },
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text);
      return path;
    },
  };
}

/** Events as a store of some months has them: 12 aggregates in three streams. */
export async function fill(
  provider: Provider<any>,
  count = 60,
): Promise<void> {
  for (let number = 0; number < count; number++) {
    const stream = ["accounts", "orders", "users é"][number % 3]!;
    const id = `${stream}-${number % 12}`;
    const version = (await provider.getLastEventFor(stream, id))?.version ?? 0;
    const size = number % 10 === 0 ? 3 : 1;
    const events = provider.createEvents(
      stream,
      id,
      version + 1,
      Array.from({ length: size }, (_, index) => ({
        type: ["Opened", "Paid", "Closed"][number % 3]!,
        number,
        z: { b: index, a: [1.5, "\u2028 \n\"'<script>", null, true] },
        10: "a name that JavaScript sorts",
      })),
    );
    for (const [index, stored] of events.entries()) {
      stored.timestamp = new Date(Date.UTC(2026, 0, 1, 0, number, 0, index));
      if (number % 4 === 0) {
        stored.metadata = { correlationId: `r${number}`, user: { id: 7 } };
      }
    }
    await provider.append(
      stream,
      id,
      version + 1,
      events,
      number % 2 === 0 ? { commandId: `c${number}` } : {},
    );
  }
}

/** An SQLite file that is ready. */
export async function openSqlite(
  path: string,
): Promise<{ provider: SqliteProvider<any>; close(): Promise<void> }> {
  await migrate({ path });
  const provider = createProvider({ path, onError: () => {} });
  return { provider, close: () => provider.close() };
}
