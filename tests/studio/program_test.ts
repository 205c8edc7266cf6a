import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, request } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { fill, openSqlite, openWorkspace } from "../cli/support.ts";

const main = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));
const memory = new URL("../../providers/memory.ts", import.meta.url).href;

/** Starts the program, and waits for the address. */
async function start(t: TestContext, cwd: string, args: string[]) {
  const command = "Deno" in globalThis
    ? ["run", "-A", "--no-check", main]
    : [main];
  const child: ChildProcess = spawn(
    process.execPath,
    [...command, "studio", ...args],
    { cwd },
  );
  t.after(() => child.kill("SIGKILL"));
  let err = "";
  child.stderr!.on("data", (data) => err += data);
  const ended = new Promise<number | null>((resolve) =>
    child.on("exit", resolve)
  );
  const url = await new Promise<URL>((resolve, reject) => {
    let out = "";
    child.stdout!.on("data", (data) => {
      out += data;
      const found = /http:\S+/.exec(out);
      if (found && out.includes("\n")) resolve(new URL(found[0]));
    });
    ended.then((code) => reject(new Error(`It ended with ${code}: ${err}`)));
  });
  return { child, url, ended, err: () => err };
}

async function filled(t: TestContext) {
  const workspace = openWorkspace(t);
  const store = await openSqlite(join(workspace.folder, "bank.db"));
  await fill(store.provider);
  await store.close();
  return workspace;
}

/** A request with any header, as a browser would not send it. */
async function send(
  url: URL,
  headers: { [name: string]: string },
): Promise<number> {
  return await new Promise((resolve, reject) => {
    request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    }).on("error", reject).end();
  });
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`the program serves the page and its answers, and ends on ${signal}`, async (t) => {
    const { folder } = await filled(t);
    const { child, url, ended, err } = await start(t, folder, [
      ...["--store", "bank.db", "--port", "0"],
    ]);
    assert.equal(url.hostname, "127.0.0.1");
    assert(url.searchParams.get("token")!.length >= 32);
    const page = await fetch(url);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<!doctype html>/i);
    const cookie = page.headers.get("set-cookie")!.split(";")[0]!;
    const overview = await fetch(new URL("/api/overview", url), {
      headers: { cookie },
    });
    assert.equal((await overview.json()).driver, "sqlite");
    const without = await fetch(new URL("/api/overview", url));
    assert.equal(without.status, 401);
    await without.body!.cancel();
    const path = new URL("/api/overview", url);
    assert.equal(await send(path, { cookie }), 200);
    assert.equal(await send(path, { cookie, host: "evil.example" }), 403);
    assert.equal(
      await send(path, { cookie, host: `evil.example:${url.port}` }),
      403,
    );
    assert.equal(await send(path, { cookie, origin: "null" }), 403);
    assert.equal(
      await send(path, { cookie, origin: "http://evil.example" }),
      403,
    );
    // One that is still open does not keep it.
    const tail = await fetch(new URL("/api/tail", url), {
      headers: { cookie },
    });
    const reader = tail.body!.getReader();
    await reader.read();
    // Not `child.kill`, after which Deno forgets with what it has ended.
    process.kill(child.pid!, signal);
    assert.equal(await ended, 0);
    assert.equal(err().trim(), "It changes nothing. Stop it with Ctrl-C");
    await reader.cancel().catch(() => {});
  });
}

test("a port that is taken is a clear error", async (t) => {
  const { folder, run } = await filled(t);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as { port: number };
  const args = ["studio", "--store", join(folder, "bank.db")];
  const taken = await run([...args, "--port", String(port)]);
  assert.equal(taken.code, 2);
  assert.match(taken.err.join(), new RegExp(`Port ${port} is taken`));
  for (const wrong of ["x", "-1", "65536", "80.5"]) {
    const { code } = await run([...args, `--port=${wrong}`]);
    assert.equal(code, 2, wrong);
  }
  const module = await run([...args, "--port", "0", "--domain", "nothing.ts"]);
  assert.equal(module.code, 2);
  assert.match(module.err.join(), /There is no file .*nothing\.ts/);
});

test("with a domain module it shows states, and with --write it says so", async (t) => {
  const { folder, run, write } = await filled(t);
  write(
    "domain.js",
    `import { createAggregate } from ${
      JSON.stringify(new URL("../../mod.ts", import.meta.url).href)
    };
    export const account = createAggregate({
      stream: "accounts",
      create: () => ({ sum: 0 }),
      fold: (event, { sum }) => ({ sum: sum + event.number }),
    });`,
  );
  const ending = new AbortController();
  let address = "";
  const done = run(
    [
      ...["studio", "--store", join(folder, "bank.db"), "--port", "0"],
      ...["--domain", "domain.js", "--write", "--json"],
    ],
    {
      signal: ending.signal,
      printed(line) {
        address = JSON.parse(line).url;
        look(address).finally(() => ending.abort());
      },
    },
  );
  let found: any;
  const look = async (url: string) => {
    const token = new URL(url).searchParams.get("token");
    const headers = { authorization: `Bearer ${token}` };
    const get = async (path: string) =>
      await (await fetch(new URL(path, url), { headers })).json();
    found = [
      await get("/api/overview"),
      await get("/api/aggregate?stream=accounts&id=accounts-3"),
    ];
  };
  const { code } = await done;
  assert.equal(code, 0);
  const [overview, aggregate] = found;
  assert.equal(overview.write, true);
  assert.deepEqual(overview.domain, [{ name: "account", stream: "accounts" }]);
  assert.equal(aggregate.name, "account");
  assert.equal(typeof aggregate.events.at(-1).state.sum, "number");
});

test("a config file's handlers can be retried", async (t) => {
  const { run, write } = openWorkspace(t);
  write(
    "evtstore.config.js",
    `import { createHandler } from ${
      JSON.stringify(new URL("../../mod.ts", import.meta.url).href)
    };
    import { createProvider } from ${JSON.stringify(memory)};
    export const provider = createProvider({ onError() {} });
    const board = createHandler({ bookmark: "board", streams: ["a"], provider, onFailure: "park", retry: { times: 0 } });
    let broken = true;
    board.handle("a", "A", () => { if (broken) throw new Error("broken"); });
    await provider.append("a", "1", 1, provider.createEvents("a", "1", 1, [{ type: "A" }]));
    await board.runOnce();
    broken = false;
    export const handlers = [board];`,
  );
  const ending = new AbortController();
  const answers: any[] = [];
  const look = async (url: string) => {
    const token = new URL(url).searchParams.get("token");
    const response = await fetch(new URL("/api/retry", url), {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({
        bookmark: "board",
        stream: "a",
        aggregateId: "1",
      }),
    });
    answers.push(await response.json());
  };
  const { code } = await run(["studio", "--port", "0", "--write", "--json"], {
    signal: ending.signal,
    printed: (line) =>
      void look(JSON.parse(line).url).finally(() => ending.abort()),
  });
  assert.equal(code, 0);
  assert.deepEqual(answers, [{ handled: 1 }]);
});
