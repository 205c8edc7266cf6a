import { rmSync } from "node:fs";
import { askMysql } from "./clients.ts";
import { findProgram, runOrThrow } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import type {
  DatabaseDefinition,
  ServerCommand,
  StartContext,
} from "./definition.ts";
import { prepareMysqlServer } from "./mysql_server.ts";
import { serverUser } from "./server_user.ts";

/** Shows its metadata locks, by which a reader sees who is still writing. */
export const mariadb: DatabaseDefinition = {
  name: "mariadb",
  environmentVariable: "MYSQL_URL",
  composeService: "mariadb",
  composeUrl: "mysql://root:evtstore@127.0.0.1:13307/evtstore",
  ask: askMysql,
  start: (context) =>
    startMariadb(context, [
      "--performance-schema=ON",
      "--performance-schema-instrument=wait/lock/metadata/sql/mdl=ON",
    ]),
};

/** Shows none, as most in use: a reader needs a barrier. */
export const mariadbBarrier: DatabaseDefinition = {
  name: "mariadb_barrier",
  environmentVariable: "MARIADB_BARRIER_URL",
  composeService: "mariadb_barrier",
  composeUrl: "mysql://root:evtstore@127.0.0.1:13308/evtstore",
  ask: askMysql,
  start: (context) => startMariadb(context, ["--performance-schema=OFF"]),
};

// Without mariadb-server, which would start a server of its own at boot.
const packages = {
  debian: ["mariadb-server-core", "mariadb-client-core"],
  homebrew: "mariadb",
};

const folders = ["/usr/sbin", "/usr/bin", "/opt/homebrew/bin"];

const setup = `
create database if not exists evtstore;
create user if not exists evtstore@'%' identified by 'evtstore';
grant all on *.* to evtstore@'%' with grant option;
`;

// The kernel has few contexts for it, and several servers may run at once.
const sharedIo = "--innodb-use-native-aio=0";

interface Programs {
  readonly server: string;
  readonly install: string;
}

async function startMariadb(
  context: StartContext,
  options: readonly string[],
): Promise<ServerCommand> {
  const programs = await findOrInstall(findPrograms, packages, context);
  const user = serverUser(["mysql", "nobody"]);
  const ownOptions = ["--innodb-log-file-size=32M", sharedIo];
  const install = (data: string) => {
    rmSync(data, { recursive: true, force: true });
    return runOrThrow(programs.install, [
      "--no-defaults",
      `--datadir=${data}`,
      "--skip-test-db",
      ...ownOptions,
    ], { cwd: context.folder, user, timeout: 120_000 });
  };
  return await prepareMysqlServer(context, {
    program: programs.server,
    user,
    setup,
    // On a machine that starts six servers at once it failed, once.
    initialize: async (data) => {
      await install(data).catch(() => install(data));
    },
    options: ["--character-set-server=utf8mb4", ...ownOptions, ...options],
  });
}

function findPrograms(): Programs | undefined {
  const server = findProgram("mariadbd", folders);
  const install = findProgram("mariadb-install-db", folders);
  // The second is a script, of the client's package, that the first needs.
  const defaults = findProgram("my_print_defaults", folders);
  if (server === undefined || install === undefined) return undefined;
  return defaults === undefined ? undefined : { server, install };
}
