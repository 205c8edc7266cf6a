import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { askMysql } from "./clients.ts";
import { findProgram, runOrThrow } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import type {
  DatabaseDefinition,
  ServerCommand,
  StartContext,
} from "./definition.ts";
import { makeFolder, serverUser } from "./server_user.ts";

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

// Run at each start, before anyone can connect.
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
  const { folder, port } = context;
  const data = join(folder, "data");
  const setupFile = join(folder, "setup.sql");
  makeFolder(folder, user);
  writeFileSync(setupFile, setup, { mode: 0o644 });
  if (!existsSync(data)) {
    const unfinished = `${data}.new`;
    const install = () => {
      rmSync(unfinished, { recursive: true, force: true });
      return runOrThrow(programs.install, [
        "--no-defaults",
        `--datadir=${unfinished}`,
        "--skip-test-db",
        "--innodb-log-file-size=32M",
        sharedIo,
      ], { cwd: folder, user, timeout: 120_000 });
    };
    // On a machine that starts six servers at once it failed, once.
    await install().catch(install);
    renameSync(unfinished, data);
  }
  return {
    program: programs.server,
    args: [
      "--no-defaults",
      `--datadir=${data}`,
      `--init-file=${setupFile}`,
      "--bind-address=127.0.0.1",
      `--port=${port}`,
      // In the data folder: the full path may be too long for a socket.
      "--socket=server.sock",
      `--pid-file=${join(folder, "server.pid")}`,
      "--skip-name-resolve",
      "--skip-log-bin",
      "--character-set-server=utf8mb4",
      "--max-connections=200",
      "--innodb-log-file-size=32M",
      "--innodb-flush-log-at-trx-commit=1",
      sharedIo,
      ...options,
    ],
    url: `mysql://evtstore:evtstore@127.0.0.1:${port}/evtstore`,
    stopSignal: "SIGTERM",
    user,
  };
}

function findPrograms(): Programs | undefined {
  const server = findProgram("mariadbd", folders);
  const install = findProgram("mariadb-install-db", folders);
  // The second is a script, of the client's package, that the first needs.
  const defaults = findProgram("my_print_defaults", folders);
  if (server === undefined || install === undefined) return undefined;
  return defaults === undefined ? undefined : { server, install };
}
