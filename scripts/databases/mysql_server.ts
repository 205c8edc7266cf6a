import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ServerCommand, StartContext } from "./definition.ts";
import { makeFolder, type ServerUser } from "./server_user.ts";

/** What MySQL's servers and MariaDB's are told each in its own way. */
export interface MysqlServer {
  readonly program: string;
  readonly user: ServerUser | undefined;
  /** Run at each start, before anyone can connect. */
  readonly setup: string;
  /** Makes the files of a server that has none yet. */
  readonly initialize: (data: string) => Promise<void>;
  readonly options: readonly string[];
}

/** Makes the data of a server unless it is there, and says how it is run. */
export async function prepareMysqlServer(
  { folder, port }: StartContext,
  { program, user, setup, initialize, options }: MysqlServer,
): Promise<ServerCommand> {
  const data = join(folder, "data");
  const setupFile = join(folder, "setup.sql");
  makeFolder(folder, user);
  writeFileSync(setupFile, setup, { mode: 0o644 });
  if (!existsSync(data)) {
    const unfinished = `${data}.new`;
    rmSync(unfinished, { recursive: true, force: true });
    await initialize(unfinished);
    renameSync(unfinished, data);
  }
  return {
    program,
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
      "--max-connections=200",
      "--innodb-flush-log-at-trx-commit=1",
      ...options,
    ],
    url: `mysql://evtstore:evtstore@127.0.0.1:${port}/evtstore`,
    stopSignal: "SIGTERM",
    user,
  };
}
