import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createProvider, migrate } from "../providers/sqlite.ts";
import type { SqliteOptions, SqliteProvider } from "../providers/sqlite.ts";

/** The path of a database that does not exist yet, and is gone after the test. */
export function temporaryPath(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "evtstore-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "log.db");
}

/** A provider on a migrated database, closed after the test. */
export async function openProvider(
  test: TestContext,
  options: SqliteOptions,
): Promise<SqliteProvider<any>> {
  await migrate(options);
  const provider = createProvider(options);
  test.after(() => provider.close());
  return provider;
}

/** Appends `count` events to an aggregate that is at `version - 1`. */
export async function appendTo(
  provider: SqliteProvider<any>,
  aggregateId: string,
  version: number,
  options: { count?: number; stream?: string; tx?: any; commandId?: string } =
    {},
): Promise<number[]> {
  const { count = 1, stream = "accounts", ...appendOptions } = options;
  const events = Array.from(
    { length: count },
    (_, index) => ({ type: "Deposited", cents: index }),
  );
  const stored = await provider.append(
    stream,
    aggregateId,
    version,
    provider.createEvents(stream, aggregateId, version, events),
    appendOptions,
  );
  return stored.map((event) => event.position);
}

/** A promise and the function that fulfils it. */
export function createGate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => open = resolve);
  return { opened, open };
}

/** Waits until something is so, two seconds at most. */
export async function until(isSo: () => boolean): Promise<void> {
  const start = performance.now();
  while (!isSo() && performance.now() - start < 2000) await sleep(5);
}

/** Waits, and keeps the process alive meanwhile. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Whether an error is the library's, with this code. */
export function hasCode(code: string): (error: any) => boolean {
  return (error) => {
    if (error?.code === code) return true;
    throw error;
  };
}
