import {
  chownSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { askPostgres } from "./clients.ts";
import { runOrThrow } from "./command.ts";
import type {
  DatabaseDefinition,
  ServerCommand,
  StartContext,
} from "./definition.ts";
import { isServerOf } from "./process.ts";
import { npmPostgres, systemPostgres } from "./postgres_package.ts";
import { makeFolder, serverUser } from "./server_user.ts";

const users = ["postgres", "nobody"];

// Above what any system gives, within what PostgreSQL reads.
const impossiblePid = 2 ** 31 - 1;

export const postgres18: DatabaseDefinition = {
  name: "postgres18",
  environmentVariable: "POSTGRES_URL",
  composeService: "postgres18",
  composeUrl: "postgres://evtstore:evtstore@127.0.0.1:15432/evtstore",
  ask: askPostgres,
  start: async (context) =>
    await startPostgres(context, await npmPostgres(context), []),
};

export const postgres15: DatabaseDefinition = {
  name: "postgres15",
  environmentVariable: "POSTGRES15_URL",
  composeService: "postgres15",
  composeUrl: "postgres://evtstore:evtstore@127.0.0.1:15433/evtstore",
  ask: askPostgres,
  // One of the two servers sorts text by language, as most in use do.
  start: async (context) =>
    await startPostgres(context, await systemPostgres(context), [
      "--locale-provider=icu",
      "--icu-locale=en",
    ]),
};

async function startPostgres(
  context: StartContext,
  programs: string,
  locale: readonly string[],
): Promise<ServerCommand> {
  const user = serverUser(users);
  const data = join(context.folder, "data");
  makeFolder(context.folder, user);
  if (!existsSync(data)) await createCluster(context, programs, data, locale);
  forgetDeadServer(data);
  const settings = {
    listen_addresses: "127.0.0.1",
    port: context.port,
    // A socket's path may not be long, and nothing here connects to one.
    unix_socket_directories: "",
    max_connections: 200,
    max_prepared_transactions: 10,
    fsync: "on",
  };
  return {
    program: join(programs, "postgres"),
    args: [
      "-D",
      data,
      ...Object.entries(settings).flatMap(([key, value]) => [
        "-c",
        `${key}=${value}`,
      ]),
    ],
    url: `postgres://evtstore:evtstore@127.0.0.1:${context.port}/evtstore`,
    stopSignal: "SIGINT",
    user,
  };
}

/**
 * A killed server leaves its pid behind, and none starts while there is such
 * a process: a zombie, or one that was given the same pid. The lock is kept,
 * as it also names the memory that the killed server's children may hold.
 */
function forgetDeadServer(data: string): void {
  const lock = join(data, "postmaster.pid");
  if (!existsSync(lock)) return;
  const [pid, ...others] = readFileSync(lock, "utf8").split("\n");
  if (isServerOf(dirname(data), Number(pid))) return;
  writeFileSync(lock, [impossiblePid, ...others].join("\n"));
}

async function createCluster(
  context: StartContext,
  programs: string,
  data: string,
  locale: readonly string[],
): Promise<void> {
  const user = serverUser(users);
  const options = { cwd: context.folder, user, timeout: 120_000 };
  const unfinished = `${data}.new`;
  const password = join(context.folder, "password");
  rmSync(unfinished, { recursive: true, force: true });
  writeFileSync(password, "evtstore\n", { mode: 0o600 });
  if (user !== undefined) chownSync(password, user.uid, user.gid);
  await runOrThrow(join(programs, "initdb"), [
    "-D",
    unfinished,
    "--username=evtstore",
    `--pwfile=${password}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    ...locale,
    "--no-sync",
  ], options);
  await runOrThrow(
    join(programs, "postgres"),
    ["--single", "-D", unfinished, "postgres"],
    { ...options, input: "create database evtstore\n" },
  );
  renameSync(unfinished, data);
}
