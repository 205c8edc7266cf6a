import { createHandler, type Provider } from "evtstore";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openSqlite, openWorkspace } from "./support.ts";

const url = (path: string) =>
  JSON.stringify(new URL(`../../${path}`, import.meta.url).href);

/** A config file with this version of a handler; it notes what it has handled. */
function configOf(
  path: string,
  version: number | undefined,
  callback: string,
): string {
  return `
import { createHandler } from ${url("mod.ts")};
import { createProvider } from ${url("providers/sqlite.ts")};
import { appendFileSync } from "node:fs";

export const provider = createProvider({ path: ${
    JSON.stringify(path)
  }, onError: () => {} });
const sums = createHandler({
  bookmark: "sums",
  streams: ["accounts"],
  provider,
  retry: { minMs: 1, maxMs: 5 },
  ${version === undefined ? "" : `version: ${version},`}
});
const note = (id, meta) =>
  appendFileSync("PATH.log", \`\${id}@\${meta.version}\${meta.replay ? " replay" : ""}\\n\`);
sums.handle("accounts", "Deposited", (id, event, meta) => { ${callback} });
export const handlers = [sums];
`.replace("PATH.log", `${path}.log`);
}

async function append(provider: Provider<any>, id: string, count = 1) {
  const last = await provider.getLastEventFor("accounts", id);
  const version = (last?.version ?? 0) + 1;
  const events = Array.from({ length: count }, () => ({ type: "Deposited" }));
  await provider.append(
    "accounts",
    id,
    version,
    provider.createEvents("accounts", id, version, events),
  );
}

async function setUp(t: TestContext) {
  const workspace = openWorkspace(t);
  const path = join(workspace.folder, "bank.db");
  const store = await openSqlite(path);
  t.after(() => store.close());
  const { provider } = store;
  const first = createHandler<{ accounts: { type: "Deposited" } }>({
    bookmark: "sums",
    streams: ["accounts"],
    provider,
  });
  first.handle("accounts", "Deposited", () => {});
  await append(provider, "ada", 3);
  await append(provider, "bob", 2);
  await first.runOnce();
  let configs = 0;
  const config = (version: number | undefined, callback = "note(id, meta)") => {
    const name = `config-${++configs}.mjs`;
    workspace.write(name, configOf(path, version, callback));
    return ["--config", name];
  };
  return { ...workspace, path, provider, first, config };
}

async function liveIn(provider: Provider<any>): Promise<number> {
  const next = createHandler<{ accounts: { type: "Deposited" } }>({
    bookmark: "sums",
    streams: ["accounts"],
    provider,
    version: 1,
  });
  return (await next.status()).version?.live ?? 1;
}

/** What the handlers of config files have handled. */
function handledIn(path: string): string[] {
  return readFileSync(`${path}.log`, "utf8").trim().split("\n");
}

test("the next version runs to the end, and takes over", async (t) => {
  const { run, json, config, provider, path } = await setUp(t);
  const refused = await run(["rebuild", "sums", ...config(2)], {
    answer: "no",
  });
  assert.equal(refused.code, 2);
  const nobody = await run(["rebuild", "sums", ...config(2)]);
  assert.equal(nobody.code, 2);
  assert.match(nobody.err.join(), /retires version 1 for good.*give --yes/);
  assert.equal(await liveIn(provider), 1);
  const [done] = await json(["rebuild", "sums", ...config(2), "--yes"]);
  assert.deepEqual(done, { bookmark: "sums", version: 2, tookOver: true });
  assert.deepEqual(handledIn(path), [
    "ada@1 replay",
    "ada@2 replay",
    "ada@3 replay",
    "bob@1 replay",
    "bob@2 replay",
  ]);
  assert.equal(await liveIn(provider), 2);
  const [again] = await json(["rebuild", "sums", ...config(2), "--yes"]);
  assert.deepEqual(again, { bookmark: "sums", version: 2, tookOver: false });
  const retired = await run(["rebuild", "sums", ...config(undefined), "-y"]);
  assert.equal(retired.code, 2);
  assert.match(retired.err.join(), /version 2 is live, so its next one is 3/);
});

test("it takes over from a version that is at work, which gives way", async (t) => {
  const { run, config, provider, first, path } = await setUp(t);
  first.start();
  t.after(() => first.stop());
  await append(provider, "eve");
  await first.handled("accounts", "eve", 1);
  const { code, out, err } = await run(["rebuild", "sums", ...config(2), "-y"]);
  assert.equal(code, 0, err.join("\n"));
  assert.match(out.join(), /Version 2 .* is live.* version 1 is retired/);
  assert.equal(handledIn(path).length, 6);
  assert.equal(await liveIn(provider), 2);
});

test("one that fails gives up, leaves the other live, and goes on where it was", async (t) => {
  const { run, config, provider, path } = await setUp(t);
  const broken = config(
    2,
    'if (id === "bob") throw new Error("no bob"); note(id, meta)',
  );
  const failed = await run(["rebuild", "sums", ...broken, "-y"]);
  assert.equal(failed.code, 1);
  assert.match(failed.err.join("\n"), /Tries again: no bob/);
  assert.match(failed.err.at(-1)!, /nothing has changed hands/);
  assert.equal(await liveIn(provider), 1);
  const repaired = await run(["rebuild", "sums", ...config(2), "-y"]);
  assert.equal(repaired.code, 0, repaired.err.join("\n"));
  assert.deepEqual(handledIn(path), [
    "ada@1 replay",
    "ada@2 replay",
    "ada@3 replay",
    "bob@1 replay",
    "bob@2 replay",
  ]);
  assert.equal(await liveIn(provider), 2);
});

test("one that is interrupted leaves the other live, and goes on", async (t) => {
  const { run, config, provider, path } = await setUp(t);
  const ending = new AbortController();
  // It hangs at the fourth event, until it is told to end.
  const waiting = config(
    2,
    `note(id, meta); if (id === "bob") {
      globalThis.rebuildHangs();
      return new Promise((resolve) => setTimeout(resolve, 100));
    }`,
  );
  Object.assign(globalThis, { rebuildHangs: () => ending.abort() });
  const { code } = await run(["rebuild", "sums", ...waiting, "-y"], {
    signal: ending.signal,
  });
  assert.equal(code, 130);
  assert.deepEqual(handledIn(path).slice(0, 4), [
    "ada@1 replay",
    "ada@2 replay",
    "ada@3 replay",
    "bob@1 replay",
  ]);
  assert.equal(await liveIn(provider), 1);
  const rest = await run(["rebuild", "sums", ...config(2), "-y"]);
  assert.equal(rest.code, 0, rest.err.join("\n"));
  assert.equal(handledIn(path).length, 5);
  assert.equal(await liveIn(provider), 2);
});

test("what cannot be rebuilt is refused", async (t) => {
  const { run, config, path } = await setUp(t);
  const unknown = await run(["rebuild", "nobody", ...config(2), "-y"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err.join(), /needs the code of handler "nobody"/);
  const only = await run(["rebuild", "sums", ...config(undefined), "-y"]);
  assert.equal(only.code, 2);
  assert.match(only.err.join(), /raise its "version"/);
  const byUrl = await run(["rebuild", "sums", "-s", path, "-y"]);
  assert.equal(byUrl.code, 2);
  assert.match(byUrl.err.join(), /give --config/);
});
