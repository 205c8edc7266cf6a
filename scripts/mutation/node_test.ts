/**
 * Stands for `node:test` in the copy that is mutated, so that one process can
 * run chosen tests again and again.
 *
 * @module
 */
import process from "node:process";

type Body = (context: TestContext) => unknown;
type Hook = () => unknown;

/** Tests that share what their hooks open; `undefined` is a test by itself. */
export type Group = { before: Hook[]; after: Hook[] };

export type Registered = { name: string; group: Group | undefined; body: Body };

export type TestContext = { after(hook: Hook): void; mock: unknown };

/** Every test of the files that were imported, in their order. */
export const registered: Registered[] = [];

let group: Group | undefined;

export function describe(_name: string, register: () => void): void {
  group = { before: [], after: [] };
  register();
  group = undefined;
}

export function test(name: string, ...rest: unknown[]): void {
  registered.push({ name, group, body: rest.at(-1) as Body });
}

export const it: typeof test = test;

export function before(hook: Hook): void {
  group?.before.push(hook);
}

export function after(hook: Hook): void {
  group?.after.push(hook);
}

/** Runs one test with a context of its own. */
export async function runOne({ body }: Registered): Promise<void> {
  const hooks: Hook[] = [];
  const { mock } = process.getBuiltinModule("node:test");
  try {
    await body({ after: (hook) => void hooks.push(hook), mock });
  } finally {
    mock.restoreAll();
    for (const hook of hooks.reverse()) await hook();
  }
}
